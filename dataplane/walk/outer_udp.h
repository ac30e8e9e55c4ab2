// The checksum of UDP in a packet buffer that may have several segments.
#pragma once

#include <rte_ip.h>
#include <rte_mbuf.h>

#include "dataplane/published/wire.h"

namespace bgw::dataplane {

// The folded sum over pseudo-header and UDP of `bytes` bytes at `udp_at`: 0xffff when its checksum
// is right (RFC 768, RFC 8200 §8.1). Addresses are those of the IP header at `ip_at`.
inline std::uint16_t udp_sum(const rte_mbuf* packet, std::uint32_t ip_at, bool ipv6,
                             std::uint32_t udp_at, std::uint32_t bytes) noexcept {
  std::uint16_t raw = 0;
  if (rte_raw_cksum_mbuf(packet, udp_at, bytes, &raw) != 0) return 0;
  const auto* ip = rte_pktmbuf_mtod_offset(packet, const std::uint8_t*, ip_at);
  const std::uint8_t* addresses =
      ip + (ipv6 ? offsetof(Ipv6Header, source) : offsetof(Ipv4Header, source));
  const std::size_t address_bytes = ipv6 ? 32 : 8;
  std::uint64_t sum = raw;
  for (std::size_t at = 0; at < address_bytes; at += 4) sum += load<std::uint32_t>(addresses + at);
  sum += Be16::from_host(static_cast<std::uint16_t>(bytes)).raw();
  sum += Be16::from_host(protocol_udp).raw();
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

}  // namespace bgw::dataplane
