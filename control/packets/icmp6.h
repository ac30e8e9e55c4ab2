// ICMPv6 (RFC 4443) on byte spans: when an error may be sent, and the packets themselves. Pure
// functions. Packets start at their IPv6 header.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "config/model.h"
#include "control/packets/bytes.h"
#include "control/packets/icmp.h"
#include "dataplane/published/drop_reason.h"
#include "dataplane/published/types.h"

namespace bgw::control {

namespace icmp6 {
inline constexpr std::uint8_t unreachable = 1;
inline constexpr std::uint8_t packet_too_big = 2;
inline constexpr std::uint8_t time_exceeded = 3;
inline constexpr std::uint8_t parameter_problem = 4;
inline constexpr std::uint8_t echo_request = 128;
inline constexpr std::uint8_t echo_reply = 129;

inline constexpr std::uint8_t code_no_route = 0;
inline constexpr std::uint8_t code_address = 3;
inline constexpr std::uint8_t code_port = 4;
inline constexpr std::uint8_t code_next_header = 1;  // of parameter_problem
}  // namespace icmp6

// RFC 4443 §2.4 (c): an error, its IPv6 header included, fits the least MTU.
inline constexpr std::size_t icmp6_error_max_bytes = 1280;

struct Icmp6Error {
  std::uint8_t type = icmp6::unreachable;
  std::uint8_t code = icmp6::code_no_route;
  std::uint32_t parameter = 0;  // the MTU of packet_too_big, the pointer of parameter_problem
  friend bool operator==(const Icmp6Error&, const Icmp6Error&) = default;
};

// Which error tells the source why `packet` was dropped; nothing when none does. `mtu` is that of
// the way out, never told when 0.
std::optional<Icmp6Error> icmp6_error_for(dataplane::DropReason reason, Bytes packet,
                                          std::uint16_t mtu);

// RFC 4443 §2.4 (e): never about an ICMPv6 error or redirect, nor to a source that isn't one host;
// about a packet to a group (IPv6 or link layer) only packet_too_big and unknown options. About a
// later fragment, or headers that lead nowhere, only what is wrong with these (RFC 8200 §4.5): what
// they are a part of can't be seen. `on_link` says which sources are anycast addresses.
bool may_cause_icmp6_error(Bytes packet, bool link_multicast, const Icmp6Error& error,
                           std::span<const config::InterfaceAddress> on_link);

// Quotes as much of `packet`, unchanged, as fits. It must have passed may_cause_icmp6_error().
std::vector<std::uint8_t> build_icmp6_error(Bytes packet, const Icmp6Error& error,
                                            const dataplane::MappedAddress& source);

std::vector<std::uint8_t> build_echo6_request(const Echo& echo, std::size_t payload_bytes);

// The reply from `source` to a whole echo request with a correct checksum: same identifier,
// sequence, payload and traffic class, without extension headers.
std::vector<std::uint8_t> build_echo6_reply(Bytes request, const dataplane::MappedAddress& source);

// An ICMPv6 message in a whole packet; nothing when it is truncated, a fragment or its checksum is
// wrong.
std::optional<IcmpMessage> parse_icmp6(Bytes packet);

// The echo request that an ICMPv6 error quotes: our ping, if we sent it.
std::optional<Echo> quoted_echo6_request(Bytes quote);

}  // namespace bgw::control
