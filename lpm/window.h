// Which part of the address space a table's first stage spans, and how finely.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "lpm/bits.h"
#include "lpm/entry.h"
#include "lpm/lookup.h"

namespace bgw::lpm {

// Address bits that the finest first stage tells apart.
template <typename Address>
inline constexpr unsigned finest_stage = std::is_same_v<Address, Ipv4Address> ? 24 : 64;

// First-stage nodes [low, low + size), each of 32 slots that `resolved` address bits tell apart.
template <typename Address>
struct Window {
  unsigned resolved = finest_stage<Address>;  // a multiple of 8
  Head<Address> low = 0;
  std::uint32_t size = 0;

  // Plain entries, 128 bytes a node: one memory access instead of two where that costs little.
  bool is_direct() const { return size <= direct_size_max; }
  std::uint32_t units_per_node() const { return is_direct() ? node_slots / unit_entries : 1; }
  unsigned shift() const { return head_bits<Address> - resolved; }
  Head<Address> node_of(Address address) const { return head_of(address) >> (shift() + node_bits); }
  bool covers(const Route<Address>& route) const {
    return node_of(route.address) - low < size && node_of(last_address(route)) - low < size;
  }
  friend bool operator==(const Window&, const Window&) = default;
};

// The window for a set of routes, of which those of length 0 don't count. The finest first stage
// costs the fewest memory accesses per lookup; it is taken as far as it doesn't cost twice the
// memory of the most frugal one, or little for so many routes.
template <typename Address>
Window<Address> window_for(std::vector<Route<Address>> routes);

// `old` enlarged to cover `route` too, at least doubled where it grows, so that a run of additions
// copies each node only a constant number of times.
template <typename Address>
Window<Address> grown(const Window<Address>& old, const Route<Address>& route);

// `window` stretched to `size` nodes, upwards as far as there are addresses.
template <typename Address>
Window<Address> stretched(Window<Address> window, std::uint32_t size);

}  // namespace bgw::lpm
