// An address as the configuration has it, as the data plane has it and as it is on the wire; and
// the MAC in a link.
#pragma once

#include <algorithm>
#include <string>

#include "config/ip.h"
#include "control/packets/bytes.h"
#include "dataplane/published/neighbour_table.h"
#include "dataplane/published/types.h"

namespace bgw::control {

constexpr dataplane::MappedAddress to_address(const config::IpAddress& address) {
  return address.is_v4() ? dataplane::MappedAddress::v4(address.v4_host_order())
                         : dataplane::MappedAddress::v6(address.hi, address.lo);
}
constexpr config::IpAddress to_config(const dataplane::MappedAddress& address) {
  return address.is_v4() ? config::IpAddress::v4(address.as_v4())
                         : config::IpAddress::v6(address.hi, address.lo);
}

// 16 bytes of IPv6. One that is mapped from IPv4 would read as the IPv4 address: callers refuse
// these (is_unicast_v6() does).
inline dataplane::MappedAddress load_ipv6(Bytes bytes, std::size_t at) {
  return dataplane::MappedAddress::v6(
      std::uint64_t{load32(bytes, at)} << 32 | load32(bytes, at + 4),
      std::uint64_t{load32(bytes, at + 8)} << 32 | load32(bytes, at + 12));
}
inline void store_ipv6(MutableBytes bytes, std::size_t at,
                       const dataplane::MappedAddress& address) {
  store32(bytes, at, static_cast<std::uint32_t>(address.hi >> 32));
  store32(bytes, at + 4, static_cast<std::uint32_t>(address.hi));
  store32(bytes, at + 8, static_cast<std::uint32_t>(address.lo >> 32));
  store32(bytes, at + 12, static_cast<std::uint32_t>(address.lo));
}

inline dataplane::Mac load_mac(Bytes bytes, std::size_t at) {
  dataplane::Mac mac;
  std::ranges::copy(bytes.subspan(at, mac.bytes.size()), mac.bytes.begin());
  return mac;
}
inline void store_mac(MutableBytes bytes, std::size_t at, const dataplane::Mac& mac) {
  std::ranges::copy(mac.bytes, bytes.subspan(at).begin());
}

// All zeros for a link that isn't known.
inline dataplane::Mac mac_of(const dataplane::Link& link) {
  dataplane::Mac mac;
  for (std::size_t i = 0; i < mac.bytes.size(); ++i) {
    mac.bytes[i] = static_cast<std::uint8_t>(link.mac_bits() >> (8 * i));
  }
  return mac;
}

}  // namespace bgw::control
