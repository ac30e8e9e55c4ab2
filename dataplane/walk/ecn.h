// Congestion marks and DSCP between the outside and the inside of a tunnel (RFC 6040, RFC 2983).
#pragma once

#include <rte_mbuf.h>

#include <optional>

#include "dataplane/published/drop_reason.h"
#include "dataplane/published/wire.h"
#include "dataplane/walk/checksum.h"
#include "dataplane/walk/parse.h"

namespace bgw::dataplane {

inline constexpr std::uint8_t ecn_mask = 0x03;
// Codepoints (RFC 3168 §5): ECT(0) is 2.
inline constexpr std::uint8_t ecn_none = 0x00;
inline constexpr std::uint8_t ecn_ect_1 = 0x01;
inline constexpr std::uint8_t ecn_congested = 0x03;

// The table of RFC 6040 §4.2, with DSCP or without. Nothing: the packet is to be dropped, since it
// can't say that there was congestion.
constexpr std::optional<std::uint8_t> decapsulated_ecn(std::uint8_t inner,
                                                       std::uint8_t outer) noexcept {
  inner &= ecn_mask;
  outer &= ecn_mask;
  if (inner == ecn_none) {
    if (outer == ecn_congested) return std::nullopt;
    return ecn_none;
  }
  if (inner == ecn_congested || outer == ecn_congested) return ecn_congested;
  return outer == ecn_ect_1 ? ecn_ect_1 : inner;
}

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

// What the outside of a tunnel says of the way, into the packet that came through it: its ECN, and
// with the uniform model the DSCP too. The header at `ip_at` may be anything yet.
inline DropReason carry_over_ecn(rte_mbuf* packet, std::uint32_t ip_at, std::uint16_t type,
                                 std::uint8_t outer, bool uniform) noexcept {
  const bool tells = (outer & 1) != 0;  // ECT(1) or congestion; the others change nothing
  if (!tells && !uniform) [[likely]]
    return no_drop;
  const std::size_t needed = type == ethertype_ipv4 ? sizeof(Ipv4Header) : sizeof(Ipv6Header);
  if ((type != ethertype_ipv4 && type != ethertype_ipv6) || packet->data_len < ip_at + needed)
    return no_drop;
  auto* ip = rte_pktmbuf_mtod_offset(packet, std::uint8_t*, ip_at);
  if (ip[0] >> 4 != (type == ethertype_ipv4 ? 4 : 6)) return no_drop;
  const std::uint8_t inner = traffic_class_of(ip);
  const auto ecn = decapsulated_ecn(inner, outer);
  if (!ecn) return DropReason::ecn_mismatch;
  const std::uint8_t dscp = static_cast<std::uint8_t>((uniform ? outer : inner) & ~ecn_mask);
  const auto wanted = static_cast<std::uint8_t>(dscp | *ecn);
  if (wanted != inner) set_traffic_class(ip, wanted);
  return no_drop;
}

}  // namespace bgw::dataplane
