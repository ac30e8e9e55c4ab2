// Tells AddressSanitizer which parts of the arena nobody may touch. Nothing in other builds.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lpm/entry.h"

#if defined(__SANITIZE_ADDRESS__)
#define BGW_LPM_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BGW_LPM_ASAN 1
#endif
#endif

#ifdef BGW_LPM_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace bgw::lpm {

#ifdef BGW_LPM_ASAN
inline void poison(const void* begin, std::size_t bytes) {
  __asan_poison_memory_region(begin, bytes);
}
inline void unpoison(const void* begin, std::size_t bytes) {
  __asan_unpoison_memory_region(begin, bytes);
}
#else
inline void poison(const void*, std::size_t) {}
inline void unpoison(const void*, std::size_t) {}
#endif

inline void poison_units(const std::uint32_t* base, std::uint32_t unit, std::uint32_t count) {
  poison(base + std::size_t{unit} * unit_entries, count * unit_bytes);
}
inline void unpoison_units(const std::uint32_t* base, std::uint32_t unit, std::uint32_t count) {
  unpoison(base + std::size_t{unit} * unit_entries, count * unit_bytes);
}

}  // namespace bgw::lpm
