// Neighbour discovery as the gateway speaks it, through SlowPath::poll().
#include "slow_path_nd_fixture.h"

namespace bgw::test {
namespace {

using control::NeighbourState;

TEST_F(SlowPath6Test, P43_a_solicitation_of_our_address_is_answered) {
  solicit({.destination = "ff02::1:ff00:1", .options = link_option(1, mac(5))});
  const auto sent = take_injected();
  ASSERT_EQ(sent.size(), 1u);
  const auto& frame = sent[0].bytes;
  EXPECT_EQ(mac_at(frame, 0), mac(5).to_string());
  EXPECT_EQ(mac_at(frame, 6), own_mac_a.to_string());
  const auto expected = neighbour_packet(136, {.source = "2001:db8:1::1",
                                               .destination = "2001:db8:1::5",
                                               .target = "2001:db8:1::1",
                                               .flags = na_router | na_solicited | na_override,
                                               .options = link_option(2, own_mac_a)});
  EXPECT_EQ(packet_of(frame), expected);
  EXPECT_EQ(slow->counters(vpc_a).consumed, 1u);
}

TEST_F(SlowPath6Test, P43_our_link_local_address_is_answered_for) {
  solicit({.source = "fe80::5", .destination = link_local_a, .target = link_local_a});
  ASSERT_EQ(frames(136).size(), 1u);
  EXPECT_EQ(get_address(frames(136)[0], 14 + 24), "fe80::5");
  EXPECT_EQ(get_address(frames(136)[0], 14 + 48), link_local_a);
}

TEST_F(SlowPath6Test, P40_no_other_address_is_answered_for) {
  for (const char* target : {"2001:db8:1::9", "2001:db8:2::1", "fe80::9"}) {
    solicit({.target = target});
  }
  after(1s);
  EXPECT_TRUE(io->injected.empty());
}

// RFC 6164: on a link of two the first address is a host's like the other, nobody's anycast
// address.
TEST_F(SlowPath6Test, P43_on_a_link_of_two_either_end_is_the_gateways) {
  for (const auto& [own, peer] :
       {std::pair("2001:db8:8::", "2001:db8:8::1"), {"2001:db8:8::1", "2001:db8:8::"}}) {
    auto a = config6_a();
    a.addresses = {interface_address(own, 127)};
    configure({a, config6_b()});
    settle();
    need(peer, udp6_packet({.source = "2001:db8:2::9", .destination = peer}));
    EXPECT_EQ(frames(135).size(), 1u) << peer;
    advertise({.source = peer,
               .destination = own,
               .target = peer,
               .flags = na_solicited,
               .options = link_option(2, mac(5))});
    EXPECT_TRUE(usable(vpc_a, peer)) << peer;
    EXPECT_EQ(injected(InjectKind::rewalk).size(), 1u) << peer;
    take_injected();
    solicit({.source = peer, .destination = own, .target = own, .options = link_option(1, mac(5))});
    ASSERT_EQ(frames(136).size(), 1u) << "at once, as of an address of its own, to " << peer;
    take_injected();
  }
}

// What is told to a link when it comes up is told to the other VLAN.
TEST_F(SlowPath6Test, an_interface_in_another_vlan_knows_nobody_of_the_one_before) {
  solicit({.destination = "ff02::1:ff00:1", .options = link_option(1, mac(5))});
  solicit({.source = "fe80::5",
           .destination = link_local_a,
           .target = link_local_a,
           .options = link_option(1, mac(5))});
  ASSERT_TRUE(usable(vpc_a, "2001:db8:1::5"));
  ASSERT_EQ(slow->neighbours().size(), 2u);
  auto a = config6_a();
  a.vlan = 12;
  configure({a, config6_b()});
  EXPECT_FALSE(usable(vpc_a, "2001:db8:1::5"));
  EXPECT_TRUE(slow->neighbours().empty());
  take_injected();
  for (int i = 0; i < 3; ++i) after(1s);
  EXPECT_FALSE(frames(134).empty()) << "router advertisements";
  EXPECT_FALSE(frames(135).empty()) << "duplicate address detection";
  EXPECT_FALSE(injected(InjectKind::frame).empty());
}

// RFC 4861 §7.2.7: within a second, from an address of the gateway alone, overriding nothing.
TEST_F(SlowPath6Test, P53_a_solicitation_of_the_anycast_address_is_answered) {
  solicit({.destination = "ff02::1:ff00:0",
           .target = "2001:db8:1::",
           .options = link_option(1, mac(5))});
  after(1s);
  ASSERT_EQ(frames(136).size(), 1u);
  const auto frame = frames(136).at(0);
  EXPECT_EQ(mac_at(frame, 0), mac(5).to_string());
  EXPECT_EQ(packet_of(frame), neighbour_packet(136, {.source = "2001:db8:1::1",
                                                     .destination = "2001:db8:1::5",
                                                     .target = "2001:db8:1::",
                                                     .flags = na_router | na_solicited,
                                                     .options = link_option(2, own_mac_a)}));
  EXPECT_TRUE(usable(vpc_a, "2001:db8:1::5"));
  take_injected();
  solicit({.source = "fe80::5", .destination = "ff02::1:ff00:0", .target = "2001:db8:11::"});
  after(1s);
  ASSERT_EQ(frames(136).size(), 1u);
  EXPECT_EQ(get_address(frames(136)[0], 14 + 8), link_local_a);
}

TEST_F(SlowPath6Test, P53_answers_for_anycast_spread_over_a_second) {
  for (int i = 0; i < 100; ++i) queue_solicitation_of("2001:db8:1::");
  poll();
  std::size_t seen = frames(136).size();
  EXPECT_LT(seen, 20u);
  for (int i = 0; i < 5; ++i) {
    after(200ms);
    EXPECT_GT(frames(136).size(), seen);
    seen = frames(136).size();
  }
  EXPECT_EQ(seen, 100u);
}

TEST_F(SlowPath6Test, P53_what_waits_for_a_vpc_that_goes_is_not_said) {
  solicit({.target = "2001:db8:1::"});
  configure({config6_b()});
  configure({config6_a(), config6_b()});
  settle();
  solicit({.target = "2001:db8:1::"});
  auto a = config6_a();
  a.addresses = {interface_address("10.1.1.1", 24), interface_address("2001:db8:1::1", 127)};
  configure({a, config6_b()});
  after(1s);
  for (const auto& frame : frames(136)) EXPECT_NE(get_address(frame, 14 + 48), "2001:db8:1::");
}

// Others may have the address, too; nobody asks whether they do, and a host can't be it.
TEST_F(SlowPath6Test, P53_another_routers_anycast_address_is_no_conflict) {
  advertise({.source = "2001:db8:1::7",
             .destination = "ff02::1",
             .target = "2001:db8:1::",
             .options = link_option(2, mac(7))});
  solicit({.source = "::", .destination = "ff02::1:ff00:0", .target = "2001:db8:1::"});
  after(1s);
  EXPECT_TRUE(io->injected.empty());
  EXPECT_EQ(slow->counters(vpc_a).address_conflicts, 0u);
  EXPECT_EQ(slow->counters(vpc_a).consumed, 2u);
}

TEST_F(SlowPath6Test, P53_no_anycast_address_where_the_gateway_is_a_host) {
  auto underlay = config6_a();
  underlay.underlay = true;
  configure({underlay, config6_b()});
  settle();
  solicit({.target = "2001:db8:1::"});
  after(1s);
  EXPECT_TRUE(frames(136).empty());
}

TEST_F(SlowPath6Test, P40_senders_outside_the_prefixes_are_ignored) {
  for (const char* source : {"2001:db8:9::5", "2001:db8:2::5", "2001:db8:1::"}) {
    solicit({.source = source, .options = link_option(1, mac(5))});
  }
  EXPECT_TRUE(io->injected.empty());
  EXPECT_TRUE(slow->neighbours().empty());
  EXPECT_EQ(drops(vpc_a, DropReason::source_spoofed), 3u);
}

TEST_F(SlowPath6Test, P43_bad_hop_limit_checksum_code_addresses_and_lengths_are_dropped) {
  const NdFields good{.options = link_option(1, mac(5))};
  const auto bad = [&](auto change) {
    auto fields = good;
    change(fields);
    solicit(fields);
  };
  bad([](NdFields& f) { f.hop_limit = 254; });
  bad([](NdFields& f) { f.code = 1; });
  bad([](NdFields& f) { f.target = "ff02::1"; });
  bad([](NdFields& f) { f.target = "::ffff:10.1.1.1"; });
  bad([](NdFields& f) { f.source = "ff02::1"; });
  bad([](NdFields& f) { f.source = "::1"; });
  bad([](NdFields& f) { f.source = "::ffff:10.1.1.5"; });
  bad([](NdFields& f) { f.source = "::"; });  // with a link-layer address option
  bad([](NdFields& f) { f.options = link_option(1, dataplane::Mac::broadcast()); });
  bad([](NdFields& f) { f.options = link_option(1, dataplane::Mac{}); });
  auto packet = neighbour_packet(135, good);
  packet.back() ^= 1;
  punt_nd(vpc_a, packet);
  EXPECT_EQ(drops(vpc_a, DropReason::nd_malformed), 11u);
  EXPECT_TRUE(io->injected.empty());
  EXPECT_TRUE(slow->neighbours().empty());
}

TEST_F(SlowPath6Test, P43_nd_with_zero_length_option_is_dropped) {
  solicit({.options = {1, 0, 2, 0, 0, 0, 0, 5}});
  solicit({.options = {200, 1, 0, 0, 0, 0, 0, 0, 201, 0, 0, 0, 0, 0, 0, 0}});
  EXPECT_EQ(drops(vpc_a, DropReason::nd_malformed), 2u);
  EXPECT_TRUE(io->injected.empty());
}

TEST_F(SlowPath6Test, P43_options_beyond_the_end_are_dropped_and_unknown_ones_ignored) {
  solicit({.options = {1, 2, 2, 0, 0, 0, 0, 5}});
  solicit({.options = {1}});
  EXPECT_EQ(drops(vpc_a, DropReason::nd_malformed), 2u);
  solicit({.options = {200, 1, 0, 0, 0, 0, 0, 0}});
  EXPECT_EQ(frames(136).size(), 1u);
}

TEST_F(SlowPath6Test, P43_every_truncation_is_harmless) {
  const auto packet = neighbour_packet(135, {.options = link_option(1, mac(5))});
  for (std::size_t cut = 0; cut < packet.size(); ++cut) {
    punt_nd(vpc_a, ByteVector(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(cut)));
  }
  EXPECT_EQ(drops(vpc_a, DropReason::nd_malformed), packet.size());
}

TEST_F(SlowPath6Test, P43_nd_in_a_fragment_is_dropped) {
  const auto whole = neighbour_packet(135, {});
  ByteVector payload = {58, 0, 0, 0, 0, 0, 0, 1};
  payload.insert(payload.end(), whole.begin() + 40, whole.end());
  punt_nd(vpc_a, ipv6_packet({.destination = "2001:db8:1::1", .next_header = 44, .hop_limit = 255},
                             payload));
  EXPECT_EQ(drops(vpc_a, DropReason::nd_malformed), 1u);
}

TEST_F(SlowPath6Test, P43_padding_behind_the_packet_is_ignored) {
  auto packet = neighbour_packet(135, {.options = link_option(1, mac(5))});
  packet.resize(packet.size() + 10, 0xee);
  punt_nd(vpc_a, packet);
  EXPECT_EQ(frames(136).size(), 1u);
}

TEST_F(SlowPath6Test, P38_a_solicitation_teaches_and_an_advertisement_unasked_does_not) {
  solicit({.options = link_option(1, mac(5))});
  EXPECT_EQ(neighbour("2001:db8:1::5")->state, NeighbourState::stale);
  EXPECT_TRUE(usable(vpc_a, "2001:db8:1::5"));
  advertise({.source = "2001:db8:1::6",
             .destination = "ff02::1",
             .target = "2001:db8:1::6",
             .flags = na_override,
             .options = link_option(2, mac(6))});
  EXPECT_FALSE(neighbour("2001:db8:1::6"));
}

TEST_F(SlowPath6Test, P43_the_duplicate_probe_of_another_host_is_answered_to_all_and_counted) {
  solicit({.source = "::", .destination = "ff02::1:ff00:1"});
  ASSERT_EQ(frames(136).size(), 1u);
  const auto frame = frames(136)[0];
  EXPECT_EQ(mac_at(frame, 0), "33:33:00:00:00:01");
  EXPECT_EQ(packet_of(frame), neighbour_packet(136, {.source = "2001:db8:1::1",
                                                     .destination = "ff02::1",
                                                     .target = "2001:db8:1::1",
                                                     .flags = na_router | na_override,
                                                     .options = link_option(2, own_mac_a)}));
  EXPECT_EQ(slow->counters(vpc_a).address_conflicts, 1u);
  EXPECT_TRUE(slow->neighbours().empty());
  solicit({.source = "::", .destination = "ff02::1:ff00:9", .target = "2001:db8:1::9"});
  EXPECT_EQ(frames(136).size(), 1u);
  solicit({.source = "::", .destination = "ff02::1:ff00:2"});  // not that of the target
  EXPECT_EQ(drops(vpc_a, DropReason::nd_malformed), 1u);
}

TEST_F(SlowPath6Test, P43_an_own_duplicate_is_detected_and_defended_once_in_ten_seconds) {
  const NdFields theirs{.source = "2001:db8:1::1",
                        .destination = "ff02::1",
                        .target = "2001:db8:1::1",
                        .flags = na_override,
                        .options = link_option(2, mac(66))};
  for (int i = 0; i < 95; ++i) {
    advertise(theirs, mac(66));
    after(100ms);
  }
  EXPECT_EQ(slow->counters(vpc_a).address_conflicts, 95u);
  EXPECT_EQ(frames(136).size(), 1u);
  after(1s);
  advertise(theirs, mac(66));
  EXPECT_EQ(frames(136).size(), 2u);
  EXPECT_TRUE(slow->neighbours().empty());
}

TEST_F(SlowPath6Test, our_own_nd_coming_back_is_no_conflict) {
  solicit({.source = "::", .destination = "ff02::1:ff00:1"}, own_mac_a);
  EXPECT_EQ(slow->counters(vpc_a).address_conflicts, 0u);
  EXPECT_TRUE(io->injected.empty());
}

TEST_F(SlowPath6Test, P42_an_address_that_comes_up_is_probed_and_announced_twice) {
  auto a = config6_a();
  a.addresses.push_back(interface_address("2001:db8:3::1", 64));
  configure({a, config6_b()});
  poll();
  ASSERT_EQ(frames(135).size(), 1u);
  const auto probe = frames(135)[0];
  EXPECT_EQ(mac_at(probe, 0), "33:33:ff:00:00:01");
  EXPECT_EQ(packet_of(probe),
            neighbour_packet(
                135, {.source = "::", .destination = "ff02::1:ff00:1", .target = "2001:db8:3::1"}));
  after(900ms);
  EXPECT_TRUE(frames(136).empty());
  after(100ms);
  ASSERT_EQ(frames(136).size(), 1u);
  EXPECT_EQ(get_address(frames(136)[0], 14 + 48), "2001:db8:3::1");
  after(1s);
  EXPECT_EQ(frames(136).size(), 2u);
  for (int i = 0; i < 10; ++i) after(1s);
  EXPECT_EQ(frames(136).size(), 2u);
  EXPECT_EQ(frames(135).size(), 1u);
}

TEST_F(SlowPath6Test, P42_the_link_local_address_comes_up_with_the_first_address) {
  start({});
  configure({config6_b()});
  poll();
  ASSERT_EQ(frames(135).size(), 2u);
  EXPECT_EQ(get_address(frames(135)[1], 14 + 48), "fe80::ff:fe00:fd");
}

TEST_F(SlowPath6Test, P37_glean_solicits_by_multicast_and_held_packets_walk_again) {
  need("2001:db8:1::9");
  ASSERT_EQ(frames(135).size(), 1u);
  const auto frame = frames(135)[0];
  EXPECT_EQ(mac_at(frame, 0), "33:33:ff:00:00:09");
  EXPECT_EQ(packet_of(frame), neighbour_packet(135, {.source = "2001:db8:1::1",
                                                     .destination = "ff02::1:ff00:9",
                                                     .target = "2001:db8:1::9",
                                                     .options = link_option(1, own_mac_a)}));
  EXPECT_EQ(slow->counters(vpc_a).nd_requests_sent, 1u);
  advertise({.source = "2001:db8:1::9",
             .target = "2001:db8:1::9",
             .flags = na_solicited | na_override,
             .options = link_option(2, mac(9))});
  EXPECT_EQ(neighbour("2001:db8:1::9")->state, NeighbourState::reachable);
  const auto again = injected(InjectKind::rewalk);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].note.in_vpc, vpc_b);
  EXPECT_EQ(slow->counters(vpc_b).released, 1u);
}

