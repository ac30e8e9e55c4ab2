// What both families' vector lookups are made of. Only for lookup_avx512_*.cpp.
//
// Functions carry the instruction sets they use, so that the rest of the program runs on any
// x86-64. No lambdas in them: GCC 12 compiles those for the plain CPU.
#pragma once

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
#include <utility>

#include "lpm/entry.h"
#include "lpm/lookup_vector.h"

#define BGW_AVX512 [[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,avx512vpopcntdq,popcnt")]]

namespace bgw::lpm {

inline constexpr std::size_t avx512_chunk = 64;
inline constexpr int value_mask = (1 << value_bits) - 1;
inline constexpr int group_unit_mask = (1 << unit_index_bits) - 1;

// Addresses that have come to a group. Densely packed, so that few of them take few vectors.
template <typename Bits>
struct Walking {
  alignas(64) Bits who[avx512_chunk + 16];   // position in the chunk
  alignas(64) Bits rest[avx512_chunk + 16];  // address bits that are not resolved yet
  alignas(64) Bits entry[avx512_chunk + 16];
  std::size_t count = 0;
};

}  // namespace bgw::lpm
