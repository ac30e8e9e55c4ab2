// The path MTU of tunnels: errors of the underlay that can be true, and others, through
// SlowPath::poll().
#include "dataplane/published/path_mtus.h"
#include "slow_path_nd_fixture.h"

namespace bgw::test {
namespace {

using control::SlowPathTunnel;
using dataplane::PathMtus;
using dataplane::TunnelIndex;

constexpr TunnelIndex by_v4{1};
constexpr TunnelIndex by_v6{2};

// What an outer packet of the gateway's looks like, and what is said about it.
struct TooBig {
  std::string local = "192.0.2.1", remote = "198.51.100.9";
  unsigned source_port = 50'000, destination_port = 4789;
  std::uint32_t vni = 5001;
  unsigned total_bytes = 1500;
  bool dont_fragment = true;
  unsigned udp_surplus = 0;
  std::size_t quoted_bytes = 60;  // of it
  std::uint32_t mtu = 1400;
  std::string router = "192.0.2.254";
};

TooBig too_big_v6() {
  return {.local = "2001:db8:ff::1",
          .remote = "2001:db8:fe::9",
          .quoted_bytes = 80,
          .router = "2001:db8:ff::fe"};
}

ByteVector outer_packet(const TooBig& said) {
  const bool v6 = said.local.find(':') != std::string::npos;
  ByteVector udp(said.total_bytes - (v6 ? 40 : 20));
  put16(udp, 0, said.source_port);
  put16(udp, 2, said.destination_port);
  put16(udp, 4, static_cast<unsigned>(udp.size()) + said.udp_surplus);
  udp[8] = 0x08;
  put32(udp, 12, said.vni << 8);
  auto packet = v6 ? ipv6_packet({.source = said.local, .destination = said.remote}, udp)
                   : ipv4_packet({.source = said.local,
                                  .destination = said.remote,
                                  .dont_fragment = said.dont_fragment},
                                 udp);
  packet.resize(said.quoted_bytes);
  return packet;
}

// VPC a goes by VXLAN over either family, b is another one's.
class PathMtuTest : public SlowPath6Test {
 protected:
  static constexpr VpcIndex underlay{7};

  static SlowPathVpc vxlan_a() {
    auto a = config6_a();
    a.vxlan = true;
    a.vni = 5001;
    a.mtu = 1430;
    a.flood = {by_v4, by_v6};
    return a;
  }
  static SlowPathVpc underlay_config() {
    return {
        .index = underlay,
        .name = "dc",
        .mac = mac(0xfc),
        .addresses = {interface_address("192.0.2.1", 24), interface_address("2001:db8:ff::1", 64)},
        .underlay = true};
  }
  static std::vector<SlowPathTunnel> tunnels() {
    return {
        {by_v4, underlay, addr("192.0.2.254"), addr("192.0.2.1"), addr("198.51.100.9")},
        {by_v6, underlay, addr("2001:db8:ff::fe"), addr("2001:db8:ff::1"), addr("2001:db8:fe::9")}};
  }
  void SetUp() override {
    start({});
    configure({vxlan_a(), config6_b(), underlay_config()}, tunnels());
    settle();
  }

