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

// The run that holds each slot: of `place` its last bits.
BGW_AVX512 inline __m512i runs_of(const Nodes& nodes, __m512i place) {
  const __m512i before = _mm512_andnot_si512(place, _mm512_set1_epi32(node_slots - 1));
  const __m512i begun = _mm512_popcnt_epi32(_mm512_sllv_epi32(nodes.map, before));
  return _mm512_add_epi32(nodes.first, begun);
}

// Where 16 addresses enter their tables.
struct Entrances {
  __m512i root;
  __m512i node;  // counted from the root
  __m512i slot;  // its last bits: in the node
  __mmask16 inside, direct;

  // Where plain entries are the first stage: of the one for each address.
  BGW_AVX512 __m512i index() const {
    const __m512i entries = _mm512_add_epi32(_mm512_slli_epi32(root, unit_entries_bits),
                                             _mm512_slli_epi32(node, node_bits));
    const __m512i in_node = _mm512_and_si512(slot, _mm512_set1_epi32(node_slots - 1));
    return _mm512_maskz_add_epi32(inside, entries, in_node);
  }
};

// 16 addresses on their way through the stages. A stage is two steps: the node of each, then the
// entry.
template <bool may_skip>
struct Walk {
  __m512i word;  // the next address bits, the first one on top
  __m512i rest;  // how many of them there are
  __m512i entry;
  __m512i fallback;
  __mmask16 further;    // those whose entry leads on
  __mmask16 stuck = 0;  // of them, those that need more bits than there are in their word

  BGW_AVX512 void enter_first_stage(const std::uint32_t* base, const Entrances& at) {
    if (at.direct == 0xffff) {
      has_runs_ = at.direct;
      run_ = at.index();
      first_ = _mm512_setzero_si512();
      return;
    }
    const Nodes nodes = load_nodes(base, _mm512_maskz_add_epi32(at.inside, at.root, at.node));
    has_runs_ = _kor_mask16(_mm512_test_epi32_mask(nodes.map, nodes.map), at.direct);
    run_ = runs_of(nodes, at.slot);
    if (at.direct != 0) run_ = _mm512_mask_mov_epi32(run_, at.direct, at.index());
    first_ = nodes.first;
  }

  BGW_AVX512 void leave_first_stage(const std::uint32_t* base, Value* values) {
    entry = load_entries(base);
    _mm512_storeu_si512(values, values_of(entry, fallback));
    further = _mm512_movepi32_mask(entry);
  }

  // What the entries of `further` lead to.
  BGW_AVX512 void enter(const std::uint32_t* base) {
    const __m512i unit = _mm512_maskz_and_epi32(further, entry, _mm512_set1_epi32(unit_mask));
    const __m512i kind = _mm512_srli_epi32(entry, unit_index_bits);  // and leads_on_bit
    const __m512i skip = _mm512_set1_epi32(leads_on_bit | skip_kind);
    const __mmask16 skips = may_skip ? _mm512_mask_cmpeq_epi32_mask(further, kind, skip) : 0;
    const __mmask16 groups = _kandn_mask16(skips, further);
    __m512i used = _mm512_add_epi32(kind, _mm512_set1_epi32(node_bits - leads_on_bit));
    const __m512i place =
        _mm512_srlv_epi32(word, _mm512_sub_epi32(_mm512_set1_epi32(skip_bits_max), used));
    const Nodes nodes = load_nodes(
        base, _mm512_mask_add_epi32(unit, groups, unit, _mm512_srli_epi32(place, node_bits)));
    has_runs_ = _mm512_test_epi32_mask(nodes.map, nodes.map);
    run_ = runs_of(nodes, place);
    first_ = nodes.first;
    if (may_skip) {
      // A skip has its bits and its mask where a node has its map and its first run.
      const __mmask16 misses =
          _mm512_test_epi32_mask(_mm512_xor_si512(word, nodes.map), nodes.first);
      const __m512i end =
          _mm512_mask_mov_epi32(_mm512_set1_epi32(skip_hit), misses, _mm512_set1_epi32(skip_miss));
      has_runs_ = _kor_mask16(has_runs_, skips);
      run_ = _mm512_mask_add_epi32(run_, skips, _mm512_slli_epi32(unit, unit_entries_bits), end);
      used = _mm512_mask_popcnt_epi32(used, skips, nodes.first);
    }
    passing_ = _mm512_mask_cmple_epu32_mask(further, used, rest);
    if (may_skip) stuck = _kor_mask16(stuck, _kandn_mask16(passing_, further));
    rest = _mm512_mask_sub_epi32(rest, passing_, rest, used);
    word = _mm512_sllv_epi32(word, used);
  }

