// ARP as the gateway speaks it, and gleaning, through SlowPath::poll().
#include "slow_path_fixture.h"

namespace bgw::test {
namespace {

using control::NeighbourState;
using dataplane::Mac;

TEST_F(SlowPathTest, P40_a_request_for_our_address_is_answered) {
  punt_arp(vpc_a, arp_frame(1, mac(5), "10.1.1.5", "10.1.1.1"));
  const auto sent = take_injected();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].note.inject, InjectKind::frame);
  EXPECT_EQ(sent[0].note.vpc, vpc_a);
  auto expected = arp_frame(2, own_mac_a, "10.1.1.1", "10.1.1.5", mac(5));
  const auto asker = mac(5);
  std::copy(asker.bytes.begin(), asker.bytes.end(), expected.begin());
  expected.resize(60);
  EXPECT_EQ(sent[0].bytes, expected);
  EXPECT_EQ(slow->counters(vpc_a).consumed, 1u);
}

TEST_F(SlowPathTest, P40_nothing_else_is_answered) {
  for (const char* target : {"10.1.1.9", "10.2.1.1", "10.1.1.255", "0.0.0.0"}) {
    punt_arp(vpc_a, arp_frame(1, mac(5), "10.1.1.5", target));
  }
  EXPECT_TRUE(io->injected.empty());
}

TEST_F(SlowPathTest, P40_senders_outside_the_prefixes_are_ignored) {
  for (const char* sender : {"10.9.9.9", "10.1.1.0", "10.1.1.255", "224.0.0.1", "127.0.0.1"}) {
    punt_arp(vpc_a, arp_frame(1, mac(5), sender, "10.1.1.1"));
  }
  EXPECT_TRUE(io->injected.empty());
  EXPECT_TRUE(slow->neighbours().empty());
  EXPECT_EQ(drops(vpc_a, DropReason::source_spoofed), 5u);
}

// RFC 3021: on a link of two both addresses are hosts', whichever is the gateway's.
TEST_F(SlowPathTest, P40_on_a_link_of_two_either_end_is_the_gateways) {
  for (const auto& [own, peer] : {std::pair("10.2.8.0", "10.2.8.1"), {"10.2.8.1", "10.2.8.0"}}) {
    auto b = config_b();
    b.addresses = {interface_address(own, 31)};
    configure({config_a(), b});
    after(2s);
    take_injected();
    punt_glean(udp_packet({.destination = peer}), peer);
    EXPECT_EQ(requests(), 1u) << peer;
    punt_arp(vpc_b, arp_frame(2, mac(9), peer, own, own_mac_b));
    EXPECT_TRUE(usable(vpc_b, peer)) << peer;
    EXPECT_EQ(injected(InjectKind::rewalk).size(), 1u) << peer;
    take_injected();
    punt_arp(vpc_b, arp_frame(1, mac(9), peer, own));
    EXPECT_EQ(requests(), 1u) << "the answer to " << peer;
  }
}

TEST_F(SlowPathTest, P40_senders_with_a_group_or_no_mac_are_ignored) {
  punt_arp(vpc_a, arp_frame(1, Mac::broadcast(), "10.1.1.5", "10.1.1.1"));
  punt_arp(vpc_a, arp_frame(1, Mac{}, "10.1.1.5", "10.1.1.1"));
  EXPECT_TRUE(io->injected.empty());
  EXPECT_EQ(drops(vpc_a, DropReason::arp_malformed), 2u);
}

TEST_F(SlowPathTest, malformed_arp_is_dropped_at_every_length_and_field) {
  const auto good = arp_frame(1, mac(5), "10.1.1.5", "10.1.1.1");
  std::size_t malformed = 0;
  for (std::size_t cut = 0; cut < good.size(); ++cut, ++malformed) {
    punt_arp(vpc_a, ByteVector(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(cut)));
  }
  for (std::size_t at = 14; at < 22; ++at, ++malformed) {
    auto bad = good;
    bad[at] ^= 0x40;
    punt_arp(vpc_a, bad);
  }
  EXPECT_EQ(drops(vpc_a, DropReason::arp_malformed), malformed);
  EXPECT_TRUE(io->injected.empty());
}

TEST_F(SlowPathTest, an_address_probe_is_answered_and_teaches_nothing) {
  punt_arp(vpc_a, arp_frame(1, mac(5), "0.0.0.0", "10.1.1.1"));
  EXPECT_EQ(io->injected.size(), 1u);
  EXPECT_TRUE(slow->neighbours().empty());
  punt_arp(vpc_a, arp_frame(1, mac(5), "0.0.0.0", "10.1.1.9"));
  EXPECT_EQ(io->injected.size(), 1u);
}

