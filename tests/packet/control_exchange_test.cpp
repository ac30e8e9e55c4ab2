// What crosses between worker and control thread: punts with their notes, limits, injections; and a
// transmit queue that is full (O2).
#include <gtest/gtest.h>

#include "tests/packet/lab.h"

namespace bgw::packet_test {
namespace {

TEST(Punt, an_unknown_neighbour_is_gleaned_unchanged) {
  TwoVpcs lab;
  const Bytes frame = lab.from_a({.destination = "10.2.0.99", .ttl = 2});
  const Outcome outcome = lab.receive(lab.a, frame);
  EXPECT_TRUE(outcome.sent.empty());
  ASSERT_EQ(outcome.punted.size(), 1u);
  EXPECT_EQ(outcome.punted[0].note.punt, PuntClass::glean);
  EXPECT_EQ(outcome.punted[0].note.vpc, lab.b);
  EXPECT_EQ(outcome.punted[0].note.address, any_ip("10.2.0.99"));
  EXPECT_EQ(outcome.punted[0].data, frame);
  EXPECT_EQ(lab.counters(lab.a).punted, 1u);
  lab.expect_counters_add_up();
}

TEST(Punt, arp_reaches_the_control_thread_whole) {
  TwoVpcs lab;
  const Bytes request = arp_request(lab.host_a, "10.1.0.10", "10.1.0.1");
  const Outcome outcome = lab.receive(lab.a, request);
  ASSERT_EQ(outcome.punted.size(), 1u);
  EXPECT_EQ(outcome.punted[0].note.punt, PuntClass::arp);
  EXPECT_EQ(outcome.punted[0].note.in_vpc, lab.a);
  EXPECT_EQ(outcome.punted[0].data, request);
}

TEST(Punt, O1_a_flood_of_one_class_leaves_the_others_their_share) {
  TwoVpcs lab;
  const Bytes request = arp_request(lab.host_a, "10.1.0.10", "10.1.0.1");
  std::size_t punted = 0;
  for (int i = 0; i < 32; ++i)
    punted += lab.receive(lab.a, std::vector<Bytes>(64, request)).punted.size();
  EXPECT_GE(punted, 256u);
  EXPECT_LT(punted, 1024u);
  EXPECT_EQ(lab.drops(lab.a, DropReason::punt_policed), 2048u - punted);
  EXPECT_EQ(lab.receive(lab.a, lab.from_a({.destination = "10.1.0.1"})).punted.size(), 1u);
  const Bytes from_b = arp_request(lab.host_b, "10.2.0.20", "10.2.0.1");
  EXPECT_EQ(lab.receive(lab.b, from_b).punted.size(), 1u);
  lab.expect_counters_add_up();
}

TEST(Inject, a_frame_leaves_as_it_is) {
  TwoVpcs lab;
  const Bytes request = arp_request(lab.mac_of(lab.b), "10.2.0.1", "10.2.0.20");
  const Outcome outcome = lab.inject(request, lab.frame_note(lab.b));
  ASSERT_EQ(outcome.sent.size(), 1u);
  EXPECT_EQ(outcome.sent[0].vpc, lab.b);
  EXPECT_EQ(outcome.sent[0].frame, request);
  EXPECT_EQ(lab.counters(lab.b).originated, 1u);
  EXPECT_EQ(lab.counters(lab.b).forwarded, 1u);
  EXPECT_EQ(lab.counters(lab.b).tx_packets, 1u);
  lab.expect_counters_add_up();
}

TEST(Inject, a_held_frame_that_ends_before_its_headers_is_dropped) {
  TwoVpcs lab;
  for (const std::size_t bytes : {0u, 1u, 13u}) {
    const Outcome outcome =
        lab.inject(Bytes(bytes, 0x60),
                   {.inject = InjectKind::rewalk, .in_vpc = lab.a, .vpc = lab.a, .ip_offset = 14});
    EXPECT_TRUE(outcome.sent.empty() && outcome.punted.empty());
  }
  EXPECT_EQ(lab.drops(lab.a, DropReason::frame_truncated), 3u);
  lab.expect_counters_add_up();
}

TEST(Inject, an_originated_packet_goes_by_the_main_table_with_its_ttl) {
  TwoVpcs lab;
  const Bytes packet = ipv4({.source = "10.1.0.1", .destination = "10.2.0.20", .ttl = 1});
  const Outcome outcome = lab.inject(packet, {.inject = InjectKind::originate, .vpc = lab.a});
  ASSERT_EQ(outcome.sent.size(), 1u);
  EXPECT_EQ(outcome.sent[0].vpc, lab.b);
  EXPECT_EQ(outcome.sent[0].frame, ethernet(lab.host_b, lab.mac_of(lab.b), 0x0800, packet));
  EXPECT_EQ(lab.counters(lab.a).originated, 1u);
  lab.expect_counters_add_up();
}

TEST(Inject, an_originated_packet_is_not_answered_with_an_icmp_error) {
  TwoVpcs lab;
  const Bytes packet = ipv4({.source = "10.1.0.1", .destination = "192.0.2.1"});
  const Outcome outcome = lab.inject(packet, {.inject = InjectKind::originate, .vpc = lab.a});
  EXPECT_TRUE(outcome.punted.empty());
  EXPECT_EQ(lab.drops(lab.a, DropReason::no_route), 1u);
  lab.expect_counters_add_up();
}

// The note that a packet was punted with is all that is needed to give it back.
TEST(Inject, an_originated_packet_gleans_and_is_given_back) {
  TwoVpcs lab;
  const Bytes packet = ipv4({.source = "10.1.0.1", .destination = "10.2.0.99", .ttl = 1});
  const Outcome gleaned = lab.inject(packet, {.inject = InjectKind::originate, .vpc = lab.a});
  ASSERT_EQ(gleaned.punted.size(), 1u);
  EXPECT_EQ(gleaned.punted[0].note.punt, PuntClass::glean);
  EXPECT_EQ(gleaned.punted[0].note.ip_offset, 0);
  EXPECT_EQ(gleaned.punted[0].data, packet);
  lab.add_neighbour(lab.b, "10.2.0.99", mac(99, 2));
  const Outcome sent = lab.inject(gleaned.punted[0].data, gleaned.punted[0].note);
  ASSERT_EQ(sent.sent.size(), 1u);
  EXPECT_EQ(sent.sent[0].frame, ethernet(mac(99, 2), lab.mac_of(lab.b), 0x0800, packet));
  lab.expect_counters_add_up();
}

TEST(Inject, a_held_packet_walks_again_by_the_present_fib) {
  TwoVpcs lab;
  const Bytes frame = lab.from_a({.destination = "10.2.0.99"});
  const Outcome gleaned = lab.receive(lab.a, frame);
  ASSERT_EQ(gleaned.punted.size(), 1u);
  lab.add_neighbour(lab.b, "10.2.0.99", mac(99, 2));
  const Outcome again = lab.inject(gleaned.punted[0].data, gleaned.punted[0].note);
  ASSERT_EQ(again.sent.size(), 1u);
  EXPECT_EQ(again.sent[0].frame, as_forwarded(frame, mac(99, 2), lab.mac_of(lab.b)));
  EXPECT_EQ(lab.counters(lab.a).rewalked, 1u);
  EXPECT_EQ(lab.counters(lab.a).rx_packets, 1u);

  // Meanwhile b was detached: the packet goes nowhere.
  lab.plan.tables[lab.gateway.value].clear();
  lab.publish();
  const Outcome late = lab.inject(gleaned.punted[0].data, gleaned.punted[0].note);
  EXPECT_TRUE(late.sent.empty());
  EXPECT_EQ(lab.drops(lab.a, DropReason::no_route), 1u);
  lab.expect_counters_add_up();
}

TEST(Inject, packets_of_a_vpc_that_is_gone_are_dropped) {
  TwoVpcs lab;
  const Bytes frame = lab.from_a({});
  lab.plan.vpcs[lab.a.value].in_use = false;
  lab.publish();
  for (const InjectKind kind : {InjectKind::frame, InjectKind::originate, InjectKind::rewalk}) {
    const PacketNote note{.inject = kind, .in_vpc = lab.a, .vpc = lab.a, .ip_offset = 14};
    EXPECT_TRUE(lab.inject(frame, note).sent.empty());
  }
  EXPECT_EQ(lab.drops(lab.a, DropReason::no_interface), 3u);
  lab.expect_counters_add_up();
}

TEST(OnPort, O2_a_full_queue_drops_counts_and_delays_no_other_port) {
  TwoVpcs lab;
  const VpcIndex c = lab.add_vpc("10.3.0.1/16");
  lab.add_neighbour(c, "10.3.0.30", mac(30, 3));
  lab.plan.tables[lab.gateway.value].push_back(
      route("10.3.0.0/16", lab.plan.cross(lab.gateway, c)));
  lab.publish();
  // Fill b's transmit ring behind the worker's back, so that nothing fits.
  lab.fill_transmit_queue(lab.b);
  std::vector<Bytes> burst;
  for (int i = 0; i < 64; ++i)
    burst.push_back(lab.from_a({.destination = i % 2 == 0 ? "10.2.0.20" : "10.3.0.30"}));
  const Outcome outcome = lab.receive(lab.a, burst);
  std::size_t to_c = 0;
  for (const Sent& sent : outcome.sent) to_c += sent.vpc == c;
  EXPECT_EQ(to_c, 32u);
  EXPECT_EQ(lab.drops(lab.a, DropReason::tx_queue_full), 32u);
  EXPECT_EQ(lab.counters(lab.a).forwarded, 32u);
  EXPECT_EQ(lab.counters(lab.b).tx_packets, 0u);
  lab.expect_counters_add_up();
}

}  // namespace
}  // namespace bgw::packet_test