TEST_F(SlowPath6Test, P37_at_most_one_solicitation_per_second) {
  for (int i = 0; i < 30; ++i) {
    need("2001:db8:1::9");
    after(100ms);
  }
  EXPECT_EQ(frames(135).size(), 3u);
}

TEST_F(SlowPath6Test, P39_ageing_probes_by_unicast) {
  need("2001:db8:1::9");
  advertise({.source = "2001:db8:1::9",
             .target = "2001:db8:1::9",
             .flags = na_solicited | na_override,
             .options = link_option(2, mac(9))});
  io->injected.clear();
  after(30s);
  ASSERT_EQ(frames(135).size(), 1u);
  EXPECT_EQ(mac_at(frames(135)[0], 0), mac(9).to_string());
  EXPECT_EQ(get_address(frames(135)[0], 14 + 24), "2001:db8:1::9");
  // RFC 4861 §4.4: an answer to a unicast solicitation may lack the option.
  advertise({.source = "2001:db8:1::9", .target = "2001:db8:1::9", .flags = na_solicited});
  EXPECT_EQ(neighbour("2001:db8:1::9")->state, NeighbourState::reachable);
}

TEST_F(SlowPath6Test, P38_an_advertisement_without_override_changes_no_link_but_is_verified) {
  need("2001:db8:1::9");
  const auto say = [&](std::uint32_t flags, std::uint8_t last) {
    advertise({.source = "2001:db8:1::9",
               .target = "2001:db8:1::9",
               .flags = flags,
               .options = link_option(2, mac(last))});
  };
  say(na_solicited | na_override, 9);
  say(na_solicited, 10);
  EXPECT_EQ(neighbour("2001:db8:1::9")->mac, mac(9));
  EXPECT_EQ(neighbour("2001:db8:1::9")->state, NeighbourState::stale);
  say(na_override, 11);
  EXPECT_EQ(neighbour("2001:db8:1::9")->mac, mac(11));
  EXPECT_EQ(neighbour("2001:db8:1::9")->state, NeighbourState::stale);
  io->injected.clear();
  after(1s);
  EXPECT_EQ(frames(135).size(), 1u);
}

