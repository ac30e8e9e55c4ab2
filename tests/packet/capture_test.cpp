// Copies of packets on their way: which, how much of them, and what becomes of the rest.
#include <gtest/gtest.h>
#include <rte_cycles.h>

#include <algorithm>
#include <chrono>

#include "dataplane/exchange/captures.h"
#include "tests/packet/lab.h"

namespace bgw::packet_test {
namespace {

using dataplane::CaptureDirection;
using dataplane::CapturedPacket;
using dataplane::CaptureFilter;
using dataplane::CaptureId;
using dataplane::Captures;
using dataplane::CaptureTap;

constexpr VpcIndex a{0}, b{1};

struct Copy {
  CapturedPacket what;
  Bytes bytes;
};

class Capture : public testing::Test {
 protected:
  Capture() { rcu.online(0); }
  ~Capture() override { rcu.offline(0); }

  void offer(const Bytes& bytes, VpcIndex vpc = a, CaptureDirection on = CaptureDirection::rx,
             DropReason reason = DropReason::count_) {
    rte_mbuf* packet = lab.exact_packet(bytes);
    tap.offer(packet, 0, 14, vpc, on, reason);
    rte_pktmbuf_free(packet);
  }
  std::vector<Copy> take(CaptureId id, std::size_t most = 1000) {
    std::vector<Copy> copies;
    captures.take(id, most, [&](const CapturedPacket& packet) {
      copies.push_back({packet, {packet.bytes.begin(), packet.bytes.end()}});
    });
    return copies;
  }

