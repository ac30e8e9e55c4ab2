// Why a packet was dropped. One list makes the enum, the names of the counters and their texts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bgw::dataplane {

// X(name, text)
#define BGW_DROP_REASONS(X)                                                                \
  X(no_interface, "no enabled interface owns the frame (port, VLAN or VNI)")               \
  X(frame_truncated, "frame shorter than its headers")                                     \
  X(not_for_us, "destination MAC is not the gateway's")                                    \
  X(link_source, "Ethernet source that is a group or zero")                                \
  X(link_broadcast, "link-layer broadcast or multicast carrying a unicast IP packet")      \
  X(unknown_vlan, "VLAN tag that no interface owns")                                       \
  X(unknown_ethertype, "neither IPv4, IPv6 nor ARP")                                       \
  X(ipv4_version, "IP version is not 4 in an IPv4 frame")                                  \
  X(ipv4_header_length, "IPv4 header length below 20 bytes or beyond the packet")          \
  X(ipv4_total_length, "IPv4 total length below the header length or beyond the frame")    \
  X(ipv4_checksum, "wrong IPv4 header checksum")                                           \
  X(ipv4_options, "malformed IPv4 options")                                                \
  X(ipv4_source_route, "loose or strict source route option (RFC 7126)")                   \
  X(fragment_overflow, "fragment that would end beyond 65,535 bytes")                      \
  X(tiny_fragment, "fragment with offset 1 (RFC 1858)")                                    \
  X(ipv6_version, "IP version is not 6 in an IPv6 frame")                                  \
  X(ipv6_payload_length, "IPv6 payload length beyond the frame")                           \
  X(arp_malformed, "ARP that is truncated or not Ethernet/IPv4")                           \
  X(nd_malformed, "neighbour discovery: hop limit, checksum, code, options or length")     \
  X(mld_malformed, "MLD query: source, hop limit, router alert, checksum or length")       \
  X(vxlan_malformed, "VXLAN without the I flag, or UDP or VXLAN shorter than its headers") \
  X(vxlan_unknown_vni, "VNI that no interface owns")                                       \
  X(vxlan_unknown_vtep, "VTEP that is not among the remotes of the VNI's interface")       \
  X(vxlan_inner_vlan, "VLAN tag inside VXLAN")                                             \
  X(outer_checksum, "wrong UDP checksum of VXLAN")                                         \
  X(outer_fragment, "fragment of a VXLAN packet (RFC 7348)")                               \
  X(ecn_mismatch, "congestion marked outside VXLAN, which the packet inside cannot carry") \
  X(underlay_foreign, "on an underlay, but not to the gateway's own address")              \
  X(martian_source, "source is multicast, loopback, unspecified, class E or link-local")   \
  X(source_spoofed, "source outside the VPC (strict check), or from outside a VPC's")      \
  X(source_own, "source is an address of the gateway itself")                              \
  X(source_no_host, "source is the network, broadcast or anycast address of a link")       \
  X(destination_multicast, "multicast, which is not routed (hosts' MLD, mDNS, DHCPv6)")    \
  X(destination_broadcast, "limited or directed broadcast destination (hosts' DHCP)")      \
  X(destination_martian, "destination is loopback, unspecified, class E or link-local")    \
  X(no_route, "no route to the destination")                                               \
  X(blackhole, "blackhole route")                                                          \
  X(edge_to_edge, "from a gateway's outside interface to outside")                         \
  X(routing_loop, "delivery would lead back to a gateway")                                 \
  X(ttl_expired, "TTL or hop limit 0 or 1 in transit")                                     \
  X(mtu_exceeded, "larger than the MTU of the way out")                                    \
  X(neighbour_unreachable, "the neighbour did not answer")                                 \
  X(hold_queue_full, "too many packets wait for the neighbour or in the VPC")              \
  X(neighbour_limit, "to a VPC that has as many neighbours as it may")                     \
  X(ipv6_extension, "to the gateway itself: IPv6 extension header that it refuses")        \
  X(port_unreachable, "to the gateway itself: protocol or port that it does not serve")    \
  X(icmp_malformed, "ICMP to the gateway with a bad checksum or length")                   \
  X(icmp_unverified, "ICMP error about a VXLAN packet that the gateway can't have sent")   \
  X(punt_policed, "to the control thread, over its class's or VPC's rate")                 \
  X(punt_queue_full, "to the control thread, whose queue is full")                         \
  X(tx_queue_full, "transmit queue full after bounded retries")                            \
  X(link_down, "the link of the way out is down; counted where it would have left")        \
  X(no_headroom, "no room in the packet buffer for the new header")                        \
  X(no_buffer, "no packet buffers left to make fragments")                                 \
  X(reassembly_failed, "fragment to the gateway that could not be reassembled")

enum class DropReason : std::uint8_t {
#define BGW_X(name, text) name,
  BGW_DROP_REASONS(BGW_X)
#undef BGW_X
      count_
};
inline constexpr std::size_t drop_reason_count = static_cast<std::size_t>(DropReason::count_);

constexpr std::string_view name_of(DropReason reason) {
  constexpr std::string_view names[] = {
#define BGW_X(name, text) #name,
      BGW_DROP_REASONS(BGW_X)
#undef BGW_X
  };
  return names[static_cast<std::size_t>(reason)];
}
constexpr std::string_view text_of(DropReason reason) {
  constexpr std::string_view texts[] = {
#define BGW_X(name, text) text,
      BGW_DROP_REASONS(BGW_X)
#undef BGW_X
  };
  return texts[static_cast<std::size_t>(reason)];
}

}  // namespace bgw::dataplane
