// IPv4 headers and address classes as the slow path needs them. Addresses are host order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "config/model.h"
#include "control/packets/bytes.h"

namespace bgw::control {

inline constexpr std::size_t ipv4_min_header_bytes = 20;
inline constexpr std::uint8_t protocol_icmp = 1;
inline constexpr std::uint8_t protocol_tcp = 6;
inline constexpr std::uint8_t protocol_udp = 17;

struct Ipv4Header {
  std::size_t header_bytes = ipv4_min_header_bytes;
  std::size_t total_bytes = 0;  // header included
  std::uint8_t tos = 0;
  std::uint16_t id = 0;
  bool dont_fragment = false;
  bool more_fragments = false;
  std::size_t fragment_offset = 0;  // bytes
  std::uint8_t ttl = 64;
  std::uint8_t protocol = 0;
  std::uint32_t source = 0;
  std::uint32_t destination = 0;

  bool is_fragment() const { return more_fragments || fragment_offset != 0; }
};

// Nothing when the header doesn't fit into `bytes` or contradicts itself. What follows the header
// may be cut short, as in the quotation of an ICMP error; the checksum isn't looked at.
std::optional<Ipv4Header> parse_ipv4_header(Bytes bytes);

// The same for a packet that must be there as a whole. What follows it (padding) is ignored.
std::optional<Ipv4Header> parse_ipv4_packet(Bytes bytes);

// Writes 20 bytes with a correct checksum; `bytes` must have room, header.header_bytes is 20.
void write_ipv4_header(MutableBytes bytes, const Ipv4Header& header);

// Neither 0/8, loopback, multicast, class E nor limited broadcast.
bool is_unicast(std::uint32_t address);
// The prefix contains the address as a host's: not its network or broadcast address (RFC 1812
// §4.2.2.11, §4.2.3.1); a /31 or /32 has neither (RFC 3021).
bool is_host_in(const config::InterfaceAddress& interface, std::uint32_t address);
// The all-ones or all-zeros address of one of these on-link prefixes.
bool is_directed_broadcast(std::span<const config::InterfaceAddress> on_link,
                           std::uint32_t address);
// The address whose on-link prefix contains `other` as a host; null when there is none.
const config::InterfaceAddress* on_link_address(std::span<const config::InterfaceAddress> addresses,
                                                std::uint32_t other);

}  // namespace bgw::control