TEST_F(SlowPath6Test, P38_an_answer_to_somebody_else_confirms_nothing) {
  need("2001:db8:1::9");
  advertise({.source = "2001:db8:1::9",
             .destination = "2001:db8:1::7",
             .target = "2001:db8:1::9",
             .flags = na_solicited | na_override,
             .options = link_option(2, mac(9))});
  EXPECT_EQ(neighbour("2001:db8:1::9")->state, NeighbourState::stale);
}

TEST_F(SlowPath6Test, I4_nd_in_one_vpc_teaches_nothing_in_another) {
  need("2001:db8:1::9");
  punt_nd(vpc_b, neighbour_packet(136, {.source = "fe80::9",
                                        .destination = "2001:db8:2::1",
                                        .target = "2001:db8:1::9",
                                        .flags = na_solicited | na_override,
                                        .options = link_option(2, mac(9))}));
  EXPECT_EQ(neighbour("2001:db8:1::9")->state, NeighbourState::incomplete);
  EXPECT_EQ(drops(vpc_b, DropReason::source_spoofed), 1u);
}

TEST_F(SlowPath6Test, routers_and_redirects_of_others_are_ignored) {
  const Fields6 from{.source = "fe80::5", .destination = "ff02::1", .hop_limit = 255};
  punt_nd(vpc_a, icmp6_packet(from, 134, 0, 0x40000708, ByteVector(8)));
  punt_nd(vpc_a, icmp6_packet(from, 137, 0, 0, ByteVector(32)));
  EXPECT_EQ(slow->counters(vpc_a).consumed, 2u);
  EXPECT_TRUE(slow->neighbours().empty());
  EXPECT_TRUE(io->injected.empty());
}

