// Batches with AVX-512, 16 addresses at a time. For x86-64 only.
#pragma once

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define BGW_LPM_TSAN 1
#endif
#elif defined(__SANITIZE_THREAD__)
#define BGW_LPM_TSAN 1
#endif

// ThreadSanitizer sees no vector loads.
#if defined(__x86_64__) && !defined(BGW_LPM_TSAN)
#define BGW_LPM_AVX512 1

#include "lpm/lpm.h"

namespace bgw::lpm {

// F, BW, DQ, VL and VPOPCNTDQ: Ice Lake and Zen 4 on.
bool has_avx512() noexcept;

void avx512_many(const std::uint32_t* base, const Ipv4Descriptor* tables,
                 const std::uint32_t* table_index, const Ipv4Address* addresses, Value* values,
                 std::size_t count) noexcept;
void avx512_one(const std::uint32_t* base, const Ipv4Descriptor& table,
                const Ipv4Address* addresses, Value* values, std::size_t count) noexcept;
void avx512_many(const std::uint32_t* base, const Ipv6Descriptor* tables,
                 const std::uint32_t* table_index, const Ipv6Address* addresses, Value* values,
                 std::size_t count) noexcept;
void avx512_one(const std::uint32_t* base, const Ipv6Descriptor& table,
                const Ipv6Address* addresses, Value* values, std::size_t count) noexcept;

}  // namespace bgw::lpm

#endif
