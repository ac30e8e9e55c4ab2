// What both families' vector lookups are made of. Only for lookup_avx512_*.cpp.
//
// Functions carry the instruction sets they use, so that the rest of the program runs on any
// x86-64. No lambdas in them: GCC 12 compiles those for the plain CPU. Numbers of vectors are known
// to the compiler, which unrolls the loops over them: that is worth a third of the time.
#pragma once

#include "lpm/lookup_vector.h"

#ifdef BGW_LPM_AVX512

#ifndef __clang__  // GCC 12 takes the intrinsics' own "any value will do" for an oversight
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>
#ifndef __clang__
#pragma GCC diagnostic pop
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "lpm/entry.h"
#include "lpm/lookup_scalar.h"

#define BGW_AVX512 [[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,avx512vpopcntdq,popcnt")]]

namespace bgw::lpm {

inline constexpr std::size_t lanes = 16;
inline constexpr std::size_t vectors_max = chunk_size / lanes;
// Fewer that go on do so without vectors.
inline constexpr int worth_vectors = 8;
inline constexpr int value_mask = (1 << value_bits) - 1;
inline constexpr int unit_mask = (1 << unit_index_bits) - 1;

struct Nodes {
  __m512i map;
  __m512i first;
};

// Of an aligned 8-byte element a gather loads all or nothing of a store, as CPUs with AVX-512 do.
// Gathers merge into what their register held: zeros, or they would wait for the gather before.
BGW_AVX512 inline Nodes load_nodes(const std::uint32_t* base, __m512i unit) {
  const __m512i zero = _mm512_setzero_si512();
  const __m512i low =
      _mm512_mask_i32gather_epi64(zero, 0xff, _mm512_castsi512_si256(unit), base, unit_bytes);
  const __m512i high =
      _mm512_mask_i32gather_epi64(zero, 0xff, _mm512_extracti64x4_epi64(unit, 1), base, unit_bytes);
  const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const __m512i odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
  return {_mm512_permutex2var_epi32(low, even, high), _mm512_permutex2var_epi32(low, odd, high)};
}

BGW_AVX512 inline __m512i values_of(__m512i entry, __m512i fallback) {
  const __m512i minus_one = _mm512_sub_epi32(entry, _mm512_set1_epi32(1));
  const __m512i value = _mm512_and_si512(minus_one, _mm512_set1_epi32(value_mask));
  return _mm512_mask_mov_epi32(value, _mm512_testn_epi32_mask(entry, entry), fallback);
}

// The run that holds each slot.
BGW_AVX512 inline __m512i runs_of(const Nodes& nodes, __m512i slot) {
  const __m512i before = _mm512_andnot_si512(slot, _mm512_set1_epi32(node_slots - 1));
  const __m512i begun = _mm512_popcnt_epi32(_mm512_sllv_epi32(nodes.map, before));
  return _mm512_add_epi32(nodes.first, begun);
}

// Where 16 addresses enter their tables.
struct Entrances {
  __m512i root;
  __m512i node;  // counted from the root
  __m512i slot;  // in the node
  __mmask16 inside, direct;

  // Where plain entries are the first stage: of the one for each address.
  BGW_AVX512 __m512i index() const {
    const __m512i entries = _mm512_add_epi32(_mm512_slli_epi32(root, unit_entries_bits),
                                             _mm512_slli_epi32(node, node_bits));
    return _mm512_maskz_add_epi32(inside, entries, slot);
  }
};

// Addresses on their way through the stages, as arrays of vectors. A stage is two steps, each done
// for all before the next so that its cache misses overlap: the node of each, then the entry.
template <std::size_t vectors, bool may_skip>
struct Way {
  alignas(64) std::uint32_t word[vectors * lanes];  // the next address bits, the first one on top
  alignas(64) std::uint32_t rest[vectors * lanes];  // how many of them there are
  alignas(64) std::uint32_t fallback[vectors * lanes];
  alignas(64) Entry entry[vectors * lanes];
  alignas(64) std::uint32_t first[vectors * lanes];
  alignas(64) std::uint32_t run[vectors * lanes];
  __mmask16 has_runs[vectors];
  std::uint64_t stuck = 0;  // those that need more bits than there are in their word

  BGW_AVX512 void enter_first_stage(const std::uint32_t* base, std::size_t v, const Entrances& at) {
    if (at.direct == 0xffff) {
      has_runs[v] = at.direct;
      _mm512_store_si512(run + v * lanes, at.index());
      return;
    }
    const Nodes nodes = load_nodes(base, _mm512_maskz_add_epi32(at.inside, at.root, at.node));
    has_runs[v] = static_cast<__mmask16>(_mm512_test_epi32_mask(nodes.map, nodes.map) | at.direct);
    __m512i runs = runs_of(nodes, at.slot);
    if (at.direct != 0) runs = _mm512_mask_mov_epi32(runs, at.direct, at.index());
    _mm512_store_si512(first + v * lanes, nodes.first);
    _mm512_store_si512(run + v * lanes, runs);
  }

  BGW_AVX512 __m512i load_entries(const std::uint32_t* base, std::size_t v) const {
    return _mm512_mask_i32gather_epi32(_mm512_load_si512(first + v * lanes), has_runs[v],
                                       _mm512_load_si512(run + v * lanes), base, 4);
  }

  // After enter_first_stage() for all vectors: which have come to an entry that leads on.
  BGW_AVX512 std::uint64_t leave_first_stage(const std::uint32_t* base, Value* values) {
    std::uint64_t further = 0;
#pragma GCC unroll 4
    for (std::size_t v = 0; v < vectors; ++v) {
      const __m512i found = load_entries(base, v);
      const __m512i none = _mm512_load_si512(fallback + v * lanes);
      _mm512_storeu_si512(values + v * lanes, values_of(found, none));
      _mm512_store_si512(entry + v * lanes, found);
      further |= std::uint64_t{_mm512_movepi32_mask(found)} << (v * lanes);
    }
    return further;
  }