  Lab lab;
  dataplane::Rcu rcu{1};
  Captures captures{rcu, 1, rte_get_tsc_hz()};
  CaptureTap tap{captures, 0};
  const Bytes frame = ethernet(mac(1), mac(2), 0x0800, ipv4({}));
};

TEST_F(Capture, copies_a_packet_with_what_is_known_about_it) {
  EXPECT_FALSE(tap.active());
  offer(frame);  // nobody looks
  const auto before = std::chrono::system_clock::now();
  const auto id = captures.start({});
  ASSERT_TRUE(id);
  EXPECT_TRUE(tap.active());
  offer(frame, b, CaptureDirection::drop, DropReason::no_route);
  const auto copies = take(*id);
  ASSERT_EQ(copies.size(), 1u);
  const CapturedPacket& what = copies[0].what;
  EXPECT_EQ(copies[0].bytes, frame);
  EXPECT_EQ(what.vpc, b);
  EXPECT_EQ(what.direction, CaptureDirection::drop);
  EXPECT_EQ(what.reason, DropReason::no_route);
  EXPECT_EQ(what.original_bytes, frame.size());
  EXPECT_FALSE(what.starts_at_ip);
  const std::chrono::system_clock::time_point when{
      std::chrono::duration_cast<std::chrono::system_clock::duration>(
          std::chrono::nanoseconds{what.unix_ns})};
  EXPECT_GE(when, before - std::chrono::milliseconds{10});
  EXPECT_LE(when, std::chrono::system_clock::now() + std::chrono::milliseconds{10});
  EXPECT_EQ(captures.missed(*id), 0u);
}

TEST_F(Capture, filters_by_vpc_and_direction) {
  const auto id = captures.start({.vpc = a, .rx = false});
  for (const VpcIndex vpc : {a, b, no_vpc})
    for (const auto on : {CaptureDirection::rx, CaptureDirection::tx, CaptureDirection::drop})
      offer(frame, vpc, on);
  const auto copies = take(*id);
  ASSERT_EQ(copies.size(), 2u);
  EXPECT_EQ(copies[0].what.direction, CaptureDirection::tx);
  EXPECT_EQ(copies[1].what.direction, CaptureDirection::drop);
  EXPECT_EQ(copies[1].what.vpc, a);
}

struct Seen {
  const char* name;
  Bytes frame;
  std::vector<const char*> hosts;  // that it is from or to
};
class CaptureHost : public Capture, public testing::WithParamInterface<Seen> {};
TEST_P(CaptureHost, is_found_at_either_end) {
  for (const char* text :
       {"10.1.0.10", "10.2.0.20", "10.9.9.9", "2001:db8:1::10", "2001:db8:2::20"}) {
    const auto id = captures.start({.host = any_ip(text)});
    offer(GetParam().frame);
    const bool wanted = std::ranges::count(GetParam().hosts, std::string_view(text)) != 0;
    EXPECT_EQ(take(*id).size(), wanted ? 1u : 0u) << text;
    captures.stop(*id);
  }
  // However little of it there is.
  const auto id = captures.start({.host = any_ip("10.9.9.9")});
  for (std::size_t bytes = 0; bytes < GetParam().frame.size(); ++bytes)
    offer(Bytes(GetParam().frame.begin(),
                GetParam().frame.begin() + static_cast<std::ptrdiff_t>(bytes)));
  EXPECT_TRUE(take(*id).empty());
}
INSTANTIATE_TEST_SUITE_P(
    Frames, CaptureHost,
    testing::Values(
        Seen{"ipv4", ethernet(mac(1), mac(2), 0x0800, ipv4({})), {"10.1.0.10", "10.2.0.20"}},
        Seen{"arp", arp_request(mac(1), "10.1.0.10", "10.2.0.20"), {"10.1.0.10", "10.2.0.20"}},
        Seen{"ipv6",
             ethernet(mac(1), mac(2), 0x86dd, ipv6({})),
             {"2001:db8:1::10", "2001:db8:2::20"}},
        Seen{"other", ethernet(mac(1), mac(2), 0x88cc, Bytes(60)), {}}),
    [](const auto& given) { return given.param.name; });

TEST_F(Capture, keeps_no_more_than_snaplen_of_any_buffers) {
  const auto id = captures.start({.snaplen = 100});
  const Bytes second(1000, 0x77);
  rte_mbuf* packet = lab.pool_packet(frame);
  ASSERT_EQ(rte_pktmbuf_chain(packet, lab.pool_packet(second)), 0);
  tap.offer(packet, 0, 14, a, CaptureDirection::rx);
  rte_pktmbuf_free(packet);
  const auto copies = take(*id);
  ASSERT_EQ(copies.size(), 1u);
  Bytes expected = frame;
  expected.resize(100, 0x77);
  EXPECT_EQ(copies[0].bytes, expected);
  EXPECT_EQ(copies[0].what.original_bytes, frame.size() + second.size());
}

// What a tunnel puts around a frame is left away; the gateway's own packets have no link header.
TEST_F(Capture, begins_where_the_frame_begins) {
  const auto id = captures.start({});
  Bytes carried(50 + frame.size(), 0xee);
  std::ranges::copy(frame, carried.begin() + 50);
  rte_mbuf* packet = lab.exact_packet(carried);
  tap.offer(packet, 50, 64, a, CaptureDirection::tx);
  tap.offer(packet, 64, 64, a, CaptureDirection::drop);
  tap.offer(packet, 5000, 5014, a, CaptureDirection::drop);
  rte_pktmbuf_free(packet);
  const auto copies = take(*id);
  ASSERT_EQ(copies.size(), 3u);
  EXPECT_EQ(copies[0].bytes, frame);
  EXPECT_TRUE(copies[1].what.starts_at_ip);
  EXPECT_EQ(copies[1].bytes, ipv4({}));
  EXPECT_TRUE(copies[2].bytes.empty());
}

TEST_F(Capture, a_full_ring_misses_and_goes_on) {
  const auto id = captures.start({.snaplen = 65'535});
  const std::size_t offered = 200;
  for (std::size_t n = 0; n < offered; ++n) offer(frame);
  const std::size_t missed = captures.missed(*id);
  EXPECT_GT(missed, 0u);
  EXPECT_LT(missed, offered);
  EXPECT_EQ(take(*id, 3).size(), 3u);
  EXPECT_EQ(take(*id).size(), offered - missed - 3);
  for (std::size_t n = 0; n < 1000; ++n) {  // around the ring
    Bytes numbered = frame;
    numbered[20] = static_cast<std::uint8_t>(n);
    offer(numbered);
    const auto copies = take(*id);
    ASSERT_EQ(copies.size(), 1u);
    ASSERT_EQ(copies[0].bytes, numbered);
  }
  EXPECT_EQ(captures.missed(*id), missed);
}

TEST_F(Capture, several_run_and_end_apart) {
  std::vector<CaptureId> ids;
  for (std::size_t n = 0; n < dataplane::max_captures; ++n) {
    const auto id = captures.start({.vpc = n % 2 == 0 ? a : b});
    ASSERT_TRUE(id);
    ids.push_back(*id);
  }
  EXPECT_FALSE(captures.start({}));
  offer(frame, a);
  for (std::size_t n = 0; n < ids.size(); ++n) EXPECT_EQ(take(ids[n]).size(), n % 2 == 0 ? 1u : 0u);
  captures.stop(ids[0]);
  captures.stop(ids[0]);
  EXPECT_TRUE(captures.start({}));
  offer(frame, a);
  EXPECT_TRUE(take(ids[0]).empty()) << "it is over";
  EXPECT_EQ(take(ids[2]).size(), 1u);
}

// A worker may be in the midst of a burst when a capture ends.
TEST_F(Capture, a_stopped_capture_lives_on_for_a_grace_period) {
  const auto id = captures.start({});
  const Captures::Set* seen = captures.live();
  captures.stop(*id);
  EXPECT_FALSE(tap.active());
  rte_mbuf* packet = lab.exact_packet(frame);
  seen->captures[0]->rings[0]->put(packet, 0, {});  // use after free, if it were freed
  rte_pktmbuf_free(packet);
  rcu.quiescent(0);
  const auto next = captures.start({});  // now it is
  EXPECT_TRUE(take(*next).empty());
}

// Through the whole walk, on every kind of link: frames as their VPC sees them.
class CaptureWalk : public testing::Test {
 protected:
  CaptureWalk() { id = *lab.captures().start({}); }
  std::vector<Copy> take() {
    std::vector<Copy> copies;
    lab.captures().take(id, 1000, [&](const CapturedPacket& packet) {
      copies.push_back({packet, {packet.bytes.begin(), packet.bytes.end()}});
    });
    return copies;
  }

  TwoVpcs lab;
  CaptureId id;
};

TEST_F(CaptureWalk, a_forwarded_packet_is_seen_coming_and_going) {
  const Outcome outcome = lab.receive(lab.a, lab.from_a({}));
  ASSERT_EQ(outcome.sent.size(), 1u);
  const auto copies = take();
  ASSERT_EQ(copies.size(), 2u);
  EXPECT_EQ(copies[0].what.direction, CaptureDirection::rx);
  EXPECT_EQ(copies[0].what.vpc, lab.a);
  EXPECT_EQ(copies[0].what.original_bytes, lab.from_a({}).size() + Lab::tag_bytes());
  EXPECT_EQ(copies[1].what.direction, CaptureDirection::tx);
  EXPECT_EQ(copies[1].what.vpc, lab.b);
  EXPECT_EQ(copies[1].bytes.size(), outcome.sent[0].frame.size() + Lab::tag_bytes());
  EXPECT_TRUE(std::ranges::equal(copies[1].bytes.begin() + 14 + Lab::tag_bytes(),
                                 copies[1].bytes.end(), outcome.sent[0].frame.begin() + 14,
                                 outcome.sent[0].frame.end()));
}

TEST_F(CaptureWalk, a_dropped_packet_says_why) {
  lab.receive(lab.a, lab.from_a({.destination = "10.66.0.1"}));
  const auto copies = take();
  ASSERT_EQ(copies.size(), 2u);
  EXPECT_EQ(copies[1].what.direction, CaptureDirection::drop);
  EXPECT_EQ(copies[1].what.vpc, lab.a);
  EXPECT_EQ(copies[1].what.reason, DropReason::blackhole);
  EXPECT_EQ(copies[1].bytes, copies[0].bytes);
}

TEST_F(CaptureWalk, a_packet_without_room_to_leave_is_seen_without_its_tunnel) {
  lab.fill_transmit_queue(lab.b);
  lab.receive(lab.a, lab.from_a({}));
  const auto copies = take();
  ASSERT_EQ(copies.size(), 3u);
  EXPECT_EQ(copies[2].what.reason, DropReason::tx_queue_full);
  EXPECT_EQ(copies[2].bytes, copies[1].bytes);
}

TEST_F(CaptureWalk, frames_cut_short_are_seen_as_they_are) {
  for (const std::size_t bytes : {1, 13, 14, 20, 33}) {
    lab.receive(lab.a, lab.exact_packet(Bytes(bytes, 0xff)));
  }
  for (const Copy& copy : take()) EXPECT_LE(copy.what.original_bytes, 33u);
}

// What the control thread made whole and what never got a link header differ.
TEST_F(CaptureWalk, a_frame_of_the_gateways_own_that_is_dropped_begins_at_ethernet) {
  const Bytes frame = lab.from_a({});
  const Bytes cut_short(frame.begin(), frame.begin() + 13);
  EXPECT_TRUE(lab.inject(cut_short, lab.frame_note(lab.b)).sent.empty());
  const auto copies = take();
  ASSERT_EQ(copies.size(), 1u);
  EXPECT_EQ(copies[0].what.reason, DropReason::frame_truncated);
  EXPECT_FALSE(copies[0].what.starts_at_ip);
  EXPECT_EQ(copies[0].bytes, cut_short);
}

class OverVxlanCapture : public CaptureWalk {};
TEST_F(OverVxlanCapture, a_frame_of_the_gateways_own_without_a_tunnel_begins_at_ethernet) {
  lab.plan.vpcs[lab.b.value].remote_count = 0;
  lab.publish();
  const Bytes frame = lab.from_a({});
  EXPECT_TRUE(lab.inject(frame, lab.frame_note(lab.b)).sent.empty());
  const auto copies = take();
  ASSERT_EQ(copies.size(), 1u);
  EXPECT_EQ(copies[0].what.reason, DropReason::vxlan_unknown_vtep);
  EXPECT_FALSE(copies[0].what.starts_at_ip);
  EXPECT_EQ(copies[0].bytes, frame);
}

// A held packet in a buffer without headroom. Nothing of it has changed when it is dropped.
TEST_F(OverVxlanCapture, P01_a_packet_without_room_for_the_tunnel_is_dropped_as_it_was) {
  const Bytes frame = lab.from_a({});
  const PacketNote note{
      .inject = InjectKind::rewalk, .in_vpc = lab.a, .vpc = lab.a, .ip_offset = 14};
  EXPECT_TRUE(lab.inject(lab.exact_packet(frame), note).sent.empty());
  const auto copies = take();
  ASSERT_EQ(copies.size(), 1u);
  EXPECT_EQ(copies[0].what.reason, DropReason::no_headroom);
  EXPECT_EQ(copies[0].bytes, frame);
}

TEST_F(CaptureWalk, hosts_are_found_behind_tags_and_tunnels) {
  lab.captures().stop(id);
  id = *lab.captures().start({.host = any_ip("10.2.0.20")});
  lab.receive(lab.a, lab.from_a({}));
  lab.receive(lab.a, lab.from_a({.destination = "10.2.0.21"}));
  EXPECT_EQ(take().size(), 2u);
}

TEST_F(CaptureWalk, P23_every_fragment_is_seen_to_leave) {
  lab.plan.vpcs[lab.b.value].mtu = 600;
  lab.publish();
  const Outcome outcome = lab.receive(lab.a, lab.from_a({.payload = Bytes(1400, 0x42)}));
  ASSERT_EQ(outcome.sent.size(), 3u);
  const auto copies = take();
  ASSERT_EQ(copies.size(), 4u);
  for (std::size_t n = 0; n < 3; ++n) {
    EXPECT_EQ(copies[n + 1].what.direction, CaptureDirection::tx);
    EXPECT_EQ(copies[n + 1].bytes.size(), outcome.sent[n].frame.size() + Lab::tag_bytes());
  }
}

}  // namespace
}  // namespace bgw::packet_test
