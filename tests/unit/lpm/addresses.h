// Addresses and routes of both families as tests write them.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "lpm/lpm.h"

namespace bgw::lpm::test {

template <typename Address>
inline constexpr bool is_ipv4 = std::is_same_v<Address, Ipv4Address>;

template <typename Address>
constexpr Address mask_of(unsigned length) {
  return length == 0 ? 0 : ~Address{0} << (address_bits<Address> - length);
}

// Host bits cleared.
template <typename Address>
constexpr Route<Address> route(std::type_identity_t<Address> address, unsigned length,
                               Value value) {
  return {address & mask_of<Address>(length), static_cast<std::uint8_t>(length), value};
}

constexpr Ipv4Address ip(unsigned a, unsigned b, unsigned c, unsigned d) {
  return a << 24 | b << 16 | c << 8 | d;
}
// From the first and the last 64 bits.
constexpr Ipv6Address ip6(std::uint64_t first, std::uint64_t last = 0) {
  return Ipv6Address{first} << 64 | last;
}

// Cases written in IPv4 prefixes hold for IPv6 too, where a.b.c.d/n stands for
// 2001:db8:aabb:ccdd::/(32 + n): the last of the bits that a first stage may resolve.
template <typename Address>
inline constexpr unsigned place_bits = is_ipv4<Address> ? 0 : 32;

template <typename Address>
constexpr Address place(Ipv4Address address) {
  if constexpr (is_ipv4<Address>) {
    return address;
  } else {
    return ip6(std::uint64_t{0x2001'0db8} << 32 | address);
  }
}
template <typename Address>
constexpr Address place(unsigned a, unsigned b, unsigned c, unsigned d) {
  return place<Address>(ip(a, b, c, d));
}
template <typename Address>
constexpr Route<Address> place(Ipv4Address address, unsigned length, Value value) {
  return route<Address>(place<Address>(address), place_bits<Address> + length, value);
}

// Just inside and just outside both ends of a route.
template <typename Address>
std::vector<Address> boundaries(const Route<Address>& r) {
  const Address last = r.address | ~mask_of<Address>(r.length);
  return {r.address, r.address - 1, last, last + 1, r.address + (last - r.address) / 2};
}

template <typename Address>
std::string text_of(Address address) {
  constexpr unsigned digits = address_bits<Address> / 4;
  std::string text(digits, '0');
  for (unsigned i = 0; i < digits; ++i) {
    text[digits - 1 - i] = "0123456789abcdef"[static_cast<unsigned>(address >> (4 * i)) & 15];
  }
  return text;
}

// std::mt19937 whose numbers have the type that IPv4 addresses have. One draw a statement, so that
// all compilers draw alike.
class Random {
 public:
  using result_type = std::uint32_t;
  explicit Random(result_type seed) : engine_(seed) {}
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return UINT32_MAX; }
  result_type operator()() { return static_cast<result_type>(engine_()); }

  template <typename Address>
  Address address() {
    Address address = 0;
    for (unsigned i = 0; i < sizeof(Address); i += 4) address = address << 31 << 1 | (*this)();
    return address;
  }
  Value value() { return (*this)() % (max_value + 1); }
  template <typename Address>
  Route<Address> any_route() {
    const unsigned length = (*this)() % (address_bits<Address> + 1);
    const Address where = address<Address>();
    return route<Address>(where, length, value());
  }

 private:
  std::mt19937 engine_;
};

}  // namespace bgw::lpm::test
