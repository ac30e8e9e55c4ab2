// IPv6 headers and address classes as the slow path needs them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "config/model.h"
#include "control/wire.h"
#include "dataplane/types.h"

namespace bgw::control {

inline constexpr std::size_t ipv6_header_bytes = 40;
inline constexpr std::size_t ipv6_least_mtu = 1280;  // RFC 8200 §5
inline constexpr std::uint8_t next_header_hop_by_hop = 0;
inline constexpr std::uint8_t next_header_routing = 43;
inline constexpr std::uint8_t next_header_fragment = 44;
inline constexpr std::uint8_t next_header_authentication = 51;
inline constexpr std::uint8_t next_header_icmp = 58;
inline constexpr std::uint8_t next_header_destination_options = 60;

inline constexpr dataplane::Address ipv6_unspecified = dataplane::Address::v6(0, 0);
inline constexpr dataplane::Address ipv6_all_nodes = dataplane::Address::v6(0xff02ull << 48, 1);
inline constexpr dataplane::Address ipv6_all_routers = dataplane::Address::v6(0xff02ull << 48, 2);

constexpr bool is_multicast_v6(const dataplane::Address& address) {
  return address.hi >> 56 == 0xff;
}
// Of fe80::/64, which is what RFC 4291 §2.5.6 makes of fe80::/10.
constexpr bool is_link_local(const dataplane::Address& address) {
  return address.hi == 0xfe80ull << 48;
}
// One host's: neither unspecified, loopback, multicast nor mapped from IPv4.
constexpr bool is_unicast_v6(const dataplane::Address& address) {
  return !is_multicast_v6(address) && !address.is_v4() && (address.hi != 0 || address.lo > 1);
}
// RFC 4291 §2.7.1.
constexpr dataplane::Address solicited_node(const dataplane::Address& address) {
  return dataplane::Address::v6(0xff02ull << 48, 0x1ff000000ull | (address.lo & 0xffffff));
}
// RFC 2464 §7.
dataplane::Mac multicast_mac(const dataplane::Address& group);
// RFC 4862 §5.3 and RFC 2464 §4: fe80::/64 and the modified EUI-64.
dataplane::Address link_local_address(const dataplane::Mac& mac);
// The prefix contains the address as a host's: not its Subnet-Router anycast address (RFC 4291
// §2.6.1), which a /127 or /128 doesn't have (RFC 6164 §5).
bool is_ipv6_host_in(const config::InterfaceAddress& interface, const dataplane::Address& address);

}  // namespace bgw::control
