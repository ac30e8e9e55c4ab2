// Which part of the address space a table's first stage spans, and how finely.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>

#include "lpm/lpm.h"

namespace bgw::lpm {

// First-stage slots [low, low + size), each of 2^shift addresses.
struct Window {
  std::uint8_t shift = 8;
  std::uint32_t low = 0;
  std::uint32_t size = 0;

  std::uint32_t slots_in_all() const { return 1u << (32 - shift); }
  bool covers(const Ipv4Route& route) const;
  friend bool operator==(const Window&, const Window&) = default;
};

// What the choice of a window depends on: the span of the routes, and how many groups a coarse
// first stage would need. Routes of length 0 don't belong here.
class Coverage {
 public:
  void add(const Ipv4Route& route);
  bool empty() const { return first_ > last_; }
  // The exact window at that shift: 8, 16 or 24.
  Window window(unsigned shift) const;
  // The shift that takes little memory above the last stage. A finer one is one memory access less
  // per lookup and is preferred up to twice the memory.
  unsigned best_shift() const;

 private:
  std::size_t bytes(const Window& window) const;

  std::uint32_t first_ = UINT32_MAX;
  std::uint32_t last_ = 0;
  std::bitset<1 << 16> deep16_;  // /16s that hold longer routes
  std::bitset<1 << 8> deep8_;    // /8s that hold longer routes
};

// `old` enlarged to cover `route` too, at least doubled where it grows, so that a run of additions
// copies each slot only a constant number of times.
Window grown(const Window& old, const Ipv4Route& route);

// `window` stretched to `size` slots, upwards as far as there are addresses.
Window stretched(Window window, std::uint32_t size);

}  // namespace bgw::lpm
