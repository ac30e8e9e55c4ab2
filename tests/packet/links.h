// What stands between a VPC's frames and a port's, made and taken apart plainly and apart from the
// code under test: nothing, a VLAN tag, VXLAN, or VXLAN within a VLAN.
#pragma once

#include <string>

#include "dataplane/published/fib.h"
#include "tests/packet/packet_builder.h"

namespace bgw::packet_test {

// How the VPCs of a run are connected. One program runs all its tests over one kind, given by
// --link=port|vlan|qinq|vxlan|vxlan6|vxlan-vlan.
enum class LinkUnderTest { port, vlan, qinq, vxlan, vxlan6, vxlan_vlan };
LinkUnderTest link_under_test();
void set_link_under_test(const std::string& name);  // throws std::invalid_argument
inline bool over_vxlan() {
  return link_under_test() >= LinkUnderTest::vxlan;
}
inline bool over_vlan() {
  return link_under_test() == LinkUnderTest::vlan || link_under_test() == LinkUnderTest::qinq;
}

// The underlay of VXLAN runs: the gateway and the one remote VTEP of all VPCs.
struct TestUnderlay {
  std::string own, remote;
  Mac own_mac = mac(1, 0xee), remote_mac = mac(7, 0xee);
};
TestUnderlay test_underlay();
constexpr std::uint32_t test_vni(std::uint32_t vpc) {
  return 0x12300 + vpc;
}
constexpr std::uint16_t test_vlan(std::uint32_t vpc) {
  return static_cast<std::uint16_t>(100 + vpc);
}
constexpr std::uint16_t test_outer_vlan = 7;

// The tags of VPC `vpc`, as bytes.
Bytes test_tags(std::uint32_t vpc);

// A frame of the underlay as its port carries it, where that is a VLAN of the port, and back, which
// expects the tag. Others stay as they are, and so does what is too short for a tag.
constexpr std::uint16_t underlay_vlan = 200;
bool underlay_is_vlan();
Bytes with_underlay_tag(Bytes frame);
Bytes without_underlay_tag(Bytes carried);

struct Vxlan {
  std::string source, destination;
  std::uint16_t source_port = 50000, destination_port = 4789;
  std::uint8_t ttl = 64, traffic_class = 0;
  std::uint32_t flags = 0x08000000, vni_word = 0;  // with their reserved bits
  bool checksum = false;                           // of UDP
  std::uint16_t flags_fragment = 0;
};
// Outer IP packet around `frame`.
Bytes vxlan(const Vxlan& outer, const Bytes& frame);
// From the remote VTEP to the gateway, a whole Ethernet frame.
Bytes from_vtep(std::uint32_t vni, const Bytes& frame);
Bytes from_vtep(const Vxlan& outer, const Bytes& frame);
Vxlan vtep_header(std::uint32_t vni);

// A frame of the VPC as its port carries it, and back. unwrap() expects every byte around the frame
// to be right, and returns which VPC it belongs to.
Bytes wrap(std::uint32_t vpc, const Bytes& frame);
struct Unwrapped {
  std::uint32_t vpc = UINT32_MAX;
  Bytes frame;
};
Unwrapped unwrap(const Bytes& carried);
// The outer header of a VXLAN frame that was sent.
struct SentOuter {
  std::uint16_t source_port;
  std::uint8_t ttl, traffic_class;
};
SentOuter outer_of(const Bytes& carried);

}  // namespace bgw::packet_test
