// ARP for IPv4 over Ethernet (RFC 826): the wire format.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "control/packets/bytes.h"
#include "dataplane/published/types.h"

namespace bgw::control {

enum class ArpOperation : std::uint16_t { request = 1, reply = 2 };

// Addresses are host order.
struct ArpMessage {
  ArpOperation operation = ArpOperation::request;
  dataplane::Mac sender_mac;
  std::uint32_t sender = 0;
  dataplane::Mac target_mac;
  std::uint32_t target = 0;
  friend bool operator==(const ArpMessage&, const ArpMessage&) = default;
};

// A frame of the least length that Ethernet carries, padded with zeros (RFC 894).
inline constexpr std::size_t arp_frame_bytes = 60;
using ArpFrame = std::array<std::uint8_t, arp_frame_bytes>;

// `bytes` start behind the Ethernet header and its tags. Nothing when it is too short, not for
// Ethernet and IPv4, or neither request nor reply.
std::optional<ArpMessage> parse_arp(Bytes bytes);

ArpFrame write_arp(const dataplane::Mac& destination, const ArpMessage& message);

}  // namespace bgw::control
