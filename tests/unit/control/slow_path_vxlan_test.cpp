// VXLAN VPCs and their underlays through SlowPath::poll().
#include "log_lines.h"
#include "slow_path_nd_fixture.h"

namespace bgw::test {
namespace {

using control::NeighbourState;
using control::SlowPathTunnel;
using dataplane::Mac;
using dataplane::TunnelIndex;

constexpr TunnelIndex first{1};
constexpr TunnelIndex second{2};
constexpr TunnelIndex foreign{3};  // of VPC b

// VPC a is a VXLAN of two remotes, b one of another, `underlay` carries both.
class VxlanTest : public SlowPath6Test {
 protected:
  static constexpr VpcIndex underlay{7};

  static SlowPathVpc vxlan_a() {
    auto a = config6_a();
    a.vxlan = true;
    a.flood = {first, second};
    return a;
  }
  static SlowPathVpc vxlan_b() {
    auto b = config_b();
    b.vxlan = true;
    b.flood = {foreign};
    return b;
  }
  static SlowPathVpc underlay_config() {
    return {.index = underlay,
            .name = "dc",
            .mac = mac(0xfc),
            .addresses = {interface_address("192.0.2.1", 24)},
            .underlay = true};
  }
  static std::vector<SlowPathTunnel> tunnels() {
    return {{first, underlay, addr("192.0.2.9")},
            {second, underlay, addr("192.0.2.10")},
            {foreign, underlay, addr("192.0.2.9")}};
  }

  void SetUp() override {
    start({});
    configure({vxlan_a(), vxlan_b(), underlay_config()}, tunnels());
    settle();
  }

