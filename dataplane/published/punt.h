// What crosses between workers and the control thread besides the FIB: packets, with a note each.
#pragma once

#include <cstdint>

#include "dataplane/published/drop_reason.h"
#include "dataplane/published/types.h"

struct rte_mbuf;

namespace bgw::dataplane {

// Worker → control. One bounded ring per class and worker, so that a flood of one class starves no
// other.
enum class PuntClass : std::uint8_t {
  arp,    // an ARP frame, checked to be complete Ethernet/IPv4 ARP; data starts at Ethernet
  nd,     // neighbour discovery: ICMPv6 133–137 with hop limit 255, to the gateway's MAC or a
          // multicast one; and MLD queries of the link; whole frame, ICMPv6 unchecked
  glean,  // an IP packet whose neighbour (`vpc`, `address`) is unknown; unchanged
  local,  // an IP packet to the gateway's address `address` in `vpc`, or to a group of that link
  icmp_error,  // a packet dropped for `reason`, to be answered with an ICMP error; whole frame
  answer,      // as arp or nd: a neighbour answers what the gateway has asked it
  known,       // as arp or nd: of a neighbour that has answered before, and doesn't say much
  count_
};

// Control → worker.
enum class InjectKind : std::uint8_t {
  frame,      // a complete Ethernet frame without tags, to leave on the interface of `vpc`, in a
              // VXLAN VPC by `tunnel`
  originate,  // an IP packet of the gateway itself, sent by `vpc`'s main table (F2–F4); data starts
              // at IP
  rewalk,  // a held packet with the note it was punted with: the whole walk again from `in_vpc`, by
           // the present FIB. With ip_offset 0 it is the gateway's own, and `in_vpc` its sender.
};

// Lives in the mbuf's private area.
struct PacketNote {
  PuntClass punt = PuntClass::arp;
  InjectKind inject = InjectKind::frame;
  DropReason reason = DropReason::count_;  // icmp_error: why
  VpcIndex in_vpc = no_vpc;                // interface it came in on
  VpcIndex vpc = no_vpc;                   // arp, glean, local, inject: the VPC concerned
  MappedAddress address;                   // glean: next hop; local: own address
  TunnelIndex tunnel;                      // arp, nd: came in by; inject frame: leaves by
  std::uint16_t mtu = 0;                   // icmp_error for mtu_exceeded: MTU of the way out
  // glean: a frame that was injected whole, and waits for a next hop of the underlay. Given back,
  // it leaves as it is.
  bool whole_frame = false;
  // Where the IP or ARP header starts: behind Ethernet and its VLAN tags, or 0 for what the gateway
  // originated.
  std::uint16_t ip_offset = 0;
};

PacketNote& note_of(rte_mbuf* packet);

}  // namespace bgw::dataplane