TEST_F(SlowPathTest, P38_a_request_to_us_teaches_and_a_reply_unasked_does_not) {
  punt_arp(vpc_a, arp_frame(1, mac(5), "10.1.1.5", "10.1.1.1"));
  punt_arp(vpc_a, arp_frame(2, mac(6), "10.1.1.6", "10.1.1.1", own_mac_a));
  punt_arp(vpc_a, arp_frame(1, mac(7), "10.1.1.7", "10.1.1.7"));
  ASSERT_EQ(slow->neighbours().size(), 1u);
  EXPECT_EQ(slow->neighbours()[0].address.to_string(), "10.1.1.5");
  EXPECT_EQ(slow->neighbours()[0].vpc, "a");
  EXPECT_TRUE(usable(vpc_a, "10.1.1.5"));
}

TEST_F(SlowPathTest, I4_arp_in_one_vpc_teaches_nothing_in_another) {
  punt_arp(vpc_a, arp_frame(1, mac(5), "10.1.1.5", "10.1.1.1"));
  EXPECT_FALSE(usable(vpc_b, "10.1.1.5"));
  punt_glean(udp_packet());
  punt_arp(vpc_a, arp_frame(2, mac(9), "10.2.1.9", "10.2.1.1"));
  EXPECT_FALSE(usable(vpc_b, "10.2.1.9"));
}

TEST_F(SlowPathTest,
       P40_another_host_with_our_address_is_counted_and_answered_once_in_ten_seconds) {
  for (int i = 0; i < 95; ++i) {
    punt_arp(vpc_a, arp_frame(1, mac(66), "10.1.1.1", "10.1.1.9"));
    after(100ms);
  }
  EXPECT_EQ(slow->counters(vpc_a).address_conflicts, 95u);
  ASSERT_EQ(io->injected.size(), 1u);
  const auto& defence = io->injected[0].bytes;
  EXPECT_TRUE(std::equal(defence.begin(), defence.begin() + 6, Mac::broadcast().bytes.begin()));
  EXPECT_EQ(get32(defence, 28), ip("10.1.1.1"));
  EXPECT_EQ(get32(defence, 38), ip("10.1.1.1"));
  EXPECT_TRUE(slow->neighbours().empty());
  after(1s);
  punt_arp(vpc_a, arp_frame(2, mac(66), "10.1.1.1", "10.1.1.9"));
  EXPECT_EQ(io->injected.size(), 2u);
}

TEST_F(SlowPathTest, our_own_arp_coming_back_is_no_conflict) {
  punt_arp(vpc_a, arp_frame(1, own_mac_a, "10.1.1.1", "10.1.1.1"));
  EXPECT_EQ(slow->counters(vpc_a).address_conflicts, 0u);
  EXPECT_TRUE(io->injected.empty());
}

TEST_F(SlowPathTest, P42_addresses_that_come_up_are_announced_twice) {
  start({});
  configure({config_a()});
  poll();
  auto sent = take_injected();
  ASSERT_EQ(sent.size(), 2u);
  for (const auto& [bytes, note] : sent) {
    EXPECT_EQ(note.vpc, vpc_a);
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.begin() + 6, Mac::broadcast().bytes.begin()));
    EXPECT_EQ(get16(bytes, 20), 1u);
    EXPECT_EQ(get32(bytes, 28), get32(bytes, 38));
  }
  EXPECT_EQ(get32(sent[0].bytes, 28), ip("10.1.1.1"));
  EXPECT_EQ(get32(sent[1].bytes, 28), ip("10.1.2.1"));
  after(1900ms);
  EXPECT_TRUE(io->injected.empty());
  after(100ms);
  EXPECT_EQ(take_injected().size(), 2u);
  after(60s);
  EXPECT_TRUE(io->injected.empty());
}

TEST_F(SlowPathTest, P42_only_what_is_new_is_announced) {
  auto a = config_a();
  configure({a, config_b()});
  poll();
  EXPECT_TRUE(io->injected.empty());
  a.addresses.push_back(interface_address("10.1.3.1", 24));
  configure({a, config_b()});
  poll();
  ASSERT_EQ(io->injected.size(), 1u);
  EXPECT_EQ(get32(io->injected[0].bytes, 28), ip("10.1.3.1"));
}

