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
inline constexpr int value_mask = (1 << value_bits) - 1;
inline constexpr int group_unit_mask = (1 << unit_index_bits) - 1;

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

// Addresses on their way through the stages, as arrays of vectors. A stage is two steps, each done
// for all before the next so that its cache misses overlap: the node of each, then the entry.
template <std::size_t vectors>
struct Way {
  alignas(64) std::uint32_t word[vectors * lanes];  // the address bits that are still to come
  alignas(64) std::uint32_t rest[vectors * lanes];  // how many of them, below those resolved
  alignas(64) std::uint32_t fallback[vectors * lanes];
  alignas(64) Entry entry[vectors * lanes];
  alignas(64) std::uint32_t first[vectors * lanes];
  alignas(64) std::uint32_t run[vectors * lanes];
  __mmask16 has_runs[vectors];

  BGW_AVX512 void enter_nodes(const std::uint32_t* base, std::size_t v, __m512i unit,
                              __m512i slot) {
    const Nodes nodes = load_nodes(base, unit);
    const __m512i last = _mm512_set1_epi32(node_slots - 1);
    const __m512i before = _mm512_andnot_si512(slot, last);
    const __m512i begun = _mm512_popcnt_epi32(_mm512_sllv_epi32(nodes.map, before));
    has_runs[v] = _mm512_test_epi32_mask(nodes.map, nodes.map);
    _mm512_store_si512(first + v * lanes, nodes.first);
    _mm512_store_si512(run + v * lanes, _mm512_add_epi32(nodes.first, begun));
  }

  BGW_AVX512 __m512i load_entries(const std::uint32_t* base, std::size_t v) const {
    return _mm512_mask_i32gather_epi32(_mm512_load_si512(first + v * lanes), has_runs[v],
                                       _mm512_load_si512(run + v * lanes), base, 4);
  }

  // After enter_nodes() for all vectors of the first stage: which have come to a group.
  BGW_AVX512 std::uint64_t leave_first_stage(const std::uint32_t* base, Value* values) {
    std::uint64_t groups = 0;
#pragma GCC unroll 4
    for (std::size_t v = 0; v < vectors; ++v) {
      const __m512i found = load_entries(base, v);
      const __m512i none = _mm512_load_si512(fallback + v * lanes);
      _mm512_storeu_si512(values + v * lanes, values_of(found, none));
      _mm512_store_si512(entry + v * lanes, found);
      groups |= std::uint64_t{_mm512_movepi32_mask(found)} << (v * lanes);
    }
    return groups;
  }

  // One group more for those of `groups`, which stay whole: the ones that have come to another.
  BGW_AVX512 std::uint64_t pass_group(const std::uint32_t* base, Value* values,
                                      std::uint64_t groups) {
    const __m512i ones = _mm512_set1_epi32(-1);
#pragma GCC unroll 4
    for (std::size_t v = 0; v < vectors; ++v) {
      const auto among = static_cast<__mmask16>(groups >> (v * lanes));
      const __m512i group = _mm512_load_si512(entry + v * lanes);
      const __m512i wider = _mm512_and_si512(_mm512_srli_epi32(group, unit_index_bits),
                                             _mm512_set1_epi32(stride_bits - node_bits));
      const __m512i width = _mm512_add_epi32(wider, _mm512_set1_epi32(node_bits));
      const __m512i left = _mm512_sub_epi32(_mm512_load_si512(rest + v * lanes), width);
      _mm512_store_si512(rest + v * lanes, left);
      const __m512i place =
          _mm512_andnot_si512(_mm512_sllv_epi32(ones, width),
                              _mm512_srlv_epi32(_mm512_load_si512(word + v * lanes), left));
      const __m512i unit = _mm512_and_si512(group, _mm512_set1_epi32(group_unit_mask));
      enter_nodes(base, v, _mm512_maskz_add_epi32(among, unit, _mm512_srli_epi32(place, node_bits)),
                  _mm512_and_si512(place, _mm512_set1_epi32(node_slots - 1)));
    }
    std::uint64_t further = 0;
#pragma GCC unroll 4
    for (std::size_t v = 0; v < vectors; ++v) {
      const auto among = static_cast<__mmask16>(groups >> (v * lanes));
      const __m512i found = load_entries(base, v);
      const __m512i none = _mm512_load_si512(fallback + v * lanes);
      _mm512_mask_storeu_epi32(values + v * lanes, among, values_of(found, none));
      _mm512_mask_store_epi32(entry + v * lanes, among, found);
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
