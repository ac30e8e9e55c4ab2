// The checksum of UDP in a packet buffer that may have several segments.
#pragma once

#include <rte_ip.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <cstdint>

#include "dataplane/published/wire.h"

namespace bgw::dataplane {

// The sum of `bytes` bytes at `at`, in words, without a fold of the last carries. Not
// rte_raw_cksum_mbuf(): that of DPDK 22.11 loses the carries of a segment that begins at an odd
// byte. 0 when the packet has fewer.
inline std::uint64_t raw_sum(const rte_mbuf* packet, std::uint32_t at,
                             std::uint32_t bytes) noexcept {
  for (; packet != nullptr && at >= packet->data_len; packet = packet->next) at -= packet->data_len;
  std::uint64_t sum = 0;
  for (bool odd = false; bytes != 0; packet = packet->next, at = 0) {
    if (packet == nullptr) return 0;
    const std::uint32_t count = std::min<std::uint32_t>(bytes, packet->data_len - at);
    const std::uint16_t part =
        rte_raw_cksum(rte_pktmbuf_mtod_offset(packet, const std::uint8_t*, at), count);
    sum += odd ? __builtin_bswap16(part) : part;
    odd ^= (count & 1) != 0;
    bytes -= count;
  }
  return sum;
}

// The folded sum over pseudo-header and UDP of `bytes` bytes at `udp_at`: 0xffff when its checksum
// is right (RFC 768, RFC 8200 §8.1). Addresses are those of the IP header at `ip_at`.
inline std::uint16_t udp_sum(const rte_mbuf* packet, std::uint32_t ip_at, bool ipv6,
                             std::uint32_t udp_at, std::uint32_t bytes) noexcept {
  const auto* ip = rte_pktmbuf_mtod_offset(packet, const std::uint8_t*, ip_at);
  const std::uint8_t* addresses =
      ip + (ipv6 ? offsetof(Ipv6Header, source) : offsetof(Ipv4Header, source));
  const std::size_t address_bytes = ipv6 ? 32 : 8;
  std::uint64_t sum = raw_sum(packet, udp_at, bytes);
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