TEST_F(SlowPathTest, P42_an_interface_that_comes_up_again_is_announced_and_a_down_one_is_not) {
  auto b = config_b();
  b.enabled = false;
  configure({config_a(), b});
  after(5s);
  EXPECT_TRUE(io->injected.empty());
  configure({config_a(), config_b()});
  poll();
  EXPECT_EQ(io->injected.size(), 1u);
}

TEST_F(SlowPathTest, P42_announcements_wait_for_room_in_the_ring) {
  start({});
  io->room = 0;
  configure({config_a()});
  poll();
  io->room = SIZE_MAX;
  poll();
  EXPECT_EQ(io->injected.size(), 2u);
}

TEST_F(SlowPathTest, glean_asks_from_the_address_on_the_neighbours_link) {
  queue(PuntClass::glean, ethernet(udp_packet()),
        {.in_vpc = vpc_b, .vpc = vpc_a, .address = addr("10.1.2.9"), .ip_offset = 14});
  poll();
  ASSERT_EQ(io->injected.size(), 1u);
  auto expected = arp_frame(1, own_mac_a, "10.1.2.1", "10.1.2.9");
  expected.resize(60);
  EXPECT_EQ(io->injected[0].bytes, expected);
  EXPECT_EQ(io->injected[0].note.vpc, vpc_a);
  EXPECT_EQ(slow->counters(vpc_a).arp_requests_sent, 1u);
}

TEST_F(SlowPathTest, P37_held_packets_walk_again_unchanged_and_in_order_once_the_mac_is_known) {
  const auto first = udp_packet({}, 10);
  const auto second = udp_packet({}, 20);
  punt_glean(first);
  punt_glean(second);
  EXPECT_EQ(slow->counters(vpc_a).held, 2u);
  take_injected();
  answer_from_b("10.2.1.9");
  EXPECT_TRUE(usable(vpc_b, "10.2.1.9"));
  const auto again = injected(InjectKind::rewalk);
  ASSERT_EQ(again.size(), 2u);
  EXPECT_EQ(again[0].bytes, ethernet(first));
  EXPECT_EQ(again[1].bytes, ethernet(second));
  EXPECT_EQ(again[0].note.in_vpc, vpc_a);
  EXPECT_EQ(again[0].note.ip_offset, 14);
  EXPECT_EQ(slow->counters(vpc_a).released, 2u);
  EXPECT_EQ(slow->counters(vpc_a).held, 0u);
}

TEST_F(SlowPathTest, P37_a_full_ring_delays_held_packets_and_loses_none) {
  punt_glean(udp_packet());
  punt_glean(udp_packet());
  io->room = io->injected.size() + 1;
  answer_from_b("10.2.1.9");
  EXPECT_EQ(slow->counters(vpc_a).held, 1u);
  io->room = SIZE_MAX;
  poll();
  EXPECT_EQ(injected(InjectKind::rewalk).size(), 2u);
  EXPECT_EQ(slow->counters(vpc_a).held, 0u);
}

TEST_F(SlowPathTest, P37_released_packets_too_wait_within_bounds) {
  restart({.hold_per_vpc = 512});
  punt_glean(udp_packet());
  answer_from_b("10.2.1.9");
  io->room = 0;
  for (int i = 0; i < 600; ++i) queue_glean(udp_packet(), "10.2.1.9", vpc_a);
  poll();
  poll();
  poll();
  EXPECT_EQ(slow->counters(vpc_a).held, 512u);
  EXPECT_EQ(drops(vpc_a, DropReason::hold_queue_full), 88u);
  for (int i = 0; i < 10; ++i) after(1s);
  EXPECT_EQ(VectorPacket::alive, static_cast<int>(slow->counters(vpc_a).held));
}

TEST_F(SlowPathTest, glean_for_what_is_no_longer_on_link_or_is_ours_is_dropped) {
  for (const char* address : {"10.9.9.9", "10.2.1.1", "10.2.1.255"}) {
    punt_glean(udp_packet(), address);
  }
  EXPECT_EQ(drops(vpc_a, DropReason::no_route), 3u);
  EXPECT_EQ(requests(), 0u);
}

