// ICMP for IPv4 (RFC 792, 1122 §3.2.2, 1812 §4.3) on byte spans: when an error may be sent, and the
// packets themselves. Pure functions. Packets start at their IP header; addresses are host order.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "config/model.h"
#include "control/packets/bytes.h"
#include "dataplane/published/drop_reason.h"
#include "dataplane/published/types.h"

namespace bgw::control {

namespace icmp {
inline constexpr std::uint8_t echo_reply = 0;
inline constexpr std::uint8_t unreachable = 3;
inline constexpr std::uint8_t echo_request = 8;
inline constexpr std::uint8_t time_exceeded = 11;

inline constexpr std::uint8_t code_network = 0;
inline constexpr std::uint8_t code_host = 1;
inline constexpr std::uint8_t code_protocol = 2;
inline constexpr std::uint8_t code_port = 3;
inline constexpr std::uint8_t code_fragmentation_needed = 4;
inline constexpr std::uint8_t code_reassembly = 1;  // of time_exceeded
}  // namespace icmp

// An error of 576 bytes at most, IP header included (RFC 1812 §4.3.2.3).
inline constexpr std::size_t icmp_error_max_bytes = 576;

struct IcmpError {
  std::uint8_t type = icmp::unreachable;
  std::uint8_t code = icmp::code_network;
  std::uint16_t mtu = 0;  // only with code_fragmentation_needed
  friend bool operator==(const IcmpError&, const IcmpError&) = default;
};

// Which error tells the source why `packet` was dropped; nothing when none does. `mtu` is that of
// the way out. RFC 1191: fragmentation needed only if DF is set, and never with an MTU below 68.
std::optional<IcmpError> icmp_error_for(dataplane::DropReason reason, Bytes packet,
                                        std::uint16_t mtu);

// RFC 1812 §4.3.2.7: never about an ICMP error (or an ICMP type we don't know), a fragment but the
// first, a packet to a broadcast or multicast address (IP or link layer), or one whose source isn't
// a single host. `on_link` are the addresses of the interface that the packet came in on: their
// prefixes say what a directed broadcast is.
bool may_cause_icmp_error(Bytes packet, bool link_broadcast,
                          std::span<const config::InterfaceAddress> on_link);

// Quotes as much of `packet`, unchanged, as fits. It must have passed may_cause_icmp_error().
std::vector<std::uint8_t> build_icmp_error(Bytes packet, const IcmpError& error,
                                           std::uint32_t source, std::uint16_t ip_id);

// An echo message of either family.
struct Echo {
  dataplane::MappedAddress source;
  dataplane::MappedAddress destination;
  std::uint16_t ident = 0;
  std::uint16_t sequence = 0;
};
std::vector<std::uint8_t> build_echo_request(const Echo& echo, std::size_t payload_bytes,
                                             std::uint16_t ip_id);

// The reply to a whole, unfragmented echo request with a correct checksum: same identifier,
// sequence, payload and TOS, addresses exchanged, without IP options.
std::vector<std::uint8_t> build_echo_reply(Bytes request, std::uint16_t ip_id);

// An ICMP message in a whole, unfragmented packet. `quote` is what an error quotes, empty for other
// messages. Nothing when it is truncated or its checksum is wrong.
struct IcmpMessage {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint16_t ident = 0;     // of echo messages
  std::uint16_t sequence = 0;  // of echo messages
  Bytes quote;
  // Of an error that a packet is too big for the way: the MTU that it names, 0 when it names none
  // (RFC 1191 §5).
  std::optional<std::uint32_t> mtu{};
};
std::optional<IcmpMessage> parse_icmp(Bytes packet);

// The echo request that an ICMP error quotes: our ping, if we sent it.
std::optional<Echo> quoted_echo_request(Bytes quote);

}  // namespace bgw::control
