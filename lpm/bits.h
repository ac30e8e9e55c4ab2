// Parts of addresses of both families.
#pragma once

#include <cstdint>

#include "lpm/lpm.h"

namespace bgw::lpm {

// What the first stage is indexed by: the first 32 bits of an IPv4 address, the first 64 of an IPv6
// address.
template <typename Address>
using Head = typename TableDescriptor<Address>::Head;
template <typename Address>
inline constexpr unsigned head_bits = sizeof(Head<Address>) * 8;

template <typename Address>
constexpr Head<Address> head_of(Address address) {
  return static_cast<Head<Address>>(address >> (address_bits<Address> - head_bits<Address>));
}

// `count` bits from the `depth`th on, the first bit being number 0. count 1–32, depth + count ≤
// all.
template <typename Address>
constexpr std::uint32_t bits_of(Address address, unsigned depth, unsigned count) {
  return static_cast<std::uint32_t>(address >> (address_bits<Address> - depth - count)) &
         static_cast<std::uint32_t>((std::uint64_t{1} << count) - 1);
}

// The 32 bits from the `depth`th on, and zeros behind the last one. depth less than all.
template <typename Address>
constexpr std::uint32_t word_at(Address address, unsigned depth) {
  return static_cast<std::uint32_t>(static_cast<Address>(address << depth) >>
                                    (address_bits<Address> - 32));
}

template <typename Address>
constexpr Address network_mask(unsigned length) {
  constexpr Address ones = static_cast<Address>(~Address{0});
  return length == 0 ? Address{0} : static_cast<Address>(ones << (address_bits<Address> - length));
}

template <typename Address>
constexpr Address last_address(const Route<Address>& route) {
  return route.address | static_cast<Address>(~network_mask<Address>(route.length));
}

template <typename Address>
constexpr bool is_prefix(Address address, unsigned length) {
  return length <= address_bits<Address> &&
         (address & static_cast<Address>(~network_mask<Address>(length))) == 0;
}

}  // namespace bgw::lpm