  // What the entries of one vector lead to, of those in `among`; returns which of these have bits
  // enough.
  BGW_AVX512 __mmask16 enter(const std::uint32_t* base, std::size_t v, __mmask16 among) {
    const __m512i at = _mm512_load_si512(entry + v * lanes);
    const __m512i next = _mm512_load_si512(word + v * lanes);
    const __m512i known = _mm512_load_si512(rest + v * lanes);
    const __m512i unit = _mm512_maskz_and_epi32(among, at, _mm512_set1_epi32(unit_mask));
    const __m512i kind =
        _mm512_and_si512(_mm512_srli_epi32(at, unit_index_bits), _mm512_set1_epi32(3));
    const __mmask16 skips =
        may_skip ? _mm512_mask_cmpeq_epi32_mask(among, kind, _mm512_set1_epi32(skip_kind)) : 0;
    __m512i used = _mm512_add_epi32(kind, _mm512_set1_epi32(node_bits));
    const __m512i place =
        _mm512_srlv_epi32(next, _mm512_sub_epi32(_mm512_set1_epi32(skip_bits_max), used));
    const Nodes nodes =
        load_nodes(base, _mm512_mask_add_epi32(unit, static_cast<__mmask16>(among & ~skips), unit,
                                               _mm512_srli_epi32(place, node_bits)));
    has_runs[v] = _mm512_test_epi32_mask(nodes.map, nodes.map);
    __m512i runs = runs_of(nodes, _mm512_and_si512(place, _mm512_set1_epi32(node_slots - 1)));
    if (may_skip) {
      // A skip has its bits and its mask where a node has its map and its first run.
      const __m512i hit =
          _mm512_add_epi32(_mm512_slli_epi32(unit, unit_entries_bits), _mm512_set1_epi32(skip_hit));
      const __mmask16 misses =
          _mm512_test_epi32_mask(_mm512_xor_si512(next, nodes.map), nodes.first);
      const __m512i found = _mm512_mask_add_epi32(hit, misses, hit, _mm512_set1_epi32(1));
      has_runs[v] = static_cast<__mmask16>(has_runs[v] | skips);
      runs = _mm512_mask_mov_epi32(runs, skips, found);
      used = _mm512_mask_popcnt_epi32(used, skips, nodes.first);
    }
    const __mmask16 passing = _mm512_mask_cmple_epu32_mask(among, used, known);
    _mm512_store_si512(first + v * lanes, nodes.first);
    _mm512_store_si512(run + v * lanes, runs);
    // Whole vectors: the next step could not read masked stores back before they are done.
    _mm512_store_si512(rest + v * lanes, _mm512_mask_sub_epi32(known, passing, known, used));
    _mm512_store_si512(word + v * lanes, _mm512_mask_sllv_epi32(next, passing, next, used));
    return passing;
  }

  // One group or skip more for each of `further`, which stay whole: the ones that have come to
  // another.
  BGW_AVX512 std::uint64_t pass(const std::uint32_t* base, Value* values, std::uint64_t further) {
    std::uint64_t passing = 0;
#pragma GCC unroll 4
    for (std::size_t v = 0; v < vectors; ++v) {
      const auto among = static_cast<__mmask16>(further >> (v * lanes));
      passing |= std::uint64_t{enter(base, v, among)} << (v * lanes);
    }
    stuck |= further & ~passing;
    further = 0;
#pragma GCC unroll 4
    for (std::size_t v = 0; v < vectors; ++v) {
      const auto among = static_cast<__mmask16>(passing >> (v * lanes));
      const __m512i found = load_entries(base, v);
      const __m512i none = _mm512_load_si512(fallback + v * lanes);
      _mm512_mask_storeu_epi32(values + v * lanes, among, values_of(found, none));
      const __m512i before = _mm512_load_si512(entry + v * lanes);
      _mm512_store_si512(entry + v * lanes, _mm512_mask_mov_epi32(before, among, found));
      const auto more = static_cast<__mmask16>(_mm512_movepi32_mask(found) & among);
      further |= std::uint64_t{more} << (v * lanes);
    }
    return further;
  }
};

// `look_up` is a family's: exactly `vectors` times 16 addresses. All addresses, the last of them as
// often as it takes to fill a vector.
template <typename Family, typename Address, typename Tables>
void look_up_all(const std::uint32_t* base, Tables tables, const Address* addresses, Value* values,
                 std::size_t count) {
  for (; count >= chunk_size; count -= chunk_size) {
    Family::template look_up<vectors_max>(base, tables, addresses, values);
    tables = tables.from(chunk_size);
    addresses += chunk_size;
    values += chunk_size;
  }
  if (count == 0) return;
  const std::size_t vectors = (count + lanes - 1) / lanes;
  Address padded[chunk_size];
  std::uint32_t index[chunk_size];
  Value found[chunk_size];
  for (std::size_t i = 0; i < vectors * lanes; ++i) {
    padded[i] = addresses[std::min(i, count - 1)];
    index[i] = tables.index_of(std::min(i, count - 1));
  }
  tables = tables.with_index(index);
  static_assert(vectors_max == 4);
  if (vectors == 1) Family::template look_up<1>(base, tables, padded, found);
  if (vectors == 2) Family::template look_up<2>(base, tables, padded, found);
  if (vectors == 3) Family::template look_up<3>(base, tables, padded, found);
  if (vectors == 4) Family::template look_up<4>(base, tables, padded, found);
  std::copy_n(found, count, values);
}

}  // namespace bgw::lpm

#endif