  void arp(const ByteVector& frame, TunnelIndex tunnel, VpcIndex vpc = vpc_a) {
    queue(PuntClass::arp, frame, {.in_vpc = vpc, .vpc = vpc, .tunnel = tunnel, .ip_offset = 14});
    poll();
  }
  void move(const Mac& mac, TunnelIndex tunnel, VpcIndex vpc = vpc_a) {
    io->moves.push_back({vpc, tunnel, mac});
    poll();
  }
  // 10.1.1.5 asks for us, from its VTEP.
  void learn_host(TunnelIndex tunnel = first) {
    arp(arp_frame(1, mac(5), "10.1.1.5", "10.1.1.1"), tunnel);
  }
  dataplane::Link link(const std::string& address, VpcIndex vpc = vpc_a) const {
    return table.find(vpc, addr(address));
  }
};

TEST_F(VxlanTest, arp_is_answered_by_the_tunnel_that_it_came_by) {
  learn_host(second);
  ASSERT_EQ(io->injected.size(), 1u);
  EXPECT_EQ(io->injected[0].note.tunnel, second);
  EXPECT_EQ(io->injected[0].note.vpc, vpc_a);
  EXPECT_EQ(link("10.1.1.5"), dataplane::Link::to(mac(5), second));
  EXPECT_EQ(slow->neighbours()[0].tunnel, second);
}

// The hosts of another segment are others, though their VTEPs are the same; so are the VTEPs of an
// underlay on another wire, and all behind them.
TEST_F(VxlanTest, a_vpc_in_another_segment_knows_nobody_of_the_one_before) {
  const auto in_another_segment = [](SlowPathVpc& a, SlowPathVpc&) { ++a.vni; };
  const auto by_another_vlan = [](SlowPathVpc& a, SlowPathVpc& below) {
    a.vlan = below.vlan = below.vlan + 1;
  };
  auto a = vxlan_a();
  auto below = underlay_config();
  for (const bool segment : {true, false}) {
    learn_host(second);
    punt_nd(vpc_a, neighbour_packet(135, {.options = link_option(1, mac(5))}), mac(5), 2);
    punt_arp(underlay, arp_frame(2, mac(9), "192.0.2.9", "192.0.2.1", mac(0xfc)));
    ASSERT_TRUE(usable(vpc_a, "10.1.1.5") && usable(vpc_a, "2001:db8:1::5"));
    ASSERT_TRUE(usable(underlay, "192.0.2.9"));
    ASSERT_EQ(slow->counters(vpc_a).macs, 1u);
    io->moves.push_back({vpc_a, first, mac(6)});  // noticed before
    segment ? in_another_segment(a, below) : by_another_vlan(a, below);
    configure({a, vxlan_b(), below}, tunnels());
    EXPECT_FALSE(usable(vpc_a, "10.1.1.5") || usable(vpc_a, "2001:db8:1::5"));
    EXPECT_EQ(usable(underlay, "192.0.2.9"), segment);
    poll();
    EXPECT_EQ(slow->counters(vpc_a).macs, 0u);
    after(2s);
  }
}

TEST_F(VxlanTest, neighbours_are_listed_whole_or_in_pieces) {
  arp(arp_frame(1, mac(5), "10.1.1.5", "10.1.1.1"), first);
  arp(arp_frame(1, mac(5), "10.1.1.6", "10.1.1.1"), first);
  arp(arp_frame(1, mac(5), "10.1.1.8", "10.1.1.1"), first);
  arp(arp_frame(1, mac(6), "10.2.1.5", "10.2.1.1"), foreign, vpc_b);
  const auto all = slow->neighbours();
  ASSERT_GE(all.size(), 5u) << "of several VPCs, next hops among them";
  EXPECT_NE(all.front().vpc, all.back().vpc);
  for (std::size_t piece = 1; piece <= all.size(); ++piece) {
    std::vector<control::NeighbourEntry> joined;
    std::optional<control::NeighbourPlace> behind;
    for (bool more = true; more;) {
      const auto entries = slow->neighbours(behind, piece);
      ASSERT_LE(entries.size(), piece);
      more = entries.size() == piece;
      joined.insert(joined.end(), entries.begin(), entries.end());
      if (!entries.empty()) behind = entries.back().place;
    }
    ASSERT_EQ(joined.size(), all.size()) << piece;
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(joined[i].vpc, all[i].vpc);
      EXPECT_EQ(joined[i].address, all[i].address);
    }
  }
  for (const auto& entry : all) {
    EXPECT_EQ(slow->neighbour(entry.place)->address, entry.address);
  }
  // Behind one that is gone.
  const auto next = slow->neighbours({{vpc_a, addr("10.1.1.7")}}, 1);
  ASSERT_EQ(next.size(), 1u);
  EXPECT_EQ(next[0].address.to_string(), "10.1.1.8");
  EXPECT_FALSE(slow->neighbour({vpc_a, addr("10.1.1.7")}));
  EXPECT_FALSE(slow->neighbour({VpcIndex{99}, addr("10.1.1.5")}));
}

TEST_F(VxlanTest, the_log_names_each_vpc_that_fills_with_macs) {
  const LogLines log;
  start({.macs_per_vpc = 10});
  configure({vxlan_a(), vxlan_b(), underlay_config()}, tunnels());
  settle();
  for (std::uint8_t last = 1; last <= 7; ++last) move(mac(last), first);
  after(2s);
  EXPECT_EQ(log.count("MACs"), 0);
  move(mac(8), first);
  after(2s);
  EXPECT_EQ(log.count("warning: VPC a: 8 of at most 10 MACs behind tunnels"), 1);
  for (std::uint8_t last = 9; last <= 12; ++last) move(mac(last), first);
  for (int i = 0; i < 61; ++i) after(1s);
  EXPECT_EQ(log.count("warning: VPC a: no room for more MACs behind tunnels: it has 10"), 1);
  EXPECT_EQ(log.count("MACs"), 2);
}

TEST_F(VxlanTest, nd_is_answered_by_the_tunnel_that_it_came_by) {
  punt_nd(vpc_a, neighbour_packet(135, {.options = link_option(1, mac(5))}), mac(5), 2);
  ASSERT_EQ(frames(136).size(), 1u);
  EXPECT_EQ(io->injected[0].note.tunnel, second);
  EXPECT_EQ(link("2001:db8:1::5"), dataplane::Link::to(mac(5), second));
}

TEST_F(VxlanTest, what_is_for_all_leaves_by_every_tunnel_of_the_flood_list) {
  queue(PuntClass::glean, ethernet(udp_packet()),
        {.in_vpc = vpc_b, .vpc = vpc_a, .address = addr("10.1.1.9"), .ip_offset = 14});
  poll();
  ASSERT_EQ(io->injected.size(), 2u);
  EXPECT_EQ(io->injected[0].note.tunnel, first);
  EXPECT_EQ(io->injected[1].note.tunnel, second);
  EXPECT_EQ(io->injected[0].bytes, io->injected[1].bytes);
  EXPECT_EQ(slow->counters(vpc_a).arp_requests_sent, 1u);
}

TEST_F(VxlanTest, P39_probes_go_to_the_neighbours_tunnel_alone) {
  learn_host(second);
  io->injected.clear();
  after(30s);
  const auto sent = injected(InjectKind::frame);
  const auto probe = std::ranges::find_if(
      sent, [](const Injected& i) { return i.note.vpc == vpc_a && get16(i.bytes, 12) == 0x0806; });
  ASSERT_NE(probe, sent.end());
  EXPECT_EQ(mac_at(probe->bytes, 0), mac(5).to_string());
  EXPECT_EQ(probe->note.tunnel, second);
}

TEST_F(VxlanTest, P47_frames_by_other_tunnels_or_none_teach_nothing) {
  learn_host(foreign);
  learn_host(dataplane::no_tunnel);
  move(mac(5), foreign);
  EXPECT_TRUE(slow->neighbours().size() == 2u) << "the underlay's next hops";
  EXPECT_EQ(fdb_table.size(), 0u);
  EXPECT_TRUE(io->injected.empty());
  EXPECT_EQ(drops(vpc_a, DropReason::no_interface), 2u);
  arp(arp_frame(1, mac(5), "192.0.2.5", "192.0.2.1"), first, underlay);
  EXPECT_EQ(drops(underlay, DropReason::no_interface), 1u);
}

TEST_F(VxlanTest, P41_a_vpc_that_makes_up_macs_leaves_others_their_share) {
  start({.macs_per_vpc = 100, .macs = 120, .macs_share = 20});
  configure({vxlan_a(), vxlan_b(), underlay_config()}, tunnels());
  settle();
  for (std::uint8_t n = 0; n < 200; ++n) move({{2, 1, 0, 0, 0, n}}, first);
  EXPECT_EQ(slow->counters(vpc_a).macs, 60u) << "as much as it leaves to others, and its share";
  EXPECT_EQ(slow->counters(vpc_a).macs_refused, 140u);
  for (std::uint8_t n = 0; n < 20; ++n) move({{2, 2, 0, 0, 0, n}}, foreign, vpc_b);
  EXPECT_EQ(slow->counters(vpc_b).macs, 20u);
  EXPECT_EQ(slow->counters(vpc_b).macs_refused, 0u);
}

TEST_F(VxlanTest, I4_fdbs_of_two_vpcs_know_nothing_of_each_other) {
  move(mac(5), first, vpc_a);
  move(mac(5), foreign, vpc_b);
  EXPECT_EQ(fdb_table.find(vpc_a, mac(5)), first);
  EXPECT_EQ(fdb_table.find(vpc_b, mac(5)), foreign);
  move(mac(5), second, vpc_a);
  EXPECT_EQ(fdb_table.find(vpc_a, mac(5)), second);
  EXPECT_EQ(fdb_table.find(vpc_b, mac(5)), foreign);
  move(mac(6), foreign, VpcIndex{99});
  move(mac(6), dataplane::no_tunnel, underlay);
  EXPECT_EQ(fdb_table.size(), 2u);
}

TEST_F(VxlanTest, macs_are_learnt_from_arp_nd_and_what_workers_notice) {
  learn_host();
  punt_nd(vpc_a, neighbour_packet(135, {}), mac(6), 2);
  move(mac(7), second);
  ASSERT_EQ(fdb_table.size(), 3u);
  EXPECT_EQ(fdb_table.find(vpc_a, mac(5)), first);
  EXPECT_EQ(fdb_table.find(vpc_a, mac(6)), second);
  EXPECT_EQ(fdb_table.find(vpc_a, mac(7)), second);
  move(own_mac_a, second);
  move(Mac::broadcast(), second);
  move(Mac{}, second);
  EXPECT_EQ(fdb_table.size(), 3u);
}

TEST_F(VxlanTest, a_host_that_moves_is_followed_at_once_and_verified) {
  learn_host(first);
  io->injected.clear();
  move(mac(5), second);
  EXPECT_EQ(link("10.1.1.5"), dataplane::Link::to(mac(5), second));
  EXPECT_EQ(neighbour("10.1.1.5")->state, NeighbourState::stale);
  after(1s);
  ASSERT_FALSE(io->injected.empty());
  EXPECT_EQ(io->injected[0].note.tunnel, second);
}

TEST_F(VxlanTest, a_gratuitous_arp_from_another_vtep_moves_all_addresses_of_its_mac) {
  learn_host(first);
  arp(arp_frame(1, mac(5), "10.1.1.6", "10.1.1.1"), first);
  arp(arp_frame(1, mac(5), "10.1.1.5", "10.1.1.5"), second);
  EXPECT_EQ(link("10.1.1.5").tunnel(), second);
  EXPECT_EQ(link("10.1.1.6").tunnel(), second);
  EXPECT_EQ(fdb_table.find(vpc_a, mac(5)), second);
}

TEST_F(VxlanTest, what_is_behind_a_tunnel_that_goes_is_forgotten) {
  learn_host(first);
  arp(arp_frame(1, mac(6), "10.1.1.6", "10.1.1.1"), second);
  auto a = vxlan_a();
  a.flood = {second};
  configure({a, vxlan_b(), underlay_config()}, tunnels());
  EXPECT_FALSE(usable(vpc_a, "10.1.1.5"));
  EXPECT_TRUE(usable(vpc_a, "10.1.1.6"));
  EXPECT_EQ(fdb_table.find(vpc_a, mac(5)), dataplane::no_tunnel);
  EXPECT_EQ(fdb_table.size(), 1u);
  configure({vxlan_b(), underlay_config()}, tunnels());
  EXPECT_EQ(fdb_table.size(), 0u);
}

TEST_F(VxlanTest, macs_and_the_neighbours_behind_them_age) {
  move(mac(5), first);
  learn_host();
  EXPECT_TRUE(usable(vpc_a, "10.1.1.5"));
  for (int i = 0; i < 299; ++i) {
    after(1s);
    if (neighbour("10.1.1.5")->state == NeighbourState::probe) {
      // Its answers by another MAC keep the neighbour; nothing refreshes the frame's source.
      auto answer = arp_frame(2, mac(5), "10.1.1.5", "10.1.1.1", own_mac_a);
      const auto other = mac(55);
      std::copy(other.bytes.begin(), other.bytes.end(), answer.begin() + 6);
      arp(answer, first);
    }
  }
  EXPECT_TRUE(usable(vpc_a, "10.1.1.5"));
  const int before = io->grace_periods;
  after(1s);
  EXPECT_FALSE(usable(vpc_a, "10.1.1.5"));
  EXPECT_EQ(fdb_table.find(vpc_a, mac(5)), dataplane::no_tunnel);
  for (int i = 0; i < 10; ++i) after(1s);
  EXPECT_GT(io->grace_periods, before);
}

TEST_F(VxlanTest, a_neighbour_that_answers_keeps_its_mac_from_ageing) {
  learn_host();
  for (int i = 0; i < 1000; ++i) {
    after(1s);
    if (neighbour("10.1.1.5")->state == NeighbourState::probe) {
      arp(arp_frame(2, mac(5), "10.1.1.5", "10.1.1.1", own_mac_a), first);
    }
    ASSERT_TRUE(usable(vpc_a, "10.1.1.5")) << i;
  }
  EXPECT_EQ(fdb_table.size(), 1u);
}

TEST_F(VxlanTest, P41_a_vpc_that_makes_up_macs_stays_within_its_bound) {
  const auto made_up = [](unsigned i) {
    return Mac{{0x06, 0, 0, static_cast<std::uint8_t>(i >> 16), static_cast<std::uint8_t>(i >> 8),
                static_cast<std::uint8_t>(i)}};
  };
  for (unsigned i = 0; i < 6000; ++i) io->moves.push_back({vpc_a, first, made_up(i)});
  poll();
  EXPECT_EQ(fdb_table.size(), 4096u);
  move(made_up(1), second);
  EXPECT_EQ(fdb_table.find(vpc_a, made_up(1)), second) << "moves are followed still";
  move(mac(5), foreign, vpc_b);
  EXPECT_EQ(fdb_table.find(vpc_b, mac(5)), foreign);
}

class UnderlayTest : public VxlanTest {
 protected:
  std::vector<ByteVector> requests_for(const std::string& address) const {
    std::vector<ByteVector> found;
    for (const auto& i : injected(InjectKind::frame)) {
      const bool is_request = i.note.vpc == underlay && get16(i.bytes, 12) == 0x0806;
      if (is_request && get32(i.bytes, 38) == ip(address)) found.push_back(i.bytes);
    }
    return found;
  }
  void answer(const std::string& address, std::uint8_t last) {
    punt_arp(underlay, arp_frame(2, mac(last), address, "192.0.2.1", mac(0xfc)));
  }
};

TEST_F(UnderlayTest, next_hops_of_tunnels_are_resolved_before_they_are_needed) {
  start({});
  configure({vxlan_a(), vxlan_b(), underlay_config()}, tunnels());
  poll();
  EXPECT_EQ(requests_for("192.0.2.9").size(), 1u);
  EXPECT_EQ(requests_for("192.0.2.10").size(), 1u);
  answer("192.0.2.9", 9);
  EXPECT_TRUE(usable(underlay, "192.0.2.9"));
}

// The gateway's own, whole: whether or not its note says where its network layer begins.
TEST_F(UnderlayTest, a_frame_that_waits_for_a_next_hop_leaves_as_it_is) {
  for (const std::uint8_t ip_offset : {std::uint8_t{0}, std::uint8_t{14}}) {
    io->injected.clear();
    const auto frame = ethernet(udp_packet());
    queue(PuntClass::glean, frame,
          {.in_vpc = vpc_a,
           .vpc = underlay,
           .address = addr("192.0.2.20"),
           .tunnel = first,
           .whole_frame = true,
           .ip_offset = ip_offset});
    poll();
    answer("192.0.2.20", static_cast<std::uint8_t>(20 + ip_offset));
    const auto sent = injected(InjectKind::rewalk);
    ASSERT_EQ(sent.size(), 1u);
    EXPECT_EQ(sent[0].bytes, frame);
    EXPECT_TRUE(sent[0].note.whole_frame);
    EXPECT_EQ(sent[0].note.tunnel, first);
    // Nobody answers: it is lost without a word to anybody.
    io->injected.clear();
    queue(PuntClass::glean, frame,
          {.in_vpc = vpc_a,
           .vpc = underlay,
           .address = addr("192.0.2.21"),
           .tunnel = first,
           .whole_frame = true,
           .ip_offset = ip_offset});
    for (int i = 0; i < 8; ++i) after(1s);
    EXPECT_TRUE(injected(InjectKind::originate).empty());
    EXPECT_EQ(VectorPacket::alive, 0);
  }
  EXPECT_EQ(drops(vpc_a, DropReason::neighbour_unreachable), 2u);
}

TEST_F(UnderlayTest, P37_a_silent_next_hop_is_asked_for_every_ten_seconds_for_ever) {
  start({});
  configure({vxlan_a(), vxlan_b(), underlay_config()}, tunnels());
  for (int i = 0; i <= 30; ++i) after(100ms);
  EXPECT_EQ(requests_for("192.0.2.9").size(), 3u);
  io->injected.clear();
  for (int i = 0; i < 1000; ++i) after(100ms);
  EXPECT_GE(requests_for("192.0.2.9").size(), 9u);
  EXPECT_LE(requests_for("192.0.2.9").size(), 11u);
  answer("192.0.2.9", 9);
  EXPECT_TRUE(usable(underlay, "192.0.2.9"));
}

TEST_F(UnderlayTest, P39_a_next_hop_that_vanishes_is_asked_for_until_it_comes_back) {
  answer("192.0.2.9", 9);
  ASSERT_TRUE(usable(underlay, "192.0.2.9"));
  for (int i = 0; i < 40; ++i) after(1s);
  EXPECT_FALSE(usable(underlay, "192.0.2.9"));
  EXPECT_EQ(neighbour("192.0.2.9")->state, NeighbourState::failed);
  io->injected.clear();
  for (int i = 0; i < 20; ++i) after(1s);
  EXPECT_GE(requests_for("192.0.2.9").size(), 1u);
  answer("192.0.2.9", 9);
  EXPECT_TRUE(usable(underlay, "192.0.2.9"));
}

TEST_F(UnderlayTest, P41_a_scan_evicts_no_next_hop_and_what_is_no_next_hop_any_more_ages) {
  for (unsigned i = 0; i < 3000; ++i) {
    queue(PuntClass::glean, ethernet(udp_packet()),
          {.in_vpc = vpc_a,
           .vpc = underlay,
           .address = dataplane::MappedAddress::v4(ip("192.0.2.20") + i % 200),
           .ip_offset = 14});
  }
  poll();
  EXPECT_TRUE(neighbour("192.0.2.9"));
  configure({vxlan_a(), vxlan_b(), underlay_config()}, {tunnels()[1]});
  for (int i = 0; i < 30; ++i) after(1s);
  EXPECT_FALSE(neighbour("192.0.2.9"));
  EXPECT_TRUE(neighbour("192.0.2.10"));
}

TEST_F(UnderlayTest, P37_inner_packets_wait_for_the_next_hop_of_their_tunnel) {
  answer("192.0.2.10", 10);
  const auto packet = ethernet(udp_packet());
  queue(PuntClass::glean, packet,
        {.in_vpc = vpc_a, .vpc = underlay, .address = addr("192.0.2.10"), .ip_offset = 14});
  poll();
  const auto again = injected(InjectKind::rewalk);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].note.in_vpc, vpc_a);
  EXPECT_EQ(again[0].bytes, packet);
}