TEST_F(SlowPath6Test, without_ipv6_addresses_nothing_is_said_or_learnt) {
  configure({config_a(), config6_b()});
  io->injected.clear();
  solicit({.source = "fe80::5", .target = link_local_a, .options = link_option(1, mac(5))});
  solicit_router("fe80::5", link_option(1, mac(5)));
  after(1s);
  EXPECT_TRUE(frames(134).empty());
  EXPECT_TRUE(frames(136).empty());
  EXPECT_TRUE(slow->neighbours().empty());
}

class RouterAdvertisementTest : public SlowPath6Test {
 protected:
  std::vector<ByteVector> advertisements_of_a() const {
    std::vector<ByteVector> found;
    for (const auto& i : injected(InjectKind::frame)) {
      const bool is_one = get16(i.bytes, 12) == 0x86dd && i.bytes.at(54) == 134;
      if (is_one && i.note.vpc == vpc_a) found.push_back(i.bytes);
    }
    return found;
  }
};

TEST_F(RouterAdvertisementTest, P43_is_sent_on_request_and_says_what_it_should) {
  solicit_router("::");
  after(500ms);
  ASSERT_EQ(advertisements_of_a().size(), 1u);
  const auto frame = advertisements_of_a()[0];
  EXPECT_EQ(mac_at(frame, 0), "33:33:00:00:00:01");
  ByteVector body = {0, 0, 0, 0, 0, 0, 0, 0};
  const auto source_option = link_option(1, own_mac_a);
  body.insert(body.end(), source_option.begin(), source_option.end());
  body.insert(body.end(), {5, 1, 0, 0, 0, 0, 1500 >> 8, 1500 & 0xff});
  for (const auto& [prefix, length] : {std::pair("2001:db8:1::", std::uint8_t{64}),
                                       std::pair("2001:db8:11::", std::uint8_t{120})}) {
    ByteVector option(32);
    option[0] = 3;
    option[1] = 4;
    option[2] = length;
    option[3] = 0x80;  // on-link, no autoconfiguration
    put32(option, 4, 2592000);
    put32(option, 8, 604800);
    put_address(option, 16, prefix);
    body.insert(body.end(), option.begin(), option.end());
  }
  EXPECT_EQ(packet_of(frame),
            icmp6_packet({.source = link_local_a, .destination = "ff02::1", .hop_limit = 255}, 134,
                         0, 0x40000000u | 1800, body));
}

