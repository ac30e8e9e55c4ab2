// The FIB as workers see it: one immutable snapshot behind one pointer.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "dataplane/published/fdb_table.h"
#include "dataplane/published/neighbour_table.h"
#include "dataplane/published/next_hop.h"
#include "dataplane/published/path_mtus.h"
#include "dataplane/published/types.h"
#include "dataplane/published/wire.h"
#include "lpm/lpm.h"

namespace bgw::dataplane {

// What stands behind an interface.
enum class LinkKind : std::uint8_t {
  wire,      // frames of a port, tagged or not
  vxlan,     // frames inside VXLAN, to and from `remotes`
  underlay,  // frames of a port, which carry VXLAN; no VPC
};

// The VLAN tags of an interface's frames, as they are written between addresses and type.
struct VlanTags {
  std::array<VlanTag, 2> tags{};
  std::uint8_t bytes = 0;  // 0, 4 or 8
};

// A VPC with its virtual interface, or an underlay or a gateway's outside interface, which share
// the slots. A slot without any has `in_use` false.
struct alignas(64) VpcFib {
  bool in_use = false;
  bool enabled = false;  // administratively up
  Mac mac;               // the gateway's, in this VPC
  PortId port;           // that frames leave by; of a VXLAN interface its underlay's
  std::uint16_t mtu =
      1500;  // bytes of IP packet; of a VXLAN interface what fits through the tunnels
  TableIndex source_table;  // F1: values are NextHop{table}, {discard} of nobody's, or none
  TableIndex main_table;    // F4, and for packets that the gateway originates
  LinkKind kind = LinkKind::wire;
  bool uniform_dscp = false;       // VXLAN: RFC 2983 uniform model, else pipe
  std::uint16_t underlay = 0;      // LinkKind::underlay: which of FibSnapshot::underlays
  std::uint32_t vni = 0;           // VXLAN
  std::uint32_t first_remote = 0;  // VXLAN: its part of FibSnapshot::remotes
  std::uint32_t remote_count = 0;
  VlanTags tags;
  // A gateway's interface towards routers outside, no VPC. Its source table names the table of what
  // comes in, its main table is that of what the gateway itself sends.
  bool outside = false;
  TableIndex gateway;          // outside: whose interface it is (X2)
  AttachmentIndex attachment;  // outside: its own
};
static_assert(sizeof(VpcFib) == 64);

struct EcmpGroup {
  std::uint32_t count = 0;  // 1–4
  std::array<NextHop, 4> members{};
};

// A next hop by address (appliance or VPC router).
struct AddressNextHop {
  VpcIndex vpc;
  MappedAddress address;
};

// One VPC's attachment to one gateway, or what a gateway's outside interface has like one. A packet
// that crosses the gateway enters by one, from its VPC's table (F2) into the gateway's (F3), and
// leaves by another, into the VPC that it is delivered in (F4).
struct Attachment {
  TableIndex gateway;
  VpcIndex vpc;
};

// A VTEP that frames of a VPC may come from.
struct Remote {
  MappedAddress vtep;
  TunnelIndex tunnel;
};

// A way to a VTEP (RFC 7348 §5): the headers that are put before a frame, complete but for lengths,
// outer destination MAC, source port, VNI and DSCP (encapsulation.h).
struct Tunnel {
  static constexpr std::size_t max_header_bytes = sizeof(EthernetHeader) + 2 * sizeof(VlanTag) +
                                                  sizeof(Ipv6Header) + sizeof(UdpHeader) +
                                                  sizeof(VxlanHeader);
  VpcIndex underlay;       // its slot
  MappedAddress remote;    // the VTEP
  MappedAddress next_hop;  // that or the underlay's router
  std::uint8_t ip_at = 0;  // where the outer IP header starts
  std::uint8_t header_bytes = 0;
  bool ipv6 = false;
  std::array<std::uint8_t, max_header_bytes> header{};
};

// Control thread: the headers from `local`, an address of the underlay whose slot is `underlay`, to
// `remote`, by way of `next_hop`. Addresses are of one family.
Tunnel make_tunnel(VpcIndex underlay, const VpcFib& slot, const MappedAddress& local,
                   const MappedAddress& remote, const MappedAddress& next_hop);

// What an underlay receives.
struct UnderlayFib {
  std::vector<MappedAddress> own;                        // VTEP addresses of the gateway
  std::vector<std::pair<std::uint32_t, VpcIndex>> vnis;  // hash table: {VNI + 1, its VPC}, or {0, }

