// The naive longest-prefix match that tables are compared with: one hash per length, asked from the
// longest on.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "tests/unit/lpm/addresses.h"

namespace bgw::lpm::test {

template <typename Address>
class Oracle {
 public:
  explicit Oracle(Value none = 0) : none_(none) {}
  Oracle(Value none, const std::vector<Route<Address>>& routes) : none_(none) {
    for (const Route<Address>& r : routes) add(r);
  }

  void add(const Route<Address>& r) {
    if (by_length_[r.length].empty()) list_length(r.length);
    size_ += by_length_[r.length].insert_or_assign(r.address, r.value).second ? 1 : 0;
  }
  bool remove(Address address, unsigned length) {
    if (by_length_[length].erase(address) == 0) return false;
    --size_;
    if (by_length_[length].empty()) std::erase(lengths_, length);
    return true;
  }

  Value lookup(Address address) const {
    for (const unsigned length : lengths_) {
      const Routes& routes = by_length_[length];
      const auto found = routes.find(address & mask_of<Address>(length));
      if (found != routes.end()) return found->second;
    }
    return none_;
  }
  bool contains(const Route<Address>& r) const { return by_length_[r.length].contains(r.address); }
  std::size_t size() const { return size_; }
  std::vector<Route<Address>> routes() const {
    std::vector<Route<Address>> all;
    all.reserve(size_);
    for (const unsigned length : lengths_) {
      for (const auto& [address, value] : by_length_[length]) {
        all.push_back(route<Address>(address, length, value));
      }
    }
    return all;
  }

 private:
  struct Hash {
    std::size_t operator()(Address address) const noexcept {
      std::uint64_t hash = static_cast<std::uint64_t>(address) * 0x9e37'79b9'7f4a'7c15;
      if constexpr (sizeof(Address) > 8) {
        hash ^= (hash >> 29) + static_cast<std::uint64_t>(address >> 64);
        hash *= 0xd6e8'feb8'6659'fd93;
      }
      return hash ^ hash >> 32;
    }
  };
  using Routes = std::unordered_map<Address, Value, Hash>;

  void list_length(unsigned length) {
    auto shorter = lengths_.begin();
    while (shorter != lengths_.end() && *shorter > length) ++shorter;
    lengths_.insert(shorter, length);
  }

  std::array<Routes, address_bits<Address> + 1> by_length_;
  std::vector<unsigned> lengths_;  // that have routes, longest first
  std::size_t size_ = 0;
  Value none_;
};

}  // namespace bgw::lpm::test
