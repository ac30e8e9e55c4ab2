// Which of several equal paths a packet takes.
#pragma once

#include <cstdint>

#include "dataplane/wire.h"

namespace bgw::dataplane {

// How many bytes from the IP header's start flow_hash() may read beyond the header itself.
inline constexpr unsigned flow_hash_payload_bytes = 8;

// A hash over what identifies the packet's flow: addresses, protocol and ports for TCP and UDP,
// addresses and identifier for ICMP echo, addresses alone for all else, so that all fragments of a
// packet (the first has ports, the others don't) stay together. `readable` bytes follow `ip`; they
// cover the header. The same on all workers and at all times. Upper and lower half are independent.
inline std::uint64_t flow_hash(const std::uint8_t* ip, std::size_t readable) noexcept {
  const auto header = load<Ipv4Header>(ip);
  const std::uint8_t* payload = ip + header.header_bytes();
  const std::size_t payload_bytes = readable - header.header_bytes();
  std::uint64_t flow = 0;
  if (!header.is_fragment()) {
    const bool has_ports = header.protocol == protocol_tcp || header.protocol == protocol_udp;
    if (has_ports && payload_bytes >= 4) {
      flow = std::uint64_t{load<std::uint32_t>(payload)} << 8 | header.protocol;
    } else if (header.protocol == protocol_icmp && payload_bytes >= 6 &&
               (payload[0] == 8 || payload[0] == 0)) {
      flow = std::uint64_t{load<std::uint16_t>(payload + 4)} << 8 | header.protocol;
    }
  }
  const std::uint64_t addresses =
      std::uint64_t{header.source.to_host()} << 32 | header.destination.to_host();
  // The finaliser of MurmurHash3 over both halves.
  std::uint64_t hash = addresses ^ (flow * 0x9e3779b97f4a7c15u);
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdu;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53u;
  return hash ^ (hash >> 33);
}

}  // namespace bgw::dataplane
