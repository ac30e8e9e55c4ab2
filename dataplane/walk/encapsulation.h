// The link header that a packet leaves with, and VXLAN's way out (RFC 7348).
#pragma once

#include <rte_mbuf.h>

#include "dataplane/published/fib.h"
#include "dataplane/walk/ecn.h"
#include "dataplane/walk/flow_hash.h"

namespace bgw::dataplane {

// RFC 7348 §5: from the dynamic ports (RFC 6335), by the flow inside.
inline constexpr std::uint16_t vxlan_first_source_port = 49152;
inline constexpr std::uint8_t outer_ttl = 64;

// Destination and source MAC.
inline void write_macs(std::uint8_t* frame, Link link, const Mac& own) noexcept {
  const std::uint64_t source = mac_bits(own);
  store(frame, link.mac_bits() | source << 48);
  store(frame + 8, static_cast<std::uint32_t>(source >> 16));
}

// Replaces what precedes the IP header at `ip_offset` by the link header of `out`. False: no room.
inline bool put_link_header(rte_mbuf* packet, std::uint32_t ip_offset, const VpcFib& out, Link link,
                            std::uint16_t type) noexcept {
  const std::uint32_t needed = static_cast<std::uint32_t>(sizeof(EthernetHeader)) + out.tags.bytes;
  if (needed > ip_offset) {
    if (rte_pktmbuf_prepend(packet, static_cast<std::uint16_t>(needed - ip_offset)) == nullptr)
      return false;
  } else if (needed < ip_offset) {
    if (rte_pktmbuf_adj(packet, static_cast<std::uint16_t>(ip_offset - needed)) == nullptr)
      return false;
  }
  auto* frame = rte_pktmbuf_mtod(packet, std::uint8_t*);
  write_macs(frame, link, out.mac);
  if (out.tags.bytes != 0)
    std::memcpy(frame + offsetof(EthernetHeader, type), out.tags.tags.data(), out.tags.bytes);
  store(frame + needed - sizeof(Be16), Be16::from_host(type));
  return true;
}

// Puts the tags of `out` into a frame without any. False: no room.
inline bool insert_tags(rte_mbuf* packet, const VpcFib& out) noexcept {
  if (out.tags.bytes == 0) return true;
  auto* frame = rte_pktmbuf_prepend(packet, out.tags.bytes);
  if (frame == nullptr) return false;
  constexpr std::size_t addresses = offsetof(EthernetHeader, type);
  std::memmove(frame, frame + out.tags.bytes, addresses);
  std::memcpy(frame + addresses, out.tags.tags.data(), out.tags.bytes);
  return true;
}

// By the flow of the frame, or by its addresses when it isn't IP.
std::uint64_t frame_hash(const rte_mbuf* packet) noexcept;

// The frame in `packet`, of the flow that `hash` stands for, becomes VXLAN of `vpc` through
// `tunnel`, whose next hop has the MAC of `outer`. False: no room, and nothing has changed.
bool encapsulate(rte_mbuf* packet, const VpcFib& vpc, const Tunnel& tunnel, Link outer,
                 std::uint64_t hash) noexcept;

}  // namespace bgw::dataplane