  void hear(const TooBig& said, VpcIndex vpc = underlay) {
    const bool v6 = said.router.find(':') != std::string::npos;
    const auto quote = outer_packet(said);
    if (v6) {
      queue(PuntClass::local,
            ethernet6(icmp6_packet({.source = said.router, .destination = "2001:db8:ff::1"}, 2, 0,
                                   said.mtu, quote)),
            {.in_vpc = vpc, .vpc = vpc, .ip_offset = 14});
    } else {
      const auto own = vpc == underlay ? "192.0.2.1" : "10.1.1.1";
      queue(
          PuntClass::local,
          ethernet(icmp_packet({.source = said.router, .destination = own}, 3, 4, said.mtu, quote)),
          {.in_vpc = vpc, .vpc = vpc, .ip_offset = 14});
    }
    poll();
  }
  std::uint16_t limit(TunnelIndex tunnel) const {
    const auto found = io->path_limits.find(tunnel);
    return found == io->path_limits.end() ? PathMtus::unlimited : found->second;
  }
};

TEST_F(PathMtuTest, P59_what_a_hop_reports_bounds_the_tunnel) {
  hear({});
  EXPECT_EQ(limit(by_v4), 1350);
  hear(too_big_v6());
  EXPECT_EQ(limit(by_v6), 1330);
  EXPECT_EQ(slow->counters(underlay).consumed, 2u);
  EXPECT_TRUE(injected(InjectKind::originate).empty());
}

// RFC 792 asks for no more than eight bytes behind the IP header.
TEST_F(PathMtuTest, P59_a_quote_that_ends_with_udp_is_enough) {
  hear({.quoted_bytes = 28});
  EXPECT_EQ(limit(by_v4), 1350);
}

TEST_F(PathMtuTest, P59_it_falls_further_and_never_rises_by_a_report) {
  hear({.mtu = 1400});
  hear({.total_bytes = 1400, .mtu = 1300});
  EXPECT_EQ(limit(by_v4), 1250);
  hear({.mtu = 1400});
  EXPECT_EQ(limit(by_v4), 1250) << "about a packet that was under way";
}

TEST_F(PathMtuTest, P59_it_ages) {
  hear({});
  for (int i = 0; i < 599; ++i) after(1s);
  EXPECT_EQ(limit(by_v4), 1350);
  after(1s);
  EXPECT_EQ(limit(by_v4), PathMtus::unlimited);
  hear({});
  EXPECT_EQ(limit(by_v4), 1350) << "and falls again when it must";
}

TEST_F(PathMtuTest, P59_bounded_below) {
  hear({.mtu = 600});
  EXPECT_EQ(limit(by_v4), 576);
  hear({.total_bytes = 600, .mtu = 68});
  EXPECT_EQ(limit(by_v4), 576);
}

// RFC 1191 §5, §7.1.
TEST_F(PathMtuTest, P59_a_router_that_names_no_mtu_means_the_next_plateau) {
  hear({.mtu = 0});
  EXPECT_EQ(limit(by_v4), 1492 - 50);
  hear({.total_bytes = 1492, .mtu = 0});
  EXPECT_EQ(limit(by_v4), 1006 - 50);
}

TEST_F(PathMtuTest, P59_what_the_gateway_cannot_have_sent_is_not_believed) {
  const std::vector<TooBig> forged = {
      {.local = "192.0.2.2"},
      {.remote = "198.51.100.8"},
      {.source_port = 49'151},
      {.destination_port = 4790},
      {.vni = 5002},
      {.dont_fragment = false},
      {.udp_surplus = 1},
      {.quoted_bytes = 27},
      {.total_bytes = 1501, .mtu = 1400},  // more than the underlay carries
      {.total_bytes = 1400, .mtu = 1400},  // that fits
      {.mtu = 67},
  };
  for (const auto& said : forged) hear(said);
  auto v6 = too_big_v6();
  v6.mtu = 1279;  // RFC 8201 §4
  hear(v6);
  v6.mtu = 0;
  hear(v6);
  EXPECT_TRUE(io->path_limits.empty());
  EXPECT_EQ(drops(underlay, DropReason::icmp_unverified), forged.size() + 2);
}

TEST_F(PathMtuTest, P59_a_tenant_cannot_report) {
  hear({.router = "10.1.1.5"}, vpc_a);
  EXPECT_TRUE(io->path_limits.empty());
  EXPECT_EQ(drops(vpc_a, DropReason::icmp_unverified), 1u);
}

TEST_F(PathMtuTest, P59_what_is_known_goes_with_the_tunnel_and_stays_with_others) {
  hear({});
  hear(too_big_v6());
  auto moved = tunnels();
  moved[0].next_hop = addr("192.0.2.253");
  configure({vxlan_a(), config6_b(), underlay_config()}, moved);
  EXPECT_EQ(limit(by_v4), PathMtus::unlimited) << "another way";
  EXPECT_EQ(limit(by_v6), 1330);
  configure({vxlan_a(), config6_b(), underlay_config()}, {moved[0]});
  EXPECT_EQ(limit(by_v6), PathMtus::unlimited);
  hear(too_big_v6());
  EXPECT_EQ(drops(underlay, DropReason::icmp_unverified), 1u);
}

TEST_F(PathMtuTest, P59_what_is_known_goes_with_the_wire_of_the_underlay) {
  hear({});
  hear(too_big_v6());
  ASSERT_EQ(limit(by_v4), 1350);
  auto below = underlay_config();
  auto a = vxlan_a();
  a.vlan = below.vlan = 30;
  configure({a, config6_b(), below}, tunnels());
  EXPECT_EQ(limit(by_v4), PathMtus::unlimited);
  EXPECT_EQ(limit(by_v6), PathMtus::unlimited);
  settle();
  hear({});
  EXPECT_EQ(limit(by_v4), 1350);
  a.vni = 5002;
  configure({a, config6_b(), below}, tunnels());
  EXPECT_EQ(limit(by_v4), 1350) << "the way to its VTEPs is the same";
}

TEST_F(PathMtuTest, P59_vnis_may_change_owners) {
  auto b = config6_b();
  b.vxlan = true;
  b.vni = 5002;
  b.flood = {by_v4};
  configure({vxlan_a(), b, underlay_config()}, tunnels());
  auto a = vxlan_a();
  std::swap(a.vni, b.vni);
  configure({a, b, underlay_config()}, tunnels());
  hear({.vni = 5001});
  EXPECT_EQ(limit(by_v4), 1350);
  hear({.vni = 5002, .mtu = 1300});
  EXPECT_EQ(limit(by_v4), 1250);
  configure({a, config6_b(), underlay_config()}, tunnels());
  hear({.vni = 5001, .mtu = 1200});
  EXPECT_EQ(limit(by_v4), 1250) << "nobody's any more";
}

// Its own packets are cut to what the tunnel carries (RFC 8201 §4).
TEST_F(PathMtuTest, P59_the_gateways_own_packets_fit) {
  hear(too_big_v6());  // 1330 inside
  queue(PuntClass::nd,
        ethernet6(neighbour_packet(
            135, {.destination = "ff02::1:ff00:1", .options = link_option(1, mac(5))})),
        {.in_vpc = vpc_a, .vpc = vpc_a, .tunnel = by_v6, .ip_offset = 14});
  poll();
  io->injected.clear();
  queue(PuntClass::local,
        ethernet6(icmp6_packet({.source = "2001:db8:1::5", .destination = "2001:db8:1::1"}, 128, 0,
                               1, ByteVector(1380))),
        {.in_vpc = vpc_a, .vpc = vpc_a, .tunnel = by_v6, .ip_offset = 14});
  poll();
  const auto sent = injected(InjectKind::originate);
  ASSERT_EQ(sent.size(), 2u);
  for (const auto& fragment : sent) EXPECT_LE(fragment.bytes.size(), 1330u);
}

}  // namespace
}  // namespace bgw::test