  bool is_local_vtep(const MappedAddress& address) const noexcept {
    for (const MappedAddress& a : own)
      if (a == address) return true;
    return false;
  }
  VpcIndex owner(std::uint32_t vni) const noexcept {
    if (vnis.empty()) return no_vpc;
    const std::size_t mask = vnis.size() - 1;
    for (std::size_t at = place(vni) & mask;; at = (at + 1) & mask) {
      if (vnis[at].first == vni + 1) return vnis[at].second;
      if (vnis[at].first == 0) return no_vpc;
    }
  }
  // Fills `vnis`, at most half.
  void index(std::span<const std::pair<std::uint32_t, VpcIndex>> owners);

 private:
  static std::size_t place(std::uint32_t vni) noexcept {
    return std::uint64_t{vni} * 0x9e3779b97f4a7c15u >> 40;
  }
};

// Who owns the frames of a port. Copies share their lists until one of them changes.
struct PortFib {
  static constexpr std::size_t vlan_ids = 4096;
  using ByVlan = std::array<VpcIndex, vlan_ids>;
  using ByOuter = std::array<std::shared_ptr<ByVlan>, vlan_ids>;

  VpcIndex untagged = no_vpc;         // frames without a VLAN tag, or with id 0
  std::shared_ptr<ByVlan> by_vlan;    // by 802.1Q id; null when there is none
  std::shared_ptr<ByOuter> by_outer;  // by 802.1ad id, then 802.1Q id; null likewise

  VpcIndex owner(std::uint16_t vlan) const noexcept {
    if (vlan == 0) return untagged;
    return by_vlan && vlan < vlan_ids ? (*by_vlan)[vlan] : no_vpc;
  }
  VpcIndex owner(std::uint16_t outer, std::uint16_t inner) const noexcept {
    if (!by_outer || outer >= vlan_ids || inner >= vlan_ids) return no_vpc;
    const auto& by_inner = (*by_outer)[outer];
    return by_inner ? (*by_inner)[inner] : no_vpc;
  }
  // Before the snapshot is published. What this copy shares, others must not give up meanwhile.
  // `no_vpc`: nobody does any more.
  void own(std::uint16_t vlan, VpcIndex vpc);
  void own(std::uint16_t outer, std::uint16_t inner, VpcIndex vpc);
};

struct RxQueue {
  PortId port;
  QueueId queue;
};

// Indices into these arrays are stable from one snapshot to the next for what lives on, because
// tables that did not change are shared between snapshots.
struct FibSnapshot {
  std::uint64_t generation = 0;
  const std::uint32_t* lpm_base = nullptr;
  std::vector<lpm::Ipv4Descriptor> tables;      // by TableIndex: its IPv4 routes
  std::vector<lpm::Ipv6Descriptor> tables_v6;   // by TableIndex: its IPv6 routes
  std::vector<VpcFib> vpcs;                     // by VpcIndex
  std::vector<Attachment> attachments;          // by AttachmentIndex
  std::vector<EcmpGroup> groups;                // by NextHop::index()
  std::vector<AddressNextHop> address_hops;     // likewise
  std::vector<PortFib> ports;                   // by PortId
  std::vector<Remote> remotes;                  // of all VXLAN interfaces, each one's by VTEP
  std::vector<Tunnel> tunnels;                  // by TunnelIndex; the first one is none
  std::vector<UnderlayFib> underlays;           // by VpcFib::underlay
  std::vector<std::vector<RxQueue>> rx_queues;  // by worker: what it polls
  const NeighbourTable* neighbours = nullptr;   // outlives every snapshot
  const FdbTable* fdb = nullptr;                // likewise; null without VXLAN
  const PathMtus* path_mtus = nullptr;          // likewise; Dataplane::publish() fills it in

  // The tunnel to a VTEP of a VXLAN interface; no_tunnel when it isn't one of its remotes.
  TunnelIndex tunnel_of(const VpcFib& vpc, const MappedAddress& vtep) const noexcept;
  // The largest IP packet that the tunnel's path has room for.
  std::uint16_t path_mtu(TunnelIndex tunnel) const noexcept {
    return path_mtus == nullptr ? PathMtus::unlimited : path_mtus->of(tunnel);
  }
  // May frames of the interface leave by the tunnel? Neighbours outlive snapshots, so one may still
  // be behind a VTEP that has ceased to be a remote.
  bool uses(const VpcFib& vpc, TunnelIndex tunnel) const noexcept;
};

}  // namespace bgw::dataplane
