// The naive longest-prefix match that tables are compared with, and addresses worth asking about.
#pragma once

#include <cstdint>
#include <random>
#include <unordered_map>
#include <vector>

#include "lpm/lpm.h"

namespace bgw::lpm::test {

constexpr std::uint32_t mask_of(unsigned length) {
  return length == 0 ? 0 : ~std::uint32_t{0} << (32 - length);
}
constexpr std::uint32_t ip(unsigned a, unsigned b, unsigned c, unsigned d) {
  return a << 24 | b << 16 | c << 8 | d;
}
constexpr Ipv4Route route(std::uint32_t address, unsigned length, Value value) {
  return {address & mask_of(length), static_cast<std::uint8_t>(length), value};
}

// std::mt19937 whose numbers have the type that addresses have.
class Random {
 public:
  using result_type = std::uint32_t;
  explicit Random(result_type seed) : engine_(seed) {}
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return UINT32_MAX; }
  result_type operator()() { return static_cast<result_type>(engine_()); }

 private:
  std::mt19937 engine_;
};

class Oracle {
 public:
  explicit Oracle(Value none = 0) : none_(none) {}

  void add(const Ipv4Route& r) { routes_[key(r.address, r.length)] = r.value; }
  bool remove(std::uint32_t address, unsigned length) {
    return routes_.erase(key(address, length)) > 0;
  }
  Value lookup(std::uint32_t address) const {
    for (unsigned length = 33; length-- > 0;) {
      const auto found = routes_.find(key(address & mask_of(length), length));
      if (found != routes_.end()) return found->second;
    }
    return none_;
  }
  std::size_t size() const { return routes_.size(); }
  std::vector<Ipv4Route> routes() const {
    std::vector<Ipv4Route> all;
    for (const auto& [key, value] : routes_) {
      all.push_back(route(static_cast<std::uint32_t>(key >> 8), key & 0xff, value));
    }
    return all;
  }

 private:
  static std::uint64_t key(std::uint32_t address, unsigned length) {
    return std::uint64_t{address} << 8 | length;
  }

  std::unordered_map<std::uint64_t, Value> routes_;
  Value none_;
};

// Just inside and just outside both ends of a route.
inline std::vector<std::uint32_t> boundaries(std::uint32_t address, unsigned length) {
  const std::uint32_t last = address | ~mask_of(length);
  return {address, address - 1, last, last + 1, address + (last - address) / 2};
}

}  // namespace bgw::lpm::test