  // After enter().
  BGW_AVX512 void leave(const std::uint32_t* base, Value* values) {
    const __m512i found = load_entries(base);
    _mm512_mask_storeu_epi32(values, passing_, values_of(found, fallback));
    entry = _mm512_mask_mov_epi32(entry, passing_, found);
    further = _mm512_mask_test_epi32_mask(passing_, found, _mm512_set1_epi32(1 << 31));
  }

 private:
  // Between the two steps of a stage: what the nodes said.
  __m512i first_, run_;
  __mmask16 has_runs_, passing_;

  BGW_AVX512 __m512i load_entries(const std::uint32_t* base) const {
    return _mm512_mask_i32gather_epi32(first_, has_runs_, run_, base, 4);
  }
};

// All addresses of a chunk. Each step is done for all before the next, so that its cache misses
// overlap. What one vector does next depends on nothing of the others: masks stay apart, and are
// put together only to see whether to go on, which the CPU foresees.
//
// Unrolled steps keep everything in registers, in four times the code.
template <std::size_t vectors, bool may_skip, bool unrolled>
struct Walks {
  Walk<may_skip> of[vectors];

  // step(walk, number of its vector, arguments …) for each.
  template <auto step, typename... Arguments>
  BGW_AVX512 void each(Arguments... arguments) {
    if constexpr (unrolled) {
#pragma GCC unroll 4
      for (std::size_t v = 0; v < vectors; ++v) step(of[v], v, arguments...);
    } else {
#pragma GCC unroll 1
      for (std::size_t v = 0; v < vectors; ++v) step(of[v], v, arguments...);
    }
  }

  BGW_AVX512 std::uint64_t further() const {
    std::uint64_t all = 0;
#pragma GCC unroll 4
    for (std::size_t v = 0; v < vectors; ++v) all |= std::uint64_t{of[v].further} << (v * lanes);
    return all;
  }

  BGW_AVX512 void leave_first_stage(const std::uint32_t* base, Value* values) {
    each<&first_stage_end>(base, values);
  }
  // One group or skip more for each that has come to another.
  BGW_AVX512 void pass(const std::uint32_t* base, Value* values) {
    each<&stage_begin>(base);
    each<&stage_end>(base, values);
  }
  BGW_AVX512 void take_up_stuck() {
    each<&no_longer_stuck>();
  }
  BGW_AVX512 void store(Entry* entries, std::uint32_t* rests) {
    each<&stored>(entries, rests);
  }

 private:
  using One = Walk<may_skip>;

  BGW_AVX512 static void first_stage_end(One& walk, std::size_t v, const std::uint32_t* base,
                                         Value* values) {
    walk.leave_first_stage(base, values + v * lanes);
  }
  BGW_AVX512 static void stage_begin(One& walk, std::size_t, const std::uint32_t* base) {
    walk.enter(base);
  }
  BGW_AVX512 static void stage_end(One& walk, std::size_t v, const std::uint32_t* base,
                                   Value* values) {
    walk.leave(base, values + v * lanes);
  }
  BGW_AVX512 static void no_longer_stuck(One& walk, std::size_t) {
    walk.further = _kor_mask16(walk.further, walk.stuck);
    walk.stuck = 0;
  }
  BGW_AVX512 static void stored(One& walk, std::size_t v, Entry* entries, std::uint32_t* rests) {
    _mm512_store_si512(entries + v * lanes, walk.entry);
    _mm512_store_si512(rests + v * lanes, walk.rest);
  }
};

// Where each address may have its own table what is read is seldom in the caches near the core, and
// what comes from memory drives out the code: the less of that the better.
template <typename Tables>
inline constexpr bool worth_unrolling = true;
template <typename Address>
inline constexpr bool worth_unrolling<ManyTables<Address>> = false;

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
