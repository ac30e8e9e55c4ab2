// Stage 3, parse: Ethernet and IPv4 or ARP, bounds checks first. Fills in the fields that later
// stages need, or drops with the reason.
#pragma once

#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include <algorithm>

#include "dataplane/burst.h"
#include "dataplane/flow_hash.h"
#include "dataplane/parse.h"

namespace bgw::dataplane {

// Everything that any stage reads of a frame lies within this many bytes.
inline constexpr std::uint32_t headers_max_bytes =
    sizeof(EthernetHeader) + ipv4_max_header_bytes + flow_hash_payload_bytes;

// A frame may be spread over several buffers; its headers may not. False if they can't be moved
// together.
inline bool headers_contiguous(rte_mbuf* packet) noexcept {
  if (packet->nb_segs == 1) [[likely]]
    return true;
  return packet->data_len >= std::min(packet->pkt_len, headers_max_bytes) ||
         rte_pktmbuf_linearize(packet) == 0;
}

// Cuts what lies behind the first `bytes`: Ethernet's padding.
inline void cut_to(rte_mbuf* packet, std::uint32_t bytes) noexcept {
  if (packet->pkt_len == bytes) return;
  rte_mbuf* last = packet;
  std::uint32_t left = bytes;
  std::uint16_t segments = 1;
  while (left > last->data_len) {
    left -= last->data_len;
    last = last->next;
    ++segments;
  }
  if (last->next != nullptr) {
    rte_pktmbuf_free(last->next);
    last->next = nullptr;
  }
  last->data_len = static_cast<std::uint16_t>(left);
  packet->nb_segs = segments;
  packet->pkt_len = bytes;
}

enum class LinkAddress : std::uint8_t { ours, group, other };

inline LinkAddress whose(const EthernetHeader& header, const Mac& own) noexcept {
  if (mac_bits(header.destination) == mac_bits(own)) [[likely]]
    return LinkAddress::ours;
  return header.destination.is_multicast() ? LinkAddress::group : LinkAddress::other;
}

inline void parse_ipv4_at(Burst& burst, std::size_t i, std::uint32_t offset,
                          LinkAddress link) noexcept {
  rte_mbuf* packet = burst.packet[i];
  Ipv4Fields fields;
  const DropReason bad = parse_ipv4(rte_pktmbuf_mtod_offset(packet, const std::uint8_t*, offset),
                                    packet->data_len - offset, packet->pkt_len - offset, fields);
  if (bad != no_drop) [[unlikely]]
    return burst.drop(i, bad);
  // RFC 1812 §5.3.4
  if (link != LinkAddress::ours) [[unlikely]]
    return burst.drop(i, DropReason::link_broadcast);
  cut_to(packet, offset + fields.total_bytes);
  burst.source[i] = fields.source;
  burst.destination[i] = fields.destination;
  burst.ip_bytes[i] = fields.total_bytes;
  burst.ipv4.add(i);
}

inline void parse_frame(const FibSnapshot& fib, Burst& burst, std::size_t i) noexcept {
  rte_mbuf* packet = burst.packet[i];
  burst.frame_bytes[i] = packet->pkt_len;
  const auto disown = [&](DropReason why) {
    burst.in_vpc[i] = no_vpc;
    burst.drop(i, why);
  };
  if (!headers_contiguous(packet)) [[unlikely]]
    return burst.drop(i, DropReason::no_headroom);
  if (packet->data_len < sizeof(EthernetHeader)) [[unlikely]]
    return disown(DropReason::frame_truncated);
  const auto* frame = rte_pktmbuf_mtod(packet, const std::uint8_t*);
  const auto header = load<EthernetHeader>(frame);
  const std::uint16_t type = header.type.to_host();
  if (type == ethertype_vlan || type == ethertype_service_vlan) [[unlikely]]
    return disown(DropReason::unknown_vlan);
  const VpcIndex vpc = burst.in_vpc[i];
  if (vpc == no_vpc) [[unlikely]]
    return burst.drop(i, DropReason::no_interface);
  const LinkAddress link = whose(header, fib.vpcs[vpc.value].mac);
  if (link == LinkAddress::other) [[unlikely]]
    return burst.drop(i, DropReason::not_for_us);
  if (type == ethertype_ipv4) [[likely]]
    return parse_ipv4_at(burst, i, sizeof(EthernetHeader), link);
  if (type != ethertype_arp) return burst.drop(i, DropReason::unknown_ethertype);
  const DropReason bad =
      check_arp(frame + sizeof(EthernetHeader), packet->data_len - sizeof(EthernetHeader));
  if (bad != no_drop) return burst.drop(i, bad);
  burst.punt(i, PuntClass::arp, vpc, 0);
}

inline void parse_frames(const FibSnapshot& fib, Burst& burst) noexcept {
  constexpr std::size_t ahead = 4;
  const auto prefetch = [&](std::size_t i) {
    rte_prefetch0(rte_pktmbuf_mtod(burst.packet[i], const void*));
  };
  for (std::size_t i = 0; i < std::min(ahead, burst.count); ++i) prefetch(i);
  for (std::size_t i = 0; i < burst.count; ++i) {
    if (i + ahead < burst.count) prefetch(i + ahead);
    parse_frame(fib, burst, i);
  }
}

// Packets of the gateway itself begin with IP, and are checked like anybody's.
inline void parse_originated(Burst& burst) noexcept {
  for (std::size_t i = 0; i < burst.count; ++i) {
    burst.frame_bytes[i] = burst.packet[i]->pkt_len;
    if (headers_contiguous(burst.packet[i])) [[likely]] {
      parse_ipv4_at(burst, i, 0, LinkAddress::ours);
    } else {
      burst.drop(i, DropReason::no_headroom);
    }
  }
}

}  // namespace bgw::dataplane