TEST_F(RouterAdvertisementTest, P43_autoconfiguration_only_if_asked_and_possible) {
  auto a = config6_a();
  a.autoconfiguration = true;
  configure({a, config6_b()});
  poll();
  ASSERT_EQ(advertisements_of_a().size(), 1u) << "what changed is advertised at once";
  const auto frame = advertisements_of_a()[0];
  EXPECT_EQ(frame.at(14 + 40 + 16 + 16 + 3), 0xc0);
  EXPECT_EQ(frame.at(14 + 40 + 16 + 16 + 32 + 3), 0x80) << "a /120";
}

TEST_F(RouterAdvertisementTest, multicasts_are_three_seconds_apart_and_others_answered_alone) {
  for (int i = 0; i < 100; ++i) {
    solicit_router("::");
    after(100ms);
  }
  EXPECT_LE(advertisements_of_a().size(), 4u);
  EXPECT_GE(advertisements_of_a().size(), 3u);
  for (int i = 0; i < 31; ++i) after(100ms);
  io->injected.clear();
  solicit_router("::");
  after(500ms);
  io->injected.clear();
  solicit_router("fe80::5", link_option(1, mac(5)));
  after(500ms);
  ASSERT_EQ(advertisements_of_a().size(), 1u);
  EXPECT_EQ(mac_at(advertisements_of_a()[0], 0), mac(5).to_string());
  EXPECT_EQ(get_address(advertisements_of_a()[0], 14 + 24), "fe80::5");
  EXPECT_TRUE(usable(vpc_a, "fe80::5"));
}

