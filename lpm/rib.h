// The routes of one table, as the writer needs them: 8 bytes each for IPv4, 24 for IPv6.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "lpm/bits.h"
#include "lpm/entry.h"

namespace bgw::lpm {

// One slot of the hash table. The default route (length 0) is not kept here, so a used slot's
// length is never 0.
template <typename Address>
struct RibSlot;
template <>
struct RibSlot<Ipv4Address> {
  std::uint32_t address = 0;
  std::uint32_t length_and_value = 0;
  Ipv4Address get_address() const { return address; }
  void set_address(Ipv4Address to) { address = to; }
};
template <>
struct RibSlot<Ipv6Address> {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::uint32_t length_and_value = 0;
  Ipv6Address get_address() const { return Ipv6Address{high} << 64 | low; }
  void set_address(Ipv6Address to) {
    high = static_cast<std::uint64_t>(to >> 64);
    low = static_cast<std::uint64_t>(to);
  }
};

// A hash table with linear probing. The hash is seeded per process: routes may come from tenants
// and peers, who must not be able to pick prefixes that collide.
template <typename Address>
class Rib {
 public:
  std::size_t size() const noexcept { return size_; }
  std::size_t bytes() const noexcept { return slots_.capacity() * sizeof(Slot); }

  // After this, `count` routes fit without allocating. Throws std::bad_alloc; nothing has changed
  // then.
  void reserve(std::size_t count);

  std::optional<Value> find(Address address, unsigned length) const noexcept;
  // There must be room for one more.
  void assign(Address address, unsigned length, Value value) noexcept;
  // The route must exist.
  void erase(Address address, unsigned length) noexcept;

  // The entry of the longest route shorter than `length` that covers `address`, or no_entry.
  Entry parent(Address address, unsigned length) const noexcept;

  // In no particular order, and one place more.
  std::vector<Route<Address>> routes() const;

 private:
  using Slot = RibSlot<Address>;

  static bool is_free(const Slot& slot) noexcept { return slot.length_and_value == 0; }
  static unsigned length_of(const Slot& slot) noexcept {
    return slot.length_and_value >> value_bits;
  }
  static Value value_of(const Slot& slot) noexcept {
    return slot.length_and_value & ((1u << value_bits) - 1);
  }

  std::size_t home(Address address, unsigned length) const noexcept;
  // Where the route is, or the free slot where it would go.
  std::size_t position(Address address, unsigned length) const noexcept;
  std::size_t next(std::size_t position) const noexcept {
    return position + 1 == slots_.size() ? 0 : position + 1;
  }
  std::size_t distance(std::size_t from, std::size_t to) const noexcept {
    return to >= from ? to - from : to + slots_.size() - from;
  }
  void rehash(std::size_t capacity);

  std::vector<Slot> slots_;  // at most three quarters full
  std::size_t size_ = 0;
  std::array<std::uint32_t, address_bits<Address> + 1> per_length_{};  // routes of each length
};

}  // namespace bgw::lpm
