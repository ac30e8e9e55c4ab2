// Stages 6 and 7, next hop and forward: the neighbour's MAC, TTL and MTU, then the new header.
// Nothing of a packet changes before it is certain that it leaves.
#pragma once

#include <rte_mbuf.h>

#include "dataplane/burst.h"
#include "dataplane/checksum.h"

namespace bgw::dataplane {

// Destination and source MAC; the type is already there for received frames.
inline void write_link_header(std::uint8_t* frame, Link link, const Mac& own) noexcept {
  const std::uint64_t source = mac_bits(own);
  store(frame, link.mac_bits() | source << 48);
  store(frame + 8, static_cast<std::uint32_t>(source >> 16));
}

inline void decrement_ttl(std::uint8_t* ip) noexcept {
  --ip[ipv4_ttl_offset];
  std::uint8_t* checksum = ip + ipv4_checksum_offset;
  store(checksum, checksum_after_ttl_decrement(load<Be16>(checksum)));
}

inline void forward_one(const FibSnapshot& fib, Burst& burst, std::size_t i) noexcept {
  rte_mbuf* packet = burst.packet[i];
  const VpcFib& out = fib.vpcs[burst.out_vpc[i].value];
  auto* ip = rte_pktmbuf_mtod_offset(packet, std::uint8_t*, burst.ip_offset);
  if (!burst.from_gateway && ip[ipv4_ttl_offset] <= 1) [[unlikely]]  // RFC 1812 §5.3.1
    return burst.drop(i, DropReason::ttl_expired);
  if (burst.ip_bytes[i] > out.mtu) [[unlikely]]
    return burst.drop(i, DropReason::mtu_exceeded);
  const Link link = fib.neighbours->find(burst.out_vpc[i], burst.next_address[i]);
  if (!link.known()) [[unlikely]]
    return burst.punt(i, PuntClass::glean, burst.out_vpc[i], burst.next_address[i]);

  std::uint8_t* frame = ip - sizeof(EthernetHeader);
  if (burst.from_gateway) [[unlikely]] {
    if (rte_pktmbuf_prepend(packet, sizeof(EthernetHeader)) == nullptr)
      return burst.drop(i, DropReason::no_headroom);
    store(frame + offsetof(EthernetHeader, type), Be16::from_host(ethertype_ipv4));
  } else {
    decrement_ttl(ip);
  }
  write_link_header(frame, link, out.mac);
  burst.frame_bytes[i] = packet->pkt_len;
  burst.to_send.add(i);
}

inline void forward(const FibSnapshot& fib, Burst& burst) noexcept {
  for (const std::size_t i : burst.adjacent)
    fib.neighbours->prefetch(burst.out_vpc[i], burst.next_address[i]);
  for (const std::size_t i : burst.adjacent) forward_one(fib, burst, i);
}

}  // namespace bgw::dataplane
