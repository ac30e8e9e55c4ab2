// I1, I2 and the rules F3–F4: packets reach the VPCs that the tables lead to, and no other.
#include <gtest/gtest.h>

#include <array>
#include <map>

#include "tests/packet/lab.h"

namespace bgw::packet_test {
namespace {

// Four VPCs with the same addresses. Only 0 → 1 and 2 → 3 are connected, by two gateways that know
// the same remote prefix.
struct Twins : Lab {
  std::array<VpcIndex, 4> vpcs;
  Twins() {
    for (std::uint8_t v = 0; v < 4; ++v) {
      vpcs[v] = add_vpc("10.1.0.1/16");
      add_neighbour(vpcs[v], "10.1.0.10", mac(10, v));
      plan.main_of(vpcs[v]).push_back(route("192.168.0.0/16", plan.via(vpcs[v], "10.1.0.10")));
    }
    for (const std::size_t from : {0u, 2u}) {
      const TableIndex gateway = plan.table();
      plan.tables[gateway.value] = {route("192.168.0.0/16", plan.cross(gateway, vpcs[from + 1]))};
      plan.main_of(vpcs[from]).back() = route("192.168.0.0/16", plan.cross(gateway, vpcs[from]));
    }
    publish();
  }
  Bytes to(const char* destination, VpcIndex from) const {
    return frame(from, Ipv4{.destination = destination});
  }
};

TEST(Isolation, I2_equal_addresses_have_their_own_neighbours) {
  Twins lab;
  for (std::uint8_t v = 0; v < 4; ++v) {
    const Outcome outcome = lab.receive(lab.vpcs[v], lab.to("10.1.0.10", lab.vpcs[v]));
    ASSERT_EQ(outcome.sent.size(), 1u);
    EXPECT_EQ(outcome.sent[0].vpc, lab.vpcs[v]);
    EXPECT_EQ(outcome.sent[0].frame[4], v);
  }
}

TEST(Isolation, I1_a_packet_arrives_exactly_where_the_tables_lead) {
  Twins lab;
  const std::array<std::size_t, 4> arrives_in{1, 1, 3, 3};
  for (std::size_t v = 0; v < 4; ++v) {
    const Outcome outcome = lab.receive(lab.vpcs[v], lab.to("192.168.1.1", lab.vpcs[v]));
    ASSERT_EQ(outcome.sent.size(), 1u);
    EXPECT_EQ(outcome.sent[0].vpc, lab.vpcs[arrives_in[v]]) << "from VPC " << v;
    EXPECT_EQ(outcome.sent[0].frame[4], arrives_in[v]);
  }
}

TEST(Isolation, I1_mixed_bursts_do_not_mix) {
  Twins lab;
  for (int round = 0; round < 20; ++round) {
    std::map<std::uint32_t, std::size_t> arrived;
    for (std::size_t v = 0; v < 4; ++v) {
      std::vector<Bytes> burst;
      for (int i = 0; i < 64; ++i)
        burst.push_back(i % 3 == 0   ? lab.to("192.168.1.1", lab.vpcs[v])
                        : i % 3 == 1 ? lab.to("10.1.0.10", lab.vpcs[v])
                                     : lab.to("172.16.0.1", lab.vpcs[v]));
      for (const Sent& sent : lab.receive(lab.vpcs[v], burst).sent)
        ++arrived[sent.vpc.value - lab.vpcs[0].value];
    }
    // 22 to the remote prefix and 21 to the neighbour, from each.
    EXPECT_EQ(arrived[0], 21u);
    EXPECT_EQ(arrived[1], 22u + 22u + 21u);
    EXPECT_EQ(arrived[2], 21u);
    EXPECT_EQ(arrived[3], 22u + 22u + 21u);
  }
  lab.expect_counters_add_up();
}

TEST(Isolation, I2_an_unknown_neighbour_is_asked_for_in_its_own_vpc) {
  Twins lab;
  lab.neighbours.erase(lab.vpcs[1], any_ip("10.1.0.10"));
  const Outcome outcome = lab.receive(lab.vpcs[0], lab.to("192.168.1.1", lab.vpcs[0]));
  EXPECT_TRUE(outcome.sent.empty());
  ASSERT_EQ(outcome.punted.size(), 1u);
  EXPECT_EQ(outcome.punted[0].note.punt, PuntClass::glean);
  EXPECT_EQ(outcome.punted[0].note.vpc, lab.vpcs[1]);
  EXPECT_EQ(outcome.punted[0].note.in_vpc, lab.vpcs[0]);
  EXPECT_EQ(outcome.punted[0].note.address, any_ip("10.1.0.10"));
}

TEST(Isolation, F4_delivery_that_leads_back_to_a_gateway_is_a_loop) {
  TwoVpcs lab;
  lab.plan.tables[lab.gateway.value].push_back(
      route("192.168.0.0/16", lab.plan.cross(lab.gateway, lab.b)));
  for (const VpcIndex vpc : {lab.a, lab.b})
    lab.plan.main_of(vpc).push_back(route("192.168.0.0/16", lab.plan.cross(lab.gateway, vpc)));
  lab.publish();
  const Outcome outcome = lab.receive(lab.a, lab.from_a({.destination = "192.168.1.1"}));
  expect_dropped(lab, lab.a, outcome, DropReason::routing_loop);
  EXPECT_TRUE(outcome.punted.empty());
}

TEST(Isolation, F4_an_appliance_of_the_target_vpc_gets_what_its_table_says) {
  TwoVpcs lab;
  lab.plan.tables[lab.gateway.value].push_back(
      route("192.168.0.0/16", lab.plan.cross(lab.gateway, lab.b)));
  lab.plan.main_of(lab.a).push_back(route("192.168.0.0/16", lab.plan.cross(lab.gateway, lab.a)));
  lab.plan.main_of(lab.b).push_back(route("192.168.0.0/16", lab.plan.via(lab.b, "10.2.0.21")));
  lab.publish();
  const Bytes frame = lab.from_a({.destination = "192.168.1.1"});
  const Outcome outcome = lab.receive(lab.a, frame);
  ASSERT_EQ(outcome.sent.size(), 1u);
  EXPECT_EQ(outcome.sent[0].frame, as_forwarded(frame, mac(21, 2), lab.mac_of(lab.b)));
}

// A gateway's table belongs to no VPC: what is local to one must not take effect there.
TEST(Isolation, F3_nothing_is_local_to_a_gateway_table) {
  for (const NextHopKind kind : {NextHopKind::self, NextHopKind::on_link, NextHopKind::neighbour}) {
    TwoVpcs lab;
    lab.plan.via(lab.b, "10.2.0.20");
    lab.plan.tables[lab.gateway.value].push_back(route("10.88.0.0/16", NextHop::make(kind)));
    lab.publish();
    const Outcome outcome = lab.receive(lab.a, lab.from_a({.destination = "10.88.0.1"}));
    expect_dropped(lab, lab.a, outcome, DropReason::no_route);
  }
}

TEST(Isolation, I6_a_vpc_that_is_down_receives_nothing) {
  TwoVpcs lab;
  lab.plan.vpcs[lab.b.value].enabled = false;
  lab.publish();
  const Outcome outcome = lab.receive(lab.a, lab.from_a({}));
  expect_dropped(lab, lab.a, outcome, DropReason::no_route);
}

}  // namespace
}  // namespace bgw::packet_test
