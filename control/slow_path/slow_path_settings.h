// What the slow path serves, and what of that a commit changes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/model.h"
#include "dataplane/published/types.h"

namespace bgw::control {

// One VPC as the slow path needs it.
struct SlowPathVpc {
  dataplane::VpcIndex index;
  std::string name;
  bool enabled = true;
  dataplane::Mac mac;
  std::uint16_t mtu = 1500;
  std::vector<config::InterfaceAddress> addresses;
  dataplane::PortId port;          // of a VXLAN VPC, as its VLAN ids, those of its underlay
  std::uint16_t vlan = 0;          // 802.1Q id; 0: untagged
  std::uint16_t outer_vlan = 0;    // 802.1ad id; 0: none
  bool autoconfiguration = false;  // hosts may make themselves IPv6 addresses (RFC 4862)
  bool underlay = false;           // carries tunnels: the gateway is a host there, no router
  bool outside = false;            // a gateway's interface: towards routers, not hosts
  bool vxlan = false;
  std::uint32_t vni = 0;                      // of a VXLAN VPC
  std::vector<dataplane::TunnelIndex> flood;  // of a VXLAN VPC: all tunnels that it uses
  // Of its static routes, and its router: kept known, like the next hops of tunnels. Ascending.
  std::vector<dataplane::MappedAddress> next_hops;
  friend bool operator==(const SlowPathVpc&, const SlowPathVpc&) = default;
};

// A way to a VTEP: what it needs of the underlay. An index means the same VTEP for as long as it is
// served.
struct SlowPathTunnel {
  dataplane::TunnelIndex index;
  dataplane::VpcIndex underlay;
  dataplane::MappedAddress next_hop;  // on a link of the underlay
  dataplane::MappedAddress local{};   // what outer packets come from
  dataplane::MappedAddress remote{};  // and go to: the VTEP
  friend bool operator==(const SlowPathTunnel&, const SlowPathTunnel&) = default;
};

// All of it. No index is there twice.
struct SlowPathSettings {
  std::vector<SlowPathVpc> vpcs;
  std::vector<SlowPathTunnel> tunnels;
};

// What is gone goes first. To take a slot over for a VPC of another name it is enough to put that.
struct SlowPathChange {
  std::vector<dataplane::VpcIndex> gone;
  std::vector<SlowPathVpc> put;  // new, or not as before
  std::vector<dataplane::TunnelIndex> tunnels_gone;
  std::vector<SlowPathTunnel> tunnels_put;
};

// Applied to `before`, it leads to `after`; in the order of these. For whoever has both: n log n in
// their size.
SlowPathChange change_between(const SlowPathSettings& before, const SlowPathSettings& after);

}  // namespace bgw::control
