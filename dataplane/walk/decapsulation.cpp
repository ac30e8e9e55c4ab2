#include "dataplane/walk/decapsulation.h"

#include "dataplane/published/ipv6_chain.h"
#include "dataplane/published/ipv6_headers.h"
#include "dataplane/walk/ecn.h"
#include "dataplane/walk/outer_udp.h"

namespace bgw::dataplane {

namespace {

// What is known of a VXLAN packet's outside. Offsets are from the packet's data.
struct Outer {
  MappedAddress source;
  std::uint32_t ip_at = 0;
  std::uint32_t udp_at = 0;
  std::uint32_t end = 0;           // where the IP packet ends
  std::uint8_t traffic_class = 0;  // DSCP and ECN
  bool ipv6 = false;
};

// RFC 768, RFC 8200 §8.1. A checksum of zero is none, over IPv6 too (RFC 6935).
bool checksum_is_right(const rte_mbuf* packet, const Outer& outer, std::uint32_t bytes) noexcept {
  return udp_sum(packet, outer.ip_at, outer.ipv6, outer.udp_at, bytes) == 0xffff;
}

// Is this UDP to VXLAN's port? `payload` has the upper layer's bytes.
bool is_to_vxlan(std::uint8_t protocol, const std::uint8_t* payload, std::size_t bytes) noexcept {
  return protocol == protocol_udp && bytes >= sizeof(UdpHeader) &&
         load<UdpHeader>(payload).destination_port.to_host() == vxlan_port;
}

// The frame inside, now the packet, as one of its VPC: UDP to VXLAN's port is a tenant's own there,
// and no tunnel to be opened.
void parse_inner(const FibSnapshot& fib, Burst& burst, std::size_t i, const Outer& outer) noexcept {
  rte_mbuf* packet = burst.packet[i];
  const VpcFib& vpc = fib.vpcs[burst.in_vpc[i].value];
  if (packet->data_len < sizeof(EthernetHeader)) return burst.drop(i, DropReason::frame_truncated);
  const auto* frame = rte_pktmbuf_mtod(packet, const std::uint8_t*);
  const std::uint16_t type = ethertype_of(frame);
  burst.ip_offset[i] = sizeof(EthernetHeader);
  if (is_tag(type)) return burst.drop(i, DropReason::vxlan_inner_vlan);
  const LinkAddress link = whose(destination_of(frame), vpc.mac);
  if (link == LinkAddress::other) return burst.drop(i, DropReason::not_for_us);
  if (has_no_sender(frame)) return burst.drop(i, DropReason::link_source);
  const Mac source = source_of(frame);
  if (fib.fdb->find(burst.in_vpc[i], source) != burst.in_tunnel[i]) burst.moved.add(i);
  const DropReason bad =
      carry_over_ecn(packet, sizeof(EthernetHeader), type, outer.traffic_class, vpc.uniform_dscp);
  if (bad != no_drop) return burst.drop(i, bad);
  parse_network(fib, burst, i, type, link);
}

// RFC 7348 §5, §4.1. Until the VTEP is known to be one of the VPC's, the packet is the underlay's.
void decapsulate(const FibSnapshot& fib, Burst& burst, std::size_t i, const Outer& outer) noexcept {
  rte_mbuf* packet = burst.packet[i];
  const VpcFib& underlay = fib.vpcs[burst.in_vpc[i].value];
  const std::uint32_t room = outer.end - outer.udp_at;
  constexpr std::uint32_t headers = sizeof(UdpHeader) + sizeof(VxlanHeader);
  if (room < headers) return burst.drop(i, DropReason::vxlan_malformed);
  const auto* at = rte_pktmbuf_mtod_offset(packet, const std::uint8_t*, outer.udp_at);
  const auto udp = load<UdpHeader>(at);
  const std::uint32_t length = udp.length.to_host();
  if (length < headers || length > room) return burst.drop(i, DropReason::vxlan_malformed);
  cut_to(packet, outer.udp_at + length);
  if (!gather(packet, outer.udp_at + headers)) return burst.drop(i, DropReason::no_headroom);
  if (udp.checksum.raw() != 0 && !checksum_is_right(packet, outer, length))
    return burst.drop(i, DropReason::outer_checksum);
  const auto vxlan = load<VxlanHeader>(rte_pktmbuf_mtod_offset(
      packet, const std::uint8_t*, outer.udp_at + std::uint32_t{sizeof(UdpHeader)}));
  if ((vxlan.flags.to_host() & VxlanHeader::flag_vni) == 0)
    return burst.drop(i, DropReason::vxlan_malformed);
  const VpcIndex owner = fib.underlays[underlay.underlay].owner(vxlan.vni.to_host() >> 8);
  if (!is_up(fib, owner)) return burst.drop(i, DropReason::vxlan_unknown_vni);
  const TunnelIndex tunnel = fib.tunnel_of(fib.vpcs[owner.value], outer.source);
  if (tunnel == no_tunnel) return burst.drop(i, DropReason::vxlan_unknown_vtep);

  if (rte_pktmbuf_adj(packet, static_cast<std::uint16_t>(outer.udp_at + headers)) == nullptr ||
      !headers_contiguous(packet))
    return burst.drop(i, DropReason::no_headroom);
  burst.in_vpc[i] = owner;
  burst.in_tunnel[i] = tunnel;
  burst.frame_bytes[i] = packet->pkt_len;
  parse_inner(fib, burst, i, outer);
}

void parse_underlay_ipv4(const FibSnapshot& fib, Burst& burst, std::size_t i,
                         LinkAddress link) noexcept {
  const View ip = view_at(burst.packet[i], burst.ip_offset[i]);
  Ipv4Fields fields;
  const DropReason bad = parse_ipv4(ip.bytes, ip.readable, ip.length, fields);
  if (bad != no_drop) return burst.drop(i, bad);
  if (link != LinkAddress::ours) return burst.drop(i, DropReason::link_broadcast);
  const UnderlayFib& underlay = fib.underlays[fib.vpcs[burst.in_vpc[i].value].underlay];
  if (!underlay.is_local_vtep(MappedAddress::v4(fields.destination)))
    return burst.drop(i, DropReason::underlay_foreign);
  const auto header = load<Ipv4Header>(ip.bytes);
  // A fragment of UDP can only be VXLAN's here; others are answered as unreachable at most.
  if (header.protocol == protocol_udp && header.is_fragment())
    return burst.drop(i, DropReason::outer_fragment);
  const std::size_t payload_at = header.header_bytes();
  if (!is_to_vxlan(header.protocol, ip.bytes + payload_at,
                   std::min<std::size_t>(ip.readable, fields.total_bytes) - payload_at))
    return take_ipv4(burst, i, fields);
  const std::uint32_t at = burst.ip_offset[i];
  decapsulate(fib, burst, i,
              {.source = MappedAddress::v4(fields.source),
               .ip_at = at,
               .udp_at = at + static_cast<std::uint32_t>(payload_at),
               .end = at + fields.total_bytes,
               .traffic_class = header.tos});
}

void parse_underlay_ipv6(const FibSnapshot& fib, Burst& burst, std::size_t i,
                         LinkAddress link) noexcept {
  View ip = view_at(burst.packet[i], burst.ip_offset[i]);
  Ipv6Fields fields;
  const DropReason bad = parse_ipv6_header(ip.bytes, ip.readable, ip.length, fields);
  if (bad != no_drop) return burst.drop(i, bad);
  const UnderlayFib& underlay = fib.underlays[fib.vpcs[burst.in_vpc[i].value].underlay];
  // What is the link's own business is as in a VPC.
  if (take_neighbour_discovery(burst, i, ip, fields)) return;
  if (link != LinkAddress::ours && !is_multicast_v6(fields.destination))
    return burst.drop(i, DropReason::link_broadcast);
  if (const DropReason why = check_ipv6_addresses(fields); why != no_drop)
    return take_from_link(fib, burst, i, fields, why);
  if (!underlay.is_local_vtep(fields.destination))
    return burst.drop(i, DropReason::underlay_foreign);
  std::size_t readable = std::min<std::size_t>(ip.readable, fields.total_bytes);
  // Extension headers may go on beyond the first buffer; if it has no room, they end there.
  if (load<Ipv6Header>(ip.bytes).next_header != protocol_udp &&
      gather(burst.packet[i], burst.ip_offset[i] + fields.total_bytes)) {
    ip = view_at(burst.packet[i], burst.ip_offset[i]);
    readable = std::min<std::size_t>(ip.readable, fields.total_bytes);
  }
  const Ipv6Upper upper = find_ipv6_upper(ip.bytes, readable);
  if (upper.protocol == protocol_udp && upper.fragment())
    return burst.drop(i, DropReason::outer_fragment);
  if (!upper.found || upper.offset > readable ||
      !is_to_vxlan(upper.protocol, ip.bytes + upper.offset, readable - upper.offset) ||
      find_ipv6_header_problem(ip.bytes, readable))
    return take_ipv6(burst, i, fields);
  const std::uint32_t at = burst.ip_offset[i];
  decapsulate(fib, burst, i,
              {.source = fields.source,
               .ip_at = at,
               .udp_at = at + static_cast<std::uint32_t>(upper.offset),
               .end = at + fields.total_bytes,
               .traffic_class = static_cast<std::uint8_t>(
                   load<Ipv6Header>(ip.bytes).version_class_flow.to_host() >> 20),
               .ipv6 = true});
}

}  // namespace

void parse_underlay(const FibSnapshot& fib, Burst& burst, std::size_t i, std::uint16_t type,
                    LinkAddress link) noexcept {
  if (type == ethertype_ipv6) return parse_underlay_ipv6(fib, burst, i, link);
  if (type == ethertype_ipv4) return parse_underlay_ipv4(fib, burst, i, link);
  parse_network(fib, burst, i, type, link);
}

}  // namespace bgw::dataplane
