// IPv6 headers and address classes as the slow path needs them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "config/model.h"
#include "control/packets/bytes.h"
#include "dataplane/published/ipv6_address.h"
#include "dataplane/published/ipv6_chain.h"
#include "dataplane/published/ipv6_headers.h"
#include "dataplane/published/types.h"

namespace bgw::control {

inline constexpr std::size_t ipv6_header_bytes = 40;
inline constexpr std::size_t ipv6_least_mtu = 1280;  // RFC 8200 §5
inline constexpr std::uint8_t next_header_fragment = 44;
inline constexpr std::uint8_t next_header_icmp = 58;
inline constexpr std::uint8_t next_header_none = 59;

inline constexpr dataplane::MappedAddress ipv6_unspecified = dataplane::MappedAddress::v6(0, 0);
inline constexpr dataplane::MappedAddress ipv6_all_nodes =
    dataplane::MappedAddress::v6(0xff02ull << 48, 1);

// By its first byte; what is empty isn't.
inline bool is_ipv6(Bytes packet) {
  return !packet.empty() && packet[0] >> 4 == 6;
}
// One host's: neither unspecified, loopback, multicast nor mapped from IPv4.
constexpr bool is_unicast_v6(const dataplane::MappedAddress& address) {
  return !dataplane::is_multicast_v6(address) && !address.is_v4() &&
         (address.hi != 0 || address.lo > 1);
}
// RFC 4291 §2.7.1.
constexpr dataplane::MappedAddress solicited_node(const dataplane::MappedAddress& address) {
  return dataplane::MappedAddress::v6(0xff02ull << 48, 0x1ff000000ull | (address.lo & 0xffffff));
}

// RFC 8200 §3.
struct Ipv6Header {
  std::uint8_t traffic_class = 0;
  std::size_t payload_bytes = 0;  // what follows these 40 bytes
  std::uint8_t next_header = 0;
  std::uint8_t hop_limit = 64;
  dataplane::MappedAddress source;
  dataplane::MappedAddress destination;

  std::size_t total_bytes() const { return ipv6_header_bytes + payload_bytes; }
};

// Nothing when the header doesn't fit into `bytes` or isn't IPv6's. What follows it may be cut
// short, as in the quotation of an ICMP error.
std::optional<Ipv6Header> parse_ipv6_header(Bytes bytes);
// The same for a packet that must be there as a whole. What follows it (padding) is ignored.
std::optional<Ipv6Header> parse_ipv6_packet(Bytes bytes);
// Writes 40 bytes with flow label 0; `bytes` must have room.
void write_ipv6_header(MutableBytes bytes, const Ipv6Header& header);

// What the extension headers of a packet lead to; nothing when one is cut short or there are too
// many. Of a later fragment it is what the fragments together start with. `packet` may be cut
// short.
std::optional<dataplane::Ipv6Upper> find_upper_layer(Bytes packet);
// What of them the gateway, for which the packet is, has to discard it for; nothing when it isn't
// all there, which is for others to find.
std::optional<dataplane::Ipv6HeaderProblem> find_header_problem(Bytes packet);
// One of several: an atomic one is whole (RFC 6946).
inline bool is_one_of_several(const dataplane::Ipv6Upper& upper) {
  return upper.fragment_offset != 0 || upper.more_fragments;
}

// Of an ICMPv6 message between the two (RFC 4443 §2.3); 0 over one that holds its correct checksum.
std::uint16_t icmp6_checksum(const dataplane::MappedAddress& source,
                             const dataplane::MappedAddress& destination, Bytes message);

// RFC 2464 §7.
dataplane::Mac multicast_mac(const dataplane::MappedAddress& group);
// The Subnet-Router anycast address of the interface's prefix (RFC 4291 §2.6.1), which a /127 or
// /128 doesn't have (RFC 6164 §5).
bool is_anycast_of(const config::InterfaceAddress& interface,
                   const dataplane::MappedAddress& address);
// The prefix contains the address as a host's: not its Subnet-Router anycast address.
bool is_ipv6_host_in(const config::InterfaceAddress& interface,
                     const dataplane::MappedAddress& address);

}  // namespace bgw::control