TEST_F(SlowPathTest, P20_no_answer_ends_in_host_unreachable_from_our_address_in_the_senders_vpc) {
  const auto packet = udp_packet({.source = "10.1.2.5", .destination = "10.2.1.9"});
  punt_glean(packet);
  for (int i = 0; i < 3; ++i) after(1s);
  EXPECT_EQ(slow->counters(vpc_b).arp_requests_sent, 3u);
  const auto errors = injected(InjectKind::originate);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].note.vpc, vpc_a);
  EXPECT_EQ(icmp_type(errors[0].bytes), 3u);
  EXPECT_EQ(icmp_code(errors[0].bytes), 1u);
  EXPECT_EQ(source_of(errors[0].bytes), ip("10.1.2.1"));
  EXPECT_EQ(destination_of(errors[0].bytes), ip("10.1.2.5"));
  EXPECT_EQ(ByteVector(errors[0].bytes.begin() + 28, errors[0].bytes.end()), packet);
  EXPECT_EQ(drops(vpc_a, DropReason::neighbour_unreachable), 1u);
}

TEST_F(SlowPathTest, P39_a_vanished_neighbour_leaves_the_table_and_comes_back) {
  punt_glean(udp_packet());
  answer_from_b("10.2.1.9");
  for (int i = 0; i < 33; ++i) after(1s);
  EXPECT_FALSE(usable(vpc_b, "10.2.1.9"));
  EXPECT_GE(io->grace_periods, 1);
  punt_glean(udp_packet());
  answer_from_b("10.2.1.9", 10);
  EXPECT_TRUE(usable(vpc_b, "10.2.1.9"));
}

TEST_F(SlowPathTest, P39_grace_periods_are_batched) {
  configure({config_a(), config_b()});
  for (int host = 2; host < 200; ++host) {
    punt_arp(vpc_b, arp_frame(1, mac(static_cast<std::uint8_t>(host)),
                              "10.2.1." + std::to_string(host), "10.2.1.1"));
  }
  for (int i = 0; i < 400; ++i) after(100ms);
  EXPECT_TRUE(slow->neighbours().empty());
  EXPECT_GE(io->grace_periods, 2);
  EXPECT_LE(io->grace_periods, 5);
}

TEST_F(SlowPathTest, P41_a_scan_of_a_16_stays_within_its_bound_and_harms_no_other_vpc) {
  restart({.hold_per_vpc = 512, .neighbours_per_vpc = 1024});
  auto b = config_b();
  b.addresses = {interface_address("10.2.0.1", 16)};
  configure({config_a(), b});
  punt_arp(vpc_a, arp_frame(1, mac(5), "10.1.1.5", "10.1.1.1"));
  for (unsigned i = 2; i < 65535; ++i) {
    const auto address = config::IpAddress::v4(ip("10.2.0.0") + i).to_string();
    queue_glean(udp_packet(), address, vpc_a);
    if (i % 256 == 0) {
      after(1ms);
      ASSERT_LE(slow->neighbours().size(), 1024u + 1u);
      ASSERT_LE(VectorPacket::alive, 512);
    }
  }
  EXPECT_TRUE(usable(vpc_a, "10.1.1.5"));
  take_injected();
  punt_arp(vpc_a, arp_frame(1, mac(6), "10.1.1.6", "10.1.1.1"));
  EXPECT_TRUE(usable(vpc_a, "10.1.1.6"));
}

TEST_F(SlowPathTest, O1_a_flood_of_one_class_leaves_the_others_their_turn) {
  for (int i = 0; i < 5000; ++i) {
    queue(PuntClass::arp, arp_frame(1, mac(5), "10.1.1.5", "10.1.1.1"),
          {.in_vpc = vpc_a, .ip_offset = 14});
  }
  punt_local(vpc_a, vpc_a, icmp_packet({.destination = "10.1.1.1"}, 8));
  EXPECT_EQ(injected(InjectKind::originate).size(), 1u);
  EXPECT_LE(io->injected.size(), 257u);
  while (slow->poll(now)) {
  }
}

TEST_F(SlowPathTest, I2_a_slot_with_another_vpc_starts_empty) {
  punt_glean(udp_packet());
  answer_from_b("10.2.1.9");
  punt_glean(udp_packet(), "10.2.1.10", vpc_b);
  auto c = config_b();
  c.name = "c";
  configure({config_a(), c});
  EXPECT_FALSE(usable(vpc_b, "10.2.1.9"));
  EXPECT_TRUE(slow->neighbours().empty());
  EXPECT_EQ(slow->counters(vpc_b).consumed, 0u);
  EXPECT_EQ(VectorPacket::alive, 0);
}

