// A gateway's outside interface: into VPCs by the gateway's table (F3), from VPCs to routers on its
// links, never from outside to outside (F5), and never with a VPC's source (X2).
#include <gtest/gtest.h>

#include "tests/packet/lab.h"

namespace bgw::packet_test {
namespace {

// As TwoVpcs, and two outside interfaces of the gateway: e at 192.0.2.1/30 and 2001:db8:e::1/64
// with the router .2 and ::2, behind which are 198.51.100.0/24 and 2001:db8:ee::/48; f at
// 192.0.2.5/30 with the router .6, behind which is 203.0.113.0/24.
struct Outside : TwoVpcs {
  VpcIndex e, f;
  Mac router_e = mac(2, 0xe), router_f = mac(6, 0xf);

  Outside() {
    e = add_outside("192.0.2.1/30", "2001:db8:e::1/64");
    f = add_outside("192.0.2.5/30", "2001:db8:f::1/64");
    auto& routes = plan.tables[gateway.value];
    routes.push_back(route("198.51.100.0/24", plan.via(e, "192.0.2.2")));
    routes.push_back(route("203.0.113.0/24", plan.via(f, "192.0.2.6")));
    routes.push_back(route("10.66.7.0/24", plan.via(e, "192.0.2.2")));
    plan.tables_v6[gateway.value].push_back(
        route_v6("2001:db8:ee::/48", plan.via(e, "2001:db8:e::2")));
    for (const char* outside : {"198.51.100.0/24", "203.0.113.0/24"})
      plan.main_of(a).push_back(route(outside, plan.cross(gateway, a)));
    add_neighbour(e, "192.0.2.2", router_e);
    add_neighbour(e, "2001:db8:e::2", router_e);
    add_neighbour(f, "192.0.2.6", router_f);
    publish();
  }