TEST_F(UnderlayTest, I6_next_hops_that_are_not_on_the_underlays_links_are_not_asked_for) {
  io->injected.clear();
  configure({vxlan_a(), vxlan_b(), underlay_config()},
            {{first, underlay, addr("198.51.100.9")}, {second, underlay, addr("192.0.2.1")}});
  for (int i = 0; i < 20; ++i) after(1s);
  EXPECT_TRUE(requests_for("198.51.100.9").empty());
  EXPECT_TRUE(requests_for("192.0.2.1").empty());
}

// RFC 4861 §6.2.6: everyone has just been told, so each host that asks is answered alone.
TEST_F(VxlanTest, an_answer_that_can_never_be_sent_holds_up_no_other) {
  const auto ask = [&](const std::string& host, std::uint8_t last, TunnelIndex tunnel) {
    const auto asks = icmp6_packet({.source = host, .destination = "ff02::2", .hop_limit = 255},
                                   133, 0, 0, link_option(1, mac(last)));
    punt_nd(vpc_a, asks, mac(last), tunnel.value);
  };
  ask("fe80::4", 4, first);
  after(600ms);
  io->injected.clear();
  ask("fe80::5", 5, first);
  ask("fe80::6", 6, second);
  auto a = vxlan_a();
  a.flood = {second};  // the VTEP of fe80::5 is gone
  configure({a, vxlan_b(), underlay_config()}, tunnels());
  after(600ms);
  const auto answers = frames(134);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(mac_at(answers[0], 0), mac(6).to_string());
}

TEST_F(VxlanTest, P42_what_left_by_one_tunnel_is_not_said_again_there) {
  start({});
  auto a = vxlan_a();
  a.addresses = {interface_address("10.1.1.1", 24)};
  io->room = 1;
  configure({a});
  poll();
  io->room = SIZE_MAX;
  for (int i = 0; i < 5; ++i) poll();
  EXPECT_EQ(io->injected.size(), 1u);
  after(2s);
  EXPECT_EQ(io->injected.size(), 3u) << "the second announcement, by both";
}

}  // namespace
}  // namespace bgw::test