TEST_F(SlowPathTest, an_interface_that_moves_to_another_port_forgets_its_neighbours) {
  punt_glean(udp_packet());
  answer_from_b("10.2.1.9");
  io->injected.clear();
  auto moved = config_b();
  moved.port = dataplane::PortId{7};
  configure({config_a(), moved});
  EXPECT_FALSE(usable(vpc_b, "10.2.1.9"));
  poll();
  EXPECT_EQ(injected(InjectKind::frame).size(), 1u) << "its address is announced there";
}

std::vector<SlowPathVpc> on_other_wires(const SlowPathVpc& before) {
  std::vector<SlowPathVpc> moved(4, before);
  moved[0].port = dataplane::PortId{7};
  moved[1].vlan = before.vlan + 1;
  moved[2].outer_vlan = before.outer_vlan + 1;
  moved[3].vlan = 0;  // untagged
  return moved;
}

TEST_F(SlowPathTest, an_interface_on_another_wire_knows_nobody_of_the_one_before) {
  auto b = config_b();
  b.vlan = 10;
  b.outer_vlan = 20;
  for (const SlowPathVpc& moved : on_other_wires(b)) {
    configure({config_a(), b});
    after(2s);
    punt_glean(udp_packet());
    answer_from_b("10.2.1.9");
    punt_glean(udp_packet({.destination = "10.2.1.8"}), "10.2.1.8");  // never answers
    ASSERT_TRUE(usable(vpc_b, "10.2.1.9"));
    take_injected();
    configure({config_a(), moved});
    EXPECT_FALSE(usable(vpc_b, "10.2.1.9"));
    EXPECT_TRUE(slow->neighbours().empty());
    poll();
    EXPECT_EQ(injected(InjectKind::frame).size(), 1u) << "its address is announced there";
    take_injected();
  }
}

// Workers may have punted it before they took the tables of the other wire.
TEST_F(SlowPathTest, what_was_punted_on_the_wire_before_teaches_nothing) {
  auto b = config_b();
  for (const PuntClass punt_class : {PuntClass::arp, PuntClass::known, PuntClass::answer}) {
    const auto ask = [&](VpcIndex vpc, const char* host, const char* own) {
      queue(punt_class, arp_frame(1, mac(9), host, own),
            {.in_vpc = vpc, .vpc = vpc, .ip_offset = 14});
    };
    const auto drops_before = drops(vpc_b, DropReason::no_interface);
    ask(vpc_b, "10.2.1.9", "10.2.1.1");
    ask(vpc_a, "10.1.1.9", "10.1.1.1");
    ++b.vlan;
    configure({config_a(), b});
    poll();
    EXPECT_FALSE(usable(vpc_b, "10.2.1.9"));
    EXPECT_TRUE(usable(vpc_a, "10.1.1.9")) << "its wire is the same";
    EXPECT_EQ(drops(vpc_b, DropReason::no_interface), drops_before + 1);
    ask(vpc_b, "10.2.1.9", "10.2.1.1");
    poll();
    EXPECT_TRUE(usable(vpc_b, "10.2.1.9")) << "it is on the new one";
  }
}

TEST_F(SlowPathTest, errors_owed_on_the_wire_before_are_not_sent) {
  queue(PuntClass::icmp_error, ethernet(udp_packet()),
        {.reason = DropReason::no_route, .in_vpc = vpc_a, .vpc = vpc_a, .ip_offset = 14});
  auto a = config_a();
  a.vlan = 5;
  configure({a, config_b()});
  poll();
  EXPECT_EQ(slow->counters(vpc_a).icmp_sent, 0u);
  EXPECT_EQ(drops(vpc_a, DropReason::no_interface), 0u) << "its worker has counted it";
}

TEST_F(SlowPathTest, I6_what_came_from_a_vpc_that_is_gone_walks_no_more) {
  punt_glean(udp_packet(), "10.2.1.9", vpc_a);
  punt_glean(udp_packet(), "10.2.1.9", vpc_b);
  configure({config_b()});
  answer_from_b("10.2.1.9");
  const auto again = injected(InjectKind::rewalk);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].note.in_vpc, vpc_b);
}

TEST_F(SlowPathTest, I6_what_was_on_its_way_to_a_vpc_that_is_gone_is_dropped_where_it_came_in) {
  for (const PuntClass punt_class : {PuntClass::glean, PuntClass::local}) {
    queue(
        punt_class, ethernet(udp_packet()),
        {.in_vpc = vpc_a, .vpc = dataplane::no_vpc, .address = addr("10.2.1.9"), .ip_offset = 14});
    poll();
  }
  EXPECT_EQ(drops(vpc_a, DropReason::no_route), 2u);
}

