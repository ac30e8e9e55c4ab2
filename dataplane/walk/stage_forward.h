// Stages 6 and 7, next hop and forward: the neighbour's MAC, TTL and MTU, then the new headers.
// Nothing of a packet changes before it is certain where it goes and that there is room for them.
#pragma once

#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "dataplane/walk/burst.h"
#include "dataplane/walk/checksum.h"
#include "dataplane/walk/encapsulation.h"
#include "dataplane/walk/stage_parse.h"

namespace bgw::dataplane {

template <typename Family>
struct Header;

template <>
struct Header<Ipv4> {
  static constexpr EtherType type = ethertype_ipv4;
  static std::uint8_t ttl(const std::uint8_t* ip) noexcept { return ip[ipv4_ttl_offset]; }
  static void decrement_ttl(std::uint8_t* ip) noexcept {
    --ip[ipv4_ttl_offset];
    std::uint8_t* checksum = ip + ipv4_checksum_offset;
    store(checksum, checksum_after_ttl_decrement(load<Be16>(checksum)));
  }
  // RFC 791: unless DF is set.
  static bool may_be_fragmented(const std::uint8_t* ip) noexcept {
    return (load<Ipv4Header>(ip).flags_fragment.to_host() & 0x4000) == 0;
  }
  static Link find(const NeighbourTable& neighbours, VpcIndex vpc, std::uint32_t address) noexcept {
    return neighbours.find(vpc, address);
  }
  static void prefetch(const NeighbourTable& neighbours, VpcIndex vpc,
                       std::uint32_t address) noexcept {
    neighbours.prefetch(vpc, address);
  }
};

template <>
struct Header<Ipv6> {
  static constexpr EtherType type = ethertype_ipv6;
  static std::uint8_t ttl(const std::uint8_t* ip) noexcept { return ip[ipv6_hop_limit_offset]; }
  static void decrement_ttl(std::uint8_t* ip) noexcept { --ip[ipv6_hop_limit_offset]; }
  // RFC 8200 §5: by its source alone.
  static bool may_be_fragmented(const std::uint8_t*) noexcept { return false; }
  static Link find(const NeighbourTable& neighbours, VpcIndex vpc, Ipv6::Key address) noexcept {
    return neighbours.find(vpc, Ipv6::address(address));
  }
  static void prefetch(const NeighbourTable& neighbours, VpcIndex vpc, Ipv6::Key address) noexcept {
    neighbours.prefetch_v6(vpc, Ipv6::address(address));
  }
};

// How a packet leaves: to the neighbour, in a VXLAN VPC through a tunnel whose next hop has the MAC
// of `outer`.
struct WayOut {
  Link link;
  Link outer;
};

// Puts the headers before a packet of the flow `hash` whose IP header, of `type`, lies at
// `ip_offset`. The hash is for tunnels alone. False: no room.
inline bool put_headers(const FibSnapshot& fib, rte_mbuf* packet, std::uint32_t ip_offset,
                        const VpcFib& out, const WayOut& way, std::uint16_t type,
                        std::uint64_t hash) noexcept {
  if (!put_link_header(packet, ip_offset, out, way.link, type)) [[unlikely]]
    return false;
  return out.kind != LinkKind::vxlan ||
         encapsulate(packet, out, fib.tunnels[way.link.tunnel().value], way.outer, hash);
}

// Is there room for what put_headers() puts there?
inline bool has_room(const FibSnapshot& fib, const rte_mbuf* packet, std::uint32_t ip_offset,
                     const VpcFib& out, const WayOut& way) noexcept {
  std::uint32_t needed = std::uint32_t{sizeof(EthernetHeader)} + out.tags.bytes;
  if (out.kind == LinkKind::vxlan) needed += fib.tunnels[way.link.tunnel().value].header_bytes;
  return needed <= ip_offset + rte_pktmbuf_headroom(packet);
}

// False: something on the way is unknown yet, and the packet punted to find it out.
template <typename Family>
inline bool find_way_out(const FibSnapshot& fib, Burst& burst, std::size_t i, const VpcFib& out,
                         WayOut& way) noexcept {
  const auto next = burst.routed<Family>().next_address[i];
  way.link = Header<Family>::find(*fib.neighbours, burst.out_vpc[i], next);
  if (!way.link.known()) [[unlikely]] {
    burst.punt(i, PuntClass::glean, burst.out_vpc[i], Family::address(next));
    return false;
  }
  if (out.kind != LinkKind::vxlan) return true;
  if (!fib.uses(out, way.link.tunnel())) [[unlikely]] {
    burst.punt(i, PuntClass::glean, burst.out_vpc[i], Family::address(next));
    return false;
  }
  const Tunnel& tunnel = fib.tunnels[way.link.tunnel().value];
  way.outer = fib.neighbours->find(tunnel.underlay, tunnel.next_hop);
  if (!way.outer.known()) [[unlikely]] {
    burst.punt(i, PuntClass::glean, tunnel.underlay, tunnel.next_hop);
    return false;
  }
  return true;
}

// The largest packet of the family that fits the way out: what the interface says, or as much less
// as the path of a tunnel is known to carry, but no less than any IPv6 link must (RFC 8200 §5).
template <typename Family>
inline std::uint16_t mtu_of(const FibSnapshot& fib, const VpcFib& out, const WayOut& way) noexcept {
  if (out.kind != LinkKind::vxlan) return out.mtu;
  std::uint16_t path = fib.path_mtu(way.link.tunnel());
  if constexpr (std::is_same_v<Family, Ipv6>) path = std::max(path, ipv6_min_mtu);
  return std::min(path, out.mtu);
}

// What an interface counts for an IP packet: its frame, without what a tunnel puts around it.
inline std::uint32_t frame_bytes_of(const VpcFib& out, std::uint32_t ip_bytes) noexcept {
  return ip_bytes + std::uint32_t{sizeof(EthernetHeader)} + out.tags.bytes;
}

template <typename Family>
inline void forward_one(const FibSnapshot& fib, Burst& burst, std::size_t i) noexcept {
  rte_mbuf* packet = burst.packet[i];
  const VpcFib& out = fib.vpcs[burst.out_vpc[i].value];
  auto* ip = rte_pktmbuf_mtod_offset(packet, std::uint8_t*, burst.ip_offset[i]);
  if (!burst.from_gateway && Header<Family>::ttl(ip) <= 1) [[unlikely]]  // RFC 1812 §5.3.1
    return burst.drop(i, DropReason::ttl_expired);
  const auto exceeds = [&](std::uint16_t mtu) {
    burst.out_mtu[i] = mtu;
    if (Header<Family>::may_be_fragmented(ip)) return false;
    burst.drop(i, DropReason::mtu_exceeded);
    return true;
  };
  if (burst.ip_bytes[i] > out.mtu && exceeds(out.mtu)) [[unlikely]]
    return;
  WayOut way;
  if (!find_way_out<Family>(fib, burst, i, out, way)) [[unlikely]]
    return;
  const std::uint16_t mtu = mtu_of<Family>(fib, out, way);
  const bool too_big = burst.ip_bytes[i] > mtu;
  if (too_big && exceeds(mtu)) [[unlikely]]
    return;
  if (!too_big && !has_room(fib, packet, burst.ip_offset[i], out, way)) [[unlikely]]
    return burst.drop(i, DropReason::no_headroom);
  if (!burst.from_gateway) Header<Family>::decrement_ttl(ip);
  if (too_big) [[unlikely]] {
    burst.way_out[i] = {way.link.bits(), way.outer.bits()};
    return burst.to_fragment.add(i);
  }
  const std::uint64_t hash = out.kind == LinkKind::vxlan ? last_flow_hash_of<Family>(burst, i) : 0;
  if (!put_headers(fib, packet, burst.ip_offset[i], out, way, Header<Family>::type, hash))
      [[unlikely]]
    return burst.drop(i, DropReason::no_headroom);
  burst.frame_bytes[i] = frame_bytes_of(out, burst.ip_bytes[i]);
  burst.to_send.add(i);
}

template <typename Family>
inline void forward(const FibSnapshot& fib, Burst& burst) noexcept {
  const Routed<Family>& routed = burst.routed<Family>();
  for (const std::size_t i : routed.adjacent) {
    Header<Family>::prefetch(*fib.neighbours, burst.out_vpc[i], routed.next_address[i]);
    rte_prefetch0(&fib.vpcs[burst.out_vpc[i].value]);
  }
  for (const std::size_t i : routed.adjacent) forward_one<Family>(fib, burst, i);
}

// A frame that the control thread made whole, without tags, for the interface of burst.in_vpc[i];
// `tunnel` is where it goes in a VXLAN VPC.
inline void forward_frame(const FibSnapshot& fib, Burst& burst, std::size_t i,
                          TunnelIndex tunnel) noexcept {
  rte_mbuf* packet = burst.packet[i];
  const VpcFib& out = fib.vpcs[burst.in_vpc[i].value];
  burst.out_vpc[i] = burst.in_vpc[i];
  if (packet->data_len < sizeof(EthernetHeader)) return burst.drop(i, DropReason::frame_truncated);
  burst.frame_bytes[i] = packet->pkt_len + out.tags.bytes;
  if (out.kind == LinkKind::vxlan) {
    if (!fib.uses(out, tunnel)) return burst.drop(i, DropReason::vxlan_unknown_vtep);
    const Tunnel& way = fib.tunnels[tunnel.value];
    const Link outer = fib.neighbours->find(way.underlay, way.next_hop);
    if (!outer.known()) return burst.punt(i, PuntClass::glean, way.underlay, way.next_hop);
    if (!encapsulate(packet, out, way, outer, frame_hash(packet)))
      return burst.drop(i, DropReason::no_headroom);
  } else if (!insert_tags(packet, out)) {
    return burst.drop(i, DropReason::no_headroom);
  }
  burst.to_send.add(i);
}

}  // namespace bgw::dataplane