TEST_F(RouterAdvertisementTest, is_repeated_every_200_to_600_seconds) {
  std::vector<SlowPath::Clock::time_point> times;
  for (int i = 0; i < 4000; ++i) {
    after(1s);
    if (!advertisements_of_a().empty()) times.push_back(now);
    io->injected.clear();
  }
  ASSERT_GE(times.size(), 6u);
  for (std::size_t i = 1; i < times.size(); ++i) {
    EXPECT_GE(times[i] - times[i - 1], 199s);
    EXPECT_LE(times[i] - times[i - 1], 601s);
  }
}

TEST_F(RouterAdvertisementTest, an_underlay_has_no_router) {
  auto a = config6_a();
  a.underlay = true;
  configure({a, config6_b()});
  solicit_router("fe80::5", link_option(1, mac(5)));
  for (int i = 0; i < 700; ++i) after(1s);
  EXPECT_TRUE(advertisements_of_a().empty());
  solicit({});
  ASSERT_EQ(frames(136).size(), 1u);
  EXPECT_EQ(get32(frames(136)[0], 14 + 44), na_solicited | na_override);
}

TEST_F(SlowPath6Test, what_is_due_waits_for_no_ring_but_its_own) {
  start({});
  io->full = {vpc_a};
  configure({config6_a(), config6_b()});
  for (int i = 0; i < 40; ++i) after(1s);
  const auto to_b = frames(134).size();
  EXPECT_GT(to_b, 0u);
  EXPECT_GT(frames(136).size(), 0u);
  EXPECT_EQ(slow->counters(vpc_a).router_advertisements_sent, 0u);
  io->full = {};
  after(1s);
  EXPECT_EQ(slow->counters(vpc_a).router_advertisements_sent, 1u);
}

}  // namespace
}  // namespace bgw::test