TEST_F(SlowPathTest, P37_a_full_ring_holds_up_only_what_is_for_it) {
  punt_glean(udp_packet({.source = "10.1.1.5"}, 1));
  punt_glean(udp_packet({.source = "10.1.1.5"}, 2));
  punt_glean(udp_packet({.source = "10.2.1.5"}), "10.2.1.9", vpc_b);
  io->full = {vpc_a};
  answer_from_b("10.2.1.9");
  ASSERT_EQ(injected(InjectKind::rewalk).size(), 1u);
  EXPECT_EQ(injected(InjectKind::rewalk)[0].note.in_vpc, vpc_b);
  io->full = {};
  poll();
  const auto all = injected(InjectKind::rewalk);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_LT(all[1].bytes.size(), all[2].bytes.size()) << "in their order";
}

TEST_F(SlowPathTest, P42_announcements_wait_for_no_ring_but_their_own) {
  start({});
  io->full = {vpc_a};
  configure({config_a(), config_b()});
  poll();
  ASSERT_EQ(io->injected.size(), 1u);
  EXPECT_EQ(io->injected[0].note.vpc, vpc_b);
  io->full = {};
  poll();
  EXPECT_EQ(io->injected.size(), 3u);
}

TEST_F(SlowPathTest, I6_what_waits_for_a_ring_is_dropped_with_its_vpc) {
  punt_glean(udp_packet());
  io->room = 0;
  answer_from_b("10.2.1.9");
  configure({config_b()});
  io->room = SIZE_MAX;
  poll();
  EXPECT_TRUE(injected(InjectKind::rewalk).empty());
  EXPECT_EQ(VectorPacket::alive, 0);
}

TEST_F(SlowPathTest, neighbours_that_are_no_longer_on_link_are_forgotten) {
  punt_arp(vpc_a, arp_frame(1, mac(5), "10.1.1.5", "10.1.1.1"));
  punt_arp(vpc_a, arp_frame(1, mac(6), "10.1.2.6", "10.1.2.1"));
  auto a = config_a();
  a.addresses.pop_back();
  configure({a, config_b()});
  EXPECT_TRUE(usable(vpc_a, "10.1.1.5"));
  EXPECT_FALSE(usable(vpc_a, "10.1.2.6"));
  a.addresses = {interface_address("10.1.1.5", 24)};
  configure({a, config_b()});
  EXPECT_FALSE(usable(vpc_a, "10.1.1.5"));
}

TEST_F(SlowPathTest, a_vpc_that_is_down_neither_answers_nor_learns) {
  auto a = config_a();
  a.enabled = false;
  configure({a, config_b()});
  punt_arp(vpc_a, arp_frame(1, mac(5), "10.1.1.5", "10.1.1.1"));
  EXPECT_TRUE(io->injected.empty());
  EXPECT_EQ(drops(vpc_a, DropReason::no_interface), 1u);
}

TEST_F(SlowPathTest, neighbours_are_listed_with_state_age_and_what_waits) {
  punt_glean(udp_packet(), "10.2.1.9");
  punt_glean(udp_packet(), "10.2.1.8");
  answer_from_b("10.2.1.9");
  after(1500ms);
  const auto list = slow->neighbours();
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].address.to_string(), "10.2.1.8");
  EXPECT_EQ(list[0].state, NeighbourState::incomplete);
  EXPECT_EQ(list[0].held, 1u);
  EXPECT_EQ(list[1].state, NeighbourState::reachable);
  EXPECT_EQ(list[1].mac, mac(9));
  EXPECT_EQ(list[1].since_confirmed, 1500ms);
}

TEST_F(SlowPathTest, O3_without_buffers_nothing_breaks_and_it_is_counted) {
  io->no_buffers = true;
  punt_arp(vpc_a, arp_frame(1, mac(5), "10.1.1.5", "10.1.1.1"));
  punt_glean(udp_packet());
  EXPECT_EQ(slow->counters(vpc_a).not_sent, 1u);
  EXPECT_EQ(slow->counters(vpc_b).not_sent, 1u);
  io->no_buffers = false;
  after(1s);
  EXPECT_EQ(requests(), 1u);
}

}  // namespace
}  // namespace bgw::test