  VpcIndex add_outside(const std::string& own, const std::string& own_v6) {
    const VpcIndex index = add_vpc(own, 1500, own_v6);
    const NextHop to_gateway = plan.cross(gateway, index);
    VpcFib& slot = plan.vpcs[index.value];
    slot.outside = true;
    slot.gateway = gateway;
    slot.attachment = AttachmentIndex{to_gateway.index()};
    // What the gateway itself sends goes by the main table; what comes in by one of its own.
    plan.main_of(index).push_back(route("0.0.0.0/0", to_gateway));
    plan.main_v6_of(index).push_back(route_v6("::/0", to_gateway));
    const auto own_links = [](auto& routes) {
      for (auto& one : routes)
        if (NextHop{one.value}.kind() == NextHopKind::on_link)
          one.value = NextHop::discard(DropReason::edge_to_edge).value();
    };
    const TableIndex main = slot.main_table, sources = slot.source_table;
    const TableIndex received = plan.table(plan.tables[main.value], plan.tables_v6[main.value]);
    own_links(plan.tables[received.value]);
    own_links(plan.tables_v6[received.value]);
    const NextHop by_received = NextHop::make(NextHopKind::table, received.value);
    const auto any_source = [&](auto& routes) {
      for (auto& one : routes)
        if (NextHop{one.value}.kind() == NextHopKind::table) one.value = by_received.value();
    };
    any_source(plan.tables[sources.value]);
    any_source(plan.tables_v6[sources.value]);
    plan.tables[sources.value].push_back(route("0.0.0.0/0", by_received));
    plan.tables_v6[sources.value].push_back(route_v6("::/0", by_received));
    return index;
  }
  Bytes from_e(const std::string& source, const std::string& destination) const {
    return frame(e, Ipv4{.source = source, .destination = destination});
  }
};

TEST(OutsideInterface, F3_what_comes_in_enters_the_vpc_that_the_gateway_leads_to) {
  Outside lab;
  const Bytes sent = lab.from_e("198.51.100.7", "10.2.0.20");
  const Outcome outcome = lab.receive(lab.e, sent);
  ASSERT_EQ(outcome.sent.size(), 1u);
  EXPECT_EQ(outcome.sent[0].vpc, lab.b);
  EXPECT_EQ(outcome.sent[0].frame, as_forwarded(sent, lab.host_b, lab.mac_of(lab.b)));
  const Bytes sent_v6 =
      lab.frame(lab.e, Ipv6{.source = "2001:db8:ee::7", .destination = "2001:db8:2::20"});
  const Outcome v6 = lab.receive(lab.e, sent_v6);
  ASSERT_EQ(v6.sent.size(), 1u);
  EXPECT_EQ(v6.sent[0].vpc, lab.b);
}

TEST(OutsideInterface, F4_what_leaves_a_vpc_gets_the_routers_mac) {
  Outside lab;
  const Bytes sent = lab.from_a({.destination = "198.51.100.7"});
  const Outcome outcome = lab.receive(lab.a, sent);
  ASSERT_EQ(outcome.sent.size(), 1u);
  EXPECT_EQ(outcome.sent[0].vpc, lab.e);
  EXPECT_EQ(outcome.sent[0].frame, as_forwarded(sent, lab.router_e, lab.mac_of(lab.e)));
  const Outcome v6 = lab.receive(lab.a, lab.from_a_v6({.destination = "2001:db8:ee::7"}));
  ASSERT_EQ(v6.sent.size(), 1u);
  EXPECT_EQ(v6.sent[0].vpc, lab.e);
}

TEST(OutsideInterface, F4_of_a_group_of_routers_a_flow_takes_one) {
  Outside lab;
  auto& routes = lab.plan.tables[lab.gateway.value];
  routes.push_back(route("100.64.0.0/10", lab.plan.group({lab.plan.via(lab.e, "192.0.2.2"),
                                                          lab.plan.via(lab.f, "192.0.2.6")})));
  lab.plan.main_of(lab.a).push_back(route("100.64.0.0/10", lab.plan.cross(lab.gateway, lab.a)));
  lab.publish();
  std::size_t by_e = 0;
  for (std::uint16_t flow = 0; flow < 64; ++flow) {
    const Bytes sent = lab.from_a({.destination = "100.64.0.1", .payload = ports(flow, 80)});
    const Outcome first = lab.receive(lab.a, sent), again = lab.receive(lab.a, sent);
    ASSERT_EQ(first.sent.size(), 1u);
    ASSERT_EQ(again.sent.size(), 1u);
    EXPECT_EQ(first.sent[0].vpc, again.sent[0].vpc);
    by_e += first.sent[0].vpc == lab.e;
  }
  EXPECT_GT(by_e, 10u);
  EXPECT_LT(by_e, 54u);
}

TEST(OutsideInterface, F5_nothing_goes_from_outside_to_outside) {
  Outside lab;
  // Behind the other interface, behind the same one, on its own link, and by the group.
  for (const char* destination : {"203.0.113.9", "198.51.100.9", "192.0.2.2"}) {
    const auto before = lab.drops(lab.e, DropReason::edge_to_edge);
    const Outcome outcome = lab.receive(lab.e, lab.from_e("198.51.100.7", destination));
    EXPECT_TRUE(outcome.sent.empty()) << destination;
    EXPECT_TRUE(outcome.punted.empty()) << destination;
    EXPECT_EQ(lab.drops(lab.e, DropReason::edge_to_edge), before + 1) << destination;
  }
  const Bytes v6 =
      lab.frame(lab.f, Ipv6{.source = "2001:db8:ff::7", .destination = "2001:db8:ee::7"});
  expect_dropped(lab, lab.f, lab.receive(lab.f, v6), DropReason::edge_to_edge);
}

TEST(OutsideInterface, F5_a_group_of_routers_is_outside_too) {
  Outside lab;
  lab.plan.tables[lab.gateway.value].push_back(
      route("100.64.0.0/10",
            lab.plan.group({lab.plan.via(lab.e, "192.0.2.2"), lab.plan.via(lab.f, "192.0.2.6")})));
  lab.publish();
  expect_dropped(lab, lab.e, lab.receive(lab.e, lab.from_e("198.51.100.7", "100.64.0.1")),
                 DropReason::edge_to_edge);
}

TEST(OutsideInterface, X2_nothing_comes_in_from_a_vpcs_address) {
  Outside lab;
  // To a VPC, to the gateway's own address, and to nowhere.
  std::uint64_t spoofed = 0;
  for (const char* destination : {"10.2.0.20", "192.0.2.1", "172.16.0.1"}) {
    const Outcome outcome = lab.receive(lab.e, lab.from_e("10.1.0.10", destination));
    EXPECT_TRUE(outcome.sent.empty()) << destination;
    for (const Punted& punted : outcome.punted)
      EXPECT_NE(punted.note.punt, PuntClass::local) << destination;
    EXPECT_EQ(lab.drops(lab.e, DropReason::source_spoofed), ++spoofed) << destination;
  }
  const Bytes v6 =
      lab.frame(lab.e, Ipv6{.source = "2001:db8:1::10", .destination = "2001:db8:2::20"});
  EXPECT_TRUE(lab.receive(lab.e, v6).sent.empty());
  EXPECT_EQ(lab.drops(lab.e, DropReason::source_spoofed), ++spoofed);
}

// The longest match decides whose a source is: what a router outside has within a blackhole, or
// within a VPC's route, is the router's. What is black-holed is nobody's.
TEST(OutsideInterface, X2_goes_by_the_longest_match) {
  Outside lab;
  expect_dropped(
      lab, lab.f,
      lab.receive(lab.f, lab.frame(lab.f, Ipv4{.source = "10.66.9.1", .destination = "10.2.0.20"})),
      DropReason::source_spoofed);
  EXPECT_EQ(lab.receive(lab.e, lab.from_e("10.66.7.1", "10.2.0.20")).sent.size(), 1u);
  lab.plan.tables[lab.gateway.value].push_back(
      route("10.2.128.0/17", lab.plan.via(lab.e, "192.0.2.2")));
  lab.publish();
  EXPECT_EQ(lab.receive(lab.e, lab.from_e("10.2.128.1", "10.1.0.10")).sent.size(), 1u);
  EXPECT_TRUE(lab.receive(lab.e, lab.from_e("10.2.127.1", "10.1.0.10")).sent.empty());
}

TEST(OutsideInterface, X2_looks_into_groups_of_attachments) {
  Outside lab;
  lab.plan.tables[lab.gateway.value].push_back(route(
      "10.9.0.0/16",
      lab.plan.group({lab.plan.cross(lab.gateway, lab.a), lab.plan.cross(lab.gateway, lab.b)})));
  lab.publish();
  expect_dropped(lab, lab.e, lab.receive(lab.e, lab.from_e("10.9.0.1", "10.2.0.20")),
                 DropReason::source_spoofed);
}

TEST(OutsideInterface, F1_nobodys_sources_are_dropped_outside_too) {
  Outside lab;
  expect_dropped(lab, lab.e, lab.receive(lab.e, lab.from_e("192.0.2.1", "10.2.0.20")),
                 DropReason::source_own);
  expect_dropped(
      lab, lab.f,
      lab.receive(lab.f, lab.frame(lab.f, Ipv4{.source = "192.0.2.7", .destination = "10.2.0.20"})),
      DropReason::source_no_host);
}

TEST(OutsideInterface, what_is_for_the_gateway_goes_to_the_control_thread) {
  Outside lab;
  const Outcome outcome = lab.receive(lab.e, lab.from_e("192.0.2.2", "192.0.2.1"));
  ASSERT_EQ(outcome.punted.size(), 1u);
  EXPECT_EQ(outcome.punted[0].note.punt, PuntClass::local);
  EXPECT_EQ(outcome.punted[0].note.vpc, lab.e);
}

// Its answers to routers on the link, to hosts behind routers, and to VPCs.
TEST(OutsideInterface, what_the_gateway_itself_sends_goes_everywhere) {
  Outside lab;
  const auto sent_to = [&](const char* destination) {
    const Bytes packet = ipv4({.source = "192.0.2.1", .destination = destination});
    const Outcome outcome = lab.inject(packet, {.inject = InjectKind::originate, .vpc = lab.e});
    return outcome.sent.size() == 1 ? outcome.sent[0].vpc : no_vpc;
  };
  EXPECT_EQ(sent_to("192.0.2.2"), lab.e);
  EXPECT_EQ(sent_to("198.51.100.7"), lab.e);
  EXPECT_EQ(sent_to("203.0.113.9"), lab.f);
  EXPECT_EQ(sent_to("10.2.0.20"), lab.b);
}

TEST(OutsideInterface, that_is_down_takes_and_gets_nothing) {
  Outside lab;
  lab.plan.vpcs[lab.e.value].enabled = false;
  lab.publish();
  expect_dropped(lab, lab.a, lab.receive(lab.a, lab.from_a({.destination = "198.51.100.7"})),
                 DropReason::no_route);
  EXPECT_TRUE(lab.receive(lab.e, lab.from_e("198.51.100.7", "10.2.0.20")).sent.empty());
}

TEST(OutsideInterface, crossings_are_counted_by_attachment_and_interface) {
  Outside lab;
  const Bytes out = lab.from_a({.destination = "198.51.100.7"});
  const Bytes in = lab.from_e("198.51.100.7", "10.1.0.10");
  ASSERT_EQ(lab.receive(lab.a, std::vector<Bytes>{out, out}).sent.size(), 2u);
  ASSERT_EQ(lab.receive(lab.e, in).sent.size(), 1u);
  EXPECT_EQ(lab.crossings(lab.gateway, lab.a).to_gateway_packets, 2u);
  EXPECT_EQ(lab.crossings(lab.gateway, lab.a).to_vpc_packets, 1u);
  EXPECT_EQ(lab.crossings(lab.gateway, lab.e),
            (AttachmentCounters{.to_gateway_packets = 1,
                                .to_gateway_bytes = in.size() - 14,
                                .to_vpc_packets = 2,
                                .to_vpc_bytes = 2 * (out.size() - 14)}));
}

TEST(OutsideInterface, mtu_and_ttl_are_as_anywhere) {
  Outside lab;
  const Outcome expired = lab.receive(
      lab.e,
      lab.frame(lab.e, Ipv4{.source = "198.51.100.7", .destination = "10.2.0.20", .ttl = 1}));
  EXPECT_TRUE(expired.sent.empty());
  EXPECT_EQ(lab.drops(lab.e, DropReason::ttl_expired), 1u);
  lab.plan.vpcs[lab.e.value].mtu = 600;
  lab.publish();
  EXPECT_TRUE(lab.receive(lab.a, lab.from_a({.destination = "198.51.100.7",
                                             .flags_fragment = dont_fragment,
                                             .payload = Bytes(900)}))
                  .sent.empty());
  EXPECT_EQ(lab.drops(lab.a, DropReason::mtu_exceeded), 1u);
}

}  // namespace
}  // namespace bgw::packet_test
