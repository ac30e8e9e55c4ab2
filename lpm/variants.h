// The ways to look up a batch, one of which lookup_batch() uses. For tests and benchmarks; whoever
// forwards packets calls lookup_batch().
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "lpm/lpm.h"

namespace bgw::lpm {

template <typename Address>
struct Variant {
  const char* name;              // "scalar", "avx512"
  bool (*runs_here)() noexcept;  // has this CPU what it needs?
  void (*many_tables)(const std::uint32_t* base, const TableDescriptor<Address>* tables,
                      const std::uint32_t* table_index, const Address* addresses, Value* values,
                      std::size_t count) noexcept;
  void (*one_table)(const std::uint32_t* base, const TableDescriptor<Address>& table,
                    const Address* addresses, Value* values, std::size_t count) noexcept;
};

// Slowest first: lookup_batch() takes the last one that runs here.
std::span<const Variant<Ipv4Address>> ipv4_variants() noexcept;
std::span<const Variant<Ipv6Address>> ipv6_variants() noexcept;

}  // namespace bgw::lpm
