// Congestion marks and DSCP between the outside and the inside of a tunnel (RFC 6040, RFC 2983).
#pragma once

#include <rte_mbuf.h>

#include "dataplane/published/drop_reason.h"
#include "dataplane/published/wire.h"
#include "dataplane/walk/checksum.h"
#include "dataplane/walk/parse.h"

namespace bgw::dataplane {

inline constexpr std::uint8_t ecn_mask = 0x03;
inline constexpr std::uint8_t ecn_congested = 0x03;

// DSCP and ECN of an IP header with at least two readable bytes.
inline std::uint8_t traffic_class_of(const std::uint8_t* ip) noexcept {
  if (ip[0] >> 4 == 4) return ip[1];
  return static_cast<std::uint8_t>(ip[0] << 4 | ip[1] >> 4);
}

// Writes them into the header of a family that is sure, with its checksum if it has one.
inline void set_traffic_class(std::uint8_t* ip, std::uint8_t value) noexcept {
  if (ip[0] >> 4 == 6) {
    ip[0] = static_cast<std::uint8_t>(0x60 | value >> 4);
    ip[1] = static_cast<std::uint8_t>(value << 4 | (ip[1] & 0x0f));
    return;
  }
  // RFC 1624 eqn. 3.
  const auto before = load<Be16>(ip).to_host();
  ip[1] = value;
  const auto after = load<Be16>(ip).to_host();
  std::uint8_t* checksum = ip + ipv4_checksum_offset;
  std::uint32_t sum =
      std::uint16_t(~load<Be16>(checksum).to_host()) + std::uint16_t(~before) + after;
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  store(checksum, Be16::from_host(static_cast<std::uint16_t>(~sum)));
}

// What the outside of a tunnel says of the way, into the packet that came through it: congestion
// experienced, or none if the inside can't say so (RFC 6040 §4.2); with the uniform model the DSCP
// too. The header at `ip_at` may be anything yet.
inline DropReason carry_over_ecn(rte_mbuf* packet, std::uint32_t ip_at, std::uint16_t type,
                                 std::uint8_t outer, bool uniform) noexcept {
  const bool congested = (outer & ecn_mask) == ecn_congested;
  if (!congested && !uniform) [[likely]]
    return no_drop;
  const std::size_t needed = type == ethertype_ipv4 ? sizeof(Ipv4Header) : sizeof(Ipv6Header);
  if ((type != ethertype_ipv4 && type != ethertype_ipv6) || packet->data_len < ip_at + needed)
    return no_drop;
  auto* ip = rte_pktmbuf_mtod_offset(packet, std::uint8_t*, ip_at);
  if (ip[0] >> 4 != (type == ethertype_ipv4 ? 4 : 6)) return no_drop;
  const std::uint8_t inner = traffic_class_of(ip);
  if (congested && (inner & ecn_mask) == 0) return DropReason::ecn_mismatch;
  const std::uint8_t dscp = static_cast<std::uint8_t>((uniform ? outer : inner) & ~ecn_mask);
  const std::uint8_t ecn = congested ? ecn_congested : static_cast<std::uint8_t>(inner & ecn_mask);
  const auto wanted = static_cast<std::uint8_t>(dscp | ecn);
  if (wanted != inner) set_traffic_class(ip, wanted);
  return no_drop;
}

}  // namespace bgw::dataplane
