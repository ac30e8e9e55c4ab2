// P01–P12, P16, P27: what the parser lets through and what it drops, each for its reason.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/packet/lab.h"

namespace bgw::packet_test {
namespace {

// A frame that would be forwarded but for one thing.
struct BadFrame {
  const char* name;
  DropReason reason;
  Bytes (*frame)(const TwoVpcs& lab);
};

Bytes patched(const TwoVpcs& lab, std::size_t at, std::uint8_t value, bool checksum = true) {
  Bytes frame = lab.from_a({});
  frame[at] = value;
  if (checksum) fix_checksum(frame);
  return frame;
}
Bytes with_total_length(const TwoVpcs& lab, std::uint8_t low) {
  return patched(lab, 14 + 3, low);
}
Bytes with_options(const TwoVpcs& lab, Bytes options) {
  return lab.from_a({.options = std::move(options)});
}
Bytes cut(const TwoVpcs& lab, std::size_t bytes) {
  Bytes frame = lab.from_a({});
  frame.resize(bytes);
  return frame;
}
Bytes sent_to(const TwoVpcs& lab, const Mac& destination, const Ipv4& packet = {}) {
  return ethernet(destination, lab.host_a, 0x0800, ipv4(packet));
}

const BadFrame bad_frames[] = {
    {"P01_frame_ends_within_ipv4_header", DropReason::frame_truncated,
     [](const TwoVpcs& lab) { return cut(lab, 14 + 19); }},
    {"P01_frame_ends_after_ethernet_header", DropReason::frame_truncated,
     [](const TwoVpcs& lab) { return cut(lab, 14); }},
    {"P02_wrong_header_checksum", DropReason::ipv4_checksum,
     [](const TwoVpcs& lab) { return patched(lab, 14 + 11, 0x42, false); }},
    {"P03_version_6_in_an_ipv4_frame", DropReason::ipv4_version,
     [](const TwoVpcs& lab) { return patched(lab, 14, 0x65); }},
    {"P03_version_0", DropReason::ipv4_version,
     [](const TwoVpcs& lab) { return patched(lab, 14, 0x05); }},
    {"P04_header_length_16", DropReason::ipv4_header_length,
     [](const TwoVpcs& lab) { return patched(lab, 14, 0x44); }},
    {"P04_header_length_0", DropReason::ipv4_header_length,
     [](const TwoVpcs& lab) { return patched(lab, 14, 0x40, false); }},
    {"P04_header_longer_than_the_frame", DropReason::ipv4_header_length,
     [](const TwoVpcs& lab) { return patched(lab, 14, 0x4f, false); }},
    {"P05_total_length_19", DropReason::ipv4_total_length,
     [](const TwoVpcs& lab) { return with_total_length(lab, 19); }},
    {"P05_total_length_0", DropReason::ipv4_total_length,
     [](const TwoVpcs& lab) { return with_total_length(lab, 0); }},
    {"P06_total_length_one_beyond_the_frame", DropReason::ipv4_total_length,
     [](const TwoVpcs& lab) { return with_total_length(lab, 47); }},
    {"P08_loose_source_route", DropReason::ipv4_source_route,
     [](const TwoVpcs& lab) {
       return with_options(lab, {131, 7, 4, 10, 2, 0, 9, 0});
     }},
    {"P08_strict_source_route_after_padding", DropReason::ipv4_source_route,
     [](const TwoVpcs& lab) {
       return with_options(lab, {1, 137, 7, 4, 10, 2, 0, 9});
     }},
    {"P09_option_length_0", DropReason::ipv4_options,
     [](const TwoVpcs& lab) {
       return with_options(lab, {7, 0, 0, 0});
     }},
    {"P09_option_length_1", DropReason::ipv4_options,
     [](const TwoVpcs& lab) {
       return with_options(lab, {7, 1, 0, 0});
     }},
    {"P09_option_longer_than_the_header", DropReason::ipv4_options,
     [](const TwoVpcs& lab) {
       return with_options(lab, {7, 5, 4, 0});
     }},
    {"P09_option_without_its_length", DropReason::ipv4_options,
     [](const TwoVpcs& lab) {
       return with_options(lab, {1, 1, 1, 7});
     }},
    {"P10_frame_for_another_mac", DropReason::not_for_us,
     [](const TwoVpcs& lab) { return sent_to(lab, mac(99)); }},
    {"P11_link_broadcast_with_a_unicast_packet", DropReason::link_broadcast,
     [](const TwoVpcs& lab) { return sent_to(lab, Mac::broadcast()); }},
    {"P11_link_multicast_with_a_unicast_packet", DropReason::link_broadcast,
     [](const TwoVpcs& lab) {
       return sent_to(lab, {{0x01, 0, 0x5e, 0, 0, 1}});
     }},
    {"P16_limited_broadcast", DropReason::destination_broadcast,
     [](const TwoVpcs& lab) { return lab.from_a({.destination = "255.255.255.255"}); }},
    {"P16_dhcp_of_a_host_without_an_address", DropReason::destination_broadcast,
     [](const TwoVpcs& lab) {
       return sent_to(lab, Mac::broadcast(),
                      {.source = "0.0.0.0", .destination = "255.255.255.255"});
     }},
    {"P16_igmp_of_a_host_without_an_address", DropReason::destination_multicast,
     [](const TwoVpcs& lab) {
       return sent_to(lab, {{0x01, 0, 0x5e, 0, 0, 0x16}},
                      {.source = "0.0.0.0", .destination = "224.0.0.22", .protocol = 2});
     }},
    {"P16_mdns_from_a_link_local_address", DropReason::destination_multicast,
     [](const TwoVpcs& lab) {
       return sent_to(lab, {{0x01, 0, 0x5e, 0, 0, 0xfb}},
                      {.source = "169.254.7.7", .destination = "224.0.0.251"});
     }},
    {"P16_loopback_to_a_group", DropReason::martian_source,
     [](const TwoVpcs& lab) {
       return lab.from_a({.source = "127.0.0.1", .destination = "224.0.0.1"});
     }},
    {"P16_limited_broadcast_in_a_link_broadcast", DropReason::destination_broadcast,
     [](const TwoVpcs& lab) {
       return sent_to(lab, Mac::broadcast(), {.destination = "255.255.255.255"});
     }},
    {"P16_directed_broadcast_here", DropReason::destination_broadcast,
     [](const TwoVpcs& lab) { return lab.from_a({.destination = "10.1.255.255"}); }},
    {"P16_directed_broadcast_in_another_vpc", DropReason::destination_broadcast,
     [](const TwoVpcs& lab) { return lab.from_a({.destination = "10.2.255.255"}); }},
    {"P16_multicast_destination", DropReason::destination_multicast,
     [](const TwoVpcs& lab) { return lab.from_a({.destination = "224.0.0.5"}); }},
    {"P16_highest_multicast_destination", DropReason::destination_multicast,
     [](const TwoVpcs& lab) { return lab.from_a({.destination = "239.255.255.255"}); }},
    {"P16_loopback_destination", DropReason::destination_martian,
     [](const TwoVpcs& lab) { return lab.from_a({.destination = "127.0.0.1"}); }},
    {"P16_zero_net_destination", DropReason::destination_martian,
     [](const TwoVpcs& lab) { return lab.from_a({.destination = "0.1.2.3"}); }},
    {"P16_class_e_destination", DropReason::destination_martian,
     [](const TwoVpcs& lab) { return lab.from_a({.destination = "240.0.0.1"}); }},
    {"P16_link_local_destination", DropReason::destination_martian,
     [](const TwoVpcs& lab) { return lab.from_a({.destination = "169.254.169.254"}); }},
    {"P16_loopback_source", DropReason::martian_source,
     [](const TwoVpcs& lab) { return lab.from_a({.source = "127.0.0.1"}); }},
    {"P16_zero_source", DropReason::martian_source,
     [](const TwoVpcs& lab) { return lab.from_a({.source = "0.0.0.0"}); }},
    {"P16_multicast_source", DropReason::martian_source,
     [](const TwoVpcs& lab) { return lab.from_a({.source = "224.1.1.1"}); }},
    {"P16_class_e_source", DropReason::martian_source,
     [](const TwoVpcs& lab) { return lab.from_a({.source = "255.255.255.255"}); }},
    {"P16_link_local_source", DropReason::martian_source,
     [](const TwoVpcs& lab) { return lab.from_a({.source = "169.254.1.1"}); }},
    {"P27_tiny_fragment", DropReason::tiny_fragment,
     [](const TwoVpcs& lab) { return lab.from_a({.protocol = 6, .flags_fragment = 1}); }},
    {"P27_fragment_that_ends_beyond_the_longest_packet", DropReason::fragment_overflow,
     [](const TwoVpcs& lab) { return lab.from_a({.flags_fragment = 0x1fff}); }},
    {"P03_version_4_in_an_ipv6_frame", DropReason::ipv6_version,
     [](const TwoVpcs& lab) {
       return ethernet(lab.mac_of(lab.a), mac(10, 1), 0x86dd, ipv4({.payload = Bytes(60)}));
     }},
    {"length_field_instead_of_type", DropReason::unknown_ethertype,
     [](const TwoVpcs& lab) { return ethernet(lab.mac_of(lab.a), mac(10, 1), 60, Bytes(60)); }},
    {"arp_truncated", DropReason::arp_malformed,
     [](const TwoVpcs&) {
       Bytes frame = arp_request(mac(10, 1), "10.1.0.10", "10.1.0.1");
       frame.pop_back();
       return frame;
     }},
    {"arp_of_another_link_type", DropReason::arp_malformed,
     [](const TwoVpcs&) {
       Bytes frame = arp_request(mac(10, 1), "10.1.0.10", "10.1.0.1");
       frame[14 + 1] = 6;
       return frame;
     }},
};

class BadFrames : public testing::TestWithParam<BadFrame> {};

TEST_P(BadFrames, is_dropped) {
  TwoVpcs lab;
  const Outcome outcome = lab.receive(lab.a, GetParam().frame(lab));
  expect_dropped(lab, lab.a, outcome, GetParam().reason);
  EXPECT_TRUE(outcome.punted.empty());
  EXPECT_EQ(lab.counters(lab.a).icmp_suppressed, 0u);
}
INSTANTIATE_TEST_SUITE_P(Frames, BadFrames, testing::ValuesIn(bad_frames),
                         [](const auto& given) { return given.param.name; });

// Frames that no VPC can be charged with are the port's.
struct PortFrame {
  const char* name;
  DropReason reason;
  Bytes bytes;
};
class OnPortAccounting : public testing::TestWithParam<PortFrame> {};

TEST_P(OnPortAccounting, is_dropped_at_the_port) {
  TwoVpcs lab;
  const Outcome outcome = lab.receive(lab.a, GetParam().bytes);
  EXPECT_TRUE(outcome.sent.empty());
  EXPECT_TRUE(outcome.punted.empty());
  const InterfaceCounters port = lab.port_counters(lab.a);
  EXPECT_EQ(port.rx_packets, 1u);
  EXPECT_EQ(port.rx_bytes, GetParam().bytes.size());
  EXPECT_EQ(port.drops[static_cast<std::size_t>(GetParam().reason)], 1u);
  EXPECT_EQ(lab.counters(lab.a).rx_packets, 0u);
  lab.expect_counters_add_up();
}
INSTANTIATE_TEST_SUITE_P(
    Frames, OnPortAccounting,
    testing::Values(PortFrame{"P01_empty_frame", DropReason::frame_truncated, {}},
                    PortFrame{"P01_frame_of_13_bytes", DropReason::frame_truncated, Bytes(13)},
                    PortFrame{"P12_vlan_tag", DropReason::unknown_vlan,
                              ethernet(mac(0, 0xff), mac(10, 1), 0x8100, Bytes(60, 1))},
                    PortFrame{"P12_service_vlan_tag", DropReason::unknown_vlan,
                              ethernet(mac(0, 0xff), mac(10, 1), 0x88a8, Bytes(60, 1))}),
    [](const auto& given) { return given.param.name; });

// 802.1Q §6.9: a tag with id 0 says what priority a frame has, not whose it is.
TEST(OnPort, P12_a_priority_tag_leaves_a_frame_untagged) {
  TwoVpcs lab;
  const Bytes frame = lab.from_a({});
  Bytes tagged = frame;
  const std::uint8_t tag[] = {0x81, 0x00, 0xe0, 0x00};
  tagged.insert(tagged.begin() + 12, std::begin(tag), std::end(tag));
  const Outcome outcome = lab.receive(lab.a, tagged);
  ASSERT_EQ(outcome.sent.size(), 1u);
  EXPECT_EQ(outcome.sent[0].frame, as_forwarded(frame, lab.host_b, lab.mac_of(lab.b)));
}

TEST(OnPort, frames_of_a_vpc_that_is_down_are_the_ports) {
  TwoVpcs lab;
  lab.plan.vpcs[lab.a.value].enabled = false;
  lab.publish();
  EXPECT_TRUE(lab.receive(lab.a, lab.from_a({})).sent.empty());
  EXPECT_EQ(lab.port_counters(lab.a).drops[static_cast<std::size_t>(DropReason::no_interface)], 1u);
  lab.expect_counters_add_up();
}

void expect_forwarded(TwoVpcs& lab, const Bytes& in) {
  const Outcome outcome = lab.receive(lab.a, in);
  ASSERT_EQ(outcome.sent.size(), 1u);
  EXPECT_EQ(outcome.sent[0].vpc, lab.b);
  EXPECT_EQ(outcome.sent[0].frame, as_forwarded(in, lab.host_b, lab.mac_of(lab.b)));
  lab.expect_counters_add_up();
}

TEST(Parsing, P07_padding_is_cut) {
  TwoVpcs lab;
  Bytes frame = lab.from_a({.payload = Bytes(1, 0x77)});
  frame.resize(60, 0xee);
  expect_forwarded(lab, frame);
  EXPECT_EQ(lab.counters(lab.a).rx_bytes, 60u + lab.tag_bytes());
  EXPECT_EQ(lab.counters(lab.b).tx_bytes, 14u + 21u + lab.tag_bytes());
}

TEST(Parsing, P08_unknown_options_pass_unchanged) {
  TwoVpcs lab;
  expect_forwarded(lab, lab.from_a({.options = {0x9e, 6, 1, 2, 3, 4, 1, 0}}));
}

TEST(Parsing, P08_record_route_passes_unchanged) {
  TwoVpcs lab;
  expect_forwarded(lab, lab.from_a({.options = {7, 7, 4, 0, 0, 0, 0, 0}}));
}

TEST(Parsing, P09_what_follows_the_end_of_options_is_not_an_option) {
  TwoVpcs lab;
  expect_forwarded(lab, lab.from_a({.options = {0, 131, 0, 0}}));
}

TEST(Parsing, P04_longest_header) {
  TwoVpcs lab;
  expect_forwarded(lab, lab.from_a({.options = Bytes(40, 1)}));
}

TEST(Parsing, P06_packet_without_payload) {
  TwoVpcs lab;
  expect_forwarded(lab, lab.from_a({.payload = {}}));
}

// By frames of every kind, those of its link to all and those inside a tunnel included.
TEST(Parsing, P52_nobody_sends_from_a_group_or_zero) {
  const Mac sources[] = {Mac{},
                         Mac::broadcast(),
                         {{0x01, 0, 0x5e, 0, 0, 1}},
                         {{0x33, 0x33, 0, 0, 0, 1}},
                         {{0x03, 0, 0, 0, 0, 1}}};
  for (const Mac& source : sources) {
    TwoVpcs lab;
    std::vector<Bytes> frames{lab.from_a({}), lab.from_a_v6({}),
                              lab.from_a({.destination = "10.1.0.1"}),
                              arp_request(lab.host_a, "10.1.0.10", "10.1.0.1")};
    for (Bytes& frame : frames) std::ranges::copy(source.bytes, frame.begin() + 6);
    const Outcome outcome = lab.receive(lab.a, frames);
    EXPECT_TRUE(outcome.sent.empty());
    EXPECT_TRUE(outcome.punted.empty());
    EXPECT_EQ(lab.drops(lab.a, DropReason::link_source), frames.size()) << source.to_string();
    lab.expect_counters_add_up();
  }
}

TEST(Parsing, P52_any_other_source_may) {
  TwoVpcs lab;
  for (const Mac& source : {Mac{{2, 0, 0, 0, 0, 0}}, Mac{{0, 0, 0, 0, 0, 1}},
                            Mac{{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff}}, Mac{{0, 1, 0, 0, 0, 0}}}) {
    Bytes frame = lab.from_a({});
    std::ranges::copy(source.bytes, frame.begin() + 6);
    EXPECT_EQ(lab.receive(lab.a, frame).sent.size(), 1u) << source.to_string();
  }
}

// A frame of a as its link carries it, in several buffers, split at `at`.
rte_mbuf* split(TwoVpcs& lab, const Bytes& inner, std::size_t at, std::size_t second_at) {
  const Bytes frame = wrap(lab.a.value, inner);
  const auto part = [&](std::size_t from, std::size_t to) {
    return lab.pool_packet(Bytes(frame.begin() + static_cast<std::ptrdiff_t>(from),
                                 frame.begin() + static_cast<std::ptrdiff_t>(to)));
  };
  rte_mbuf* head = part(0, at);
  EXPECT_EQ(rte_pktmbuf_chain(head, part(at, second_at)), 0);
  EXPECT_EQ(rte_pktmbuf_chain(head, part(second_at, frame.size())), 0);
  return head;
}

TEST(Parsing, P01_headers_spread_over_buffers_are_read_whole) {
  for (const std::size_t at : {1u, 14u, 20u, 33u, 34u, 40u}) {
    TwoVpcs lab;
    const Bytes frame = lab.from_a({.payload = Bytes(100, 0x11)});
    const Outcome outcome = lab.receive(lab.a, split(lab, frame, at, at + 1));
    ASSERT_EQ(outcome.sent.size(), 1u);
    EXPECT_EQ(outcome.sent[0].frame, as_forwarded(frame, lab.host_b, lab.mac_of(lab.b)));
  }
}

TEST(Parsing, P07_padding_is_cut_across_buffers) {
  TwoVpcs lab;
  Bytes frame = lab.from_a({.payload = Bytes(200, 0x11)});
  frame.resize(frame.size() + 60, 0xee);
  for (const std::size_t second_at : {150u, 234u, 235u, 260u}) {
    const Outcome outcome = lab.receive(lab.a, split(lab, frame, 100, second_at));
    ASSERT_EQ(outcome.sent.size(), 1u);
    EXPECT_EQ(outcome.sent[0].frame, as_forwarded(frame, lab.host_b, lab.mac_of(lab.b)));
  }
}

TEST(OnPort, P01_headers_that_fit_no_buffer_are_dropped) {
  TwoVpcs lab;
  const Bytes frame = lab.from_a({.payload = Bytes(100, 0x11)});
  rte_mbuf* head = lab.exact_packet(Bytes(frame.begin(), frame.begin() + 20));
  ASSERT_EQ(rte_pktmbuf_chain(head, lab.pool_packet(Bytes(frame.begin() + 20, frame.end()))), 0);
  expect_dropped(lab, lab.a, lab.receive(lab.a, head), DropReason::no_headroom);
}

}  // namespace
}  // namespace bgw::packet_test
