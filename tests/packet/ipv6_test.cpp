// What packets.md's numbers ask of IPv6: parsing, forwarding, MTU, when errors are due.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "dataplane/walk/parse.h"
#include "tests/packet/lab.h"

namespace bgw::packet_test {
namespace {

constexpr std::uint8_t hop_by_hop = 0, tcp = 6, udp = 17, routing = 43, fragment = 44, esp = 50,
                       icmpv6 = 58, destination_options = 60;

struct BadPacket {
  const char* name;
  DropReason reason;
  Bytes (*frame)(const TwoVpcs& lab);
};

Bytes patched(const TwoVpcs& lab, std::size_t at, std::uint8_t value) {
  Bytes frame = lab.from_a_v6({});
  frame.at(at) = value;
  return frame;
}
Bytes cut(const TwoVpcs& lab, std::size_t bytes) {
  Bytes frame = lab.from_a_v6({});
  frame.resize(bytes);
  return frame;
}
Bytes to_mac(const TwoVpcs& lab, const Mac& destination, const Ipv6& packet = {}) {
  return ethernet(destination, lab.host_a, 0x86dd, ipv6(packet));
}
// To the Ethernet group of its destination (RFC 2464 §7).
Bytes to_group(const TwoVpcs& lab, const Ipv6& packet) {
  const std::uint64_t low = ip6(packet.destination).lo;
  Mac group{{0x33, 0x33}};
  for (unsigned n = 0; n < 4; ++n)
    group.bytes[2 + n] = static_cast<std::uint8_t>(low >> (24 - 8 * n));
  return to_mac(lab, group, packet);
}
// MLDv2 with a router alert before it.
Bytes listener_report() {
  Bytes payload = extension(icmpv6, {5, 2, 0, 0, 1, 0});
  const Bytes report = icmp(143);
  payload.insert(payload.end(), report.begin(), report.end());
  return payload;
}
Bytes nd(std::uint8_t type, std::uint8_t hop_limit, const TwoVpcs& lab,
         const std::string& destination) {
  return lab.from_a_v6({.destination = destination,
                        .next_header = icmpv6,
                        .hop_limit = hop_limit,
                        .payload = icmp(type)});
}

const BadPacket bad_packets[] = {
    {"P01_frame_ends_within_ipv6_header", DropReason::frame_truncated,
     [](const TwoVpcs& lab) { return cut(lab, 14 + 39); }},
    {"P01_frame_ends_after_ethernet_header", DropReason::frame_truncated,
     [](const TwoVpcs& lab) { return cut(lab, 14); }},
    {"P03_version_4", DropReason::ipv6_version,
     [](const TwoVpcs& lab) { return patched(lab, 14, 0x40); }},
    {"P06_payload_length_one_beyond_the_frame", DropReason::ipv6_payload_length,
     [](const TwoVpcs& lab) { return patched(lab, 14 + 5, 27); }},
    {"P06_jumbogram", DropReason::ipv6_payload_length,
     [](const TwoVpcs& lab) {
       Bytes frame = lab.from_a_v6(
           {.next_header = hop_by_hop, .payload = extension(udp, {0xc2, 4, 0, 1, 0, 0})});
       frame[14 + 4] = frame[14 + 5] = 0;
       return frame;
     }},
    {"P10_frame_for_another_mac", DropReason::not_for_us,
     [](const TwoVpcs& lab) { return to_mac(lab, mac(99)); }},
    {"P11_link_broadcast_with_a_unicast_packet", DropReason::link_broadcast,
     [](const TwoVpcs& lab) { return to_mac(lab, Mac::broadcast()); }},
    {"P11_link_multicast_with_a_unicast_packet", DropReason::link_broadcast,
     [](const TwoVpcs& lab) {
       return to_mac(lab, {{0x33, 0x33, 0, 0, 0, 1}});
     }},
    {"P16_multicast_destination", DropReason::destination_multicast,
     [](const TwoVpcs& lab) { return lab.from_a_v6({.destination = "ff0e::1"}); }},
    {"P16_link_scope_multicast_destination", DropReason::destination_multicast,
     [](const TwoVpcs& lab) {
       return to_mac(lab, {{0x33, 0x33, 0, 0, 0, 0x16}}, {.destination = "ff02::16"});
     }},
    {"P16_report_of_multicast_listeners", DropReason::destination_multicast,
     [](const TwoVpcs& lab) {
       return to_group(lab, {.source = "fe80::10",
                             .destination = "ff02::16",
                             .next_header = hop_by_hop,
                             .hop_limit = 1,
                             .payload = listener_report()});
     }},
    {"P16_report_of_a_host_without_an_address", DropReason::destination_multicast,
     [](const TwoVpcs& lab) {
       return to_group(lab, {.source = "::",
                             .destination = "ff02::16",
                             .next_header = hop_by_hop,
                             .hop_limit = 1,
                             .payload = listener_report()});
     }},
    {"P16_dhcpv6", DropReason::destination_multicast,
     [](const TwoVpcs& lab) {
       return to_group(
           lab, {.source = "fe80::10", .destination = "ff02::1:2", .payload = ports(546, 547, 60)});
     }},
    {"P16_mdns", DropReason::destination_multicast,
     [](const TwoVpcs& lab) {
       return to_group(
           lab, {.source = "fe80::10", .destination = "ff02::fb", .payload = ports(5353, 5353)});
     }},
    {"P16_loopback_to_a_group", DropReason::martian_source,
     [](const TwoVpcs& lab) {
       return to_group(lab, {.source = "::1", .destination = "ff02::fb"});
     }},
    {"P16_loopback_destination", DropReason::destination_martian,
     [](const TwoVpcs& lab) { return lab.from_a_v6({.destination = "::1"}); }},
    {"P16_unspecified_destination", DropReason::destination_martian,
     [](const TwoVpcs& lab) { return lab.from_a_v6({.destination = "::"}); }},
    {"P16_mapped_destination", DropReason::destination_martian,
     [](const TwoVpcs& lab) { return lab.from_a_v6({.destination = "::ffff:10.2.0.20"}); }},
    {"P16_link_local_destination", DropReason::destination_martian,
     [](const TwoVpcs& lab) { return lab.from_a_v6({.destination = "fe80::20"}); }},
    {"P16_link_local_source", DropReason::martian_source,
     [](const TwoVpcs& lab) { return lab.from_a_v6({.source = "fe80::10"}); }},
    {"P16_loopback_source", DropReason::martian_source,
     [](const TwoVpcs& lab) { return lab.from_a_v6({.source = "::1"}); }},
    {"P16_unspecified_source", DropReason::martian_source,
     [](const TwoVpcs& lab) { return lab.from_a_v6({.source = "::"}); }},
    {"P16_multicast_source", DropReason::martian_source,
     [](const TwoVpcs& lab) { return lab.from_a_v6({.source = "ff02::1"}); }},
    {"P16_mapped_source", DropReason::martian_source,
     [](const TwoVpcs& lab) { return lab.from_a_v6({.source = "::ffff:10.1.0.10"}); }},
    {"P17_source_outside_the_vpc", DropReason::source_spoofed,
     [](const TwoVpcs& lab) { return lab.from_a_v6({.source = "2001:db8:2::20"}); }},
    {"P19_blackhole", DropReason::blackhole,
     [](const TwoVpcs& lab) { return lab.from_a_v6({.destination = "2001:db8:66::1"}); }},
    {"P43_solicitation_that_was_forwarded", DropReason::nd_malformed,
     [](const TwoVpcs& lab) { return nd(135, 254, lab, "ff02::1:ff00:1"); }},
    {"P43_router_solicitation_that_was_forwarded", DropReason::nd_malformed,
     [](const TwoVpcs& lab) { return nd(133, 64, lab, "ff02::2"); }},
};

class BadIpv6 : public testing::TestWithParam<BadPacket> {};
TEST_P(BadIpv6, is_dropped) {
  TwoVpcs lab;
  const Outcome outcome = lab.receive(lab.a, GetParam().frame(lab));
  expect_dropped(lab, lab.a, outcome, GetParam().reason);
  EXPECT_TRUE(outcome.punted.empty());
}
INSTANTIATE_TEST_SUITE_P(Packets, BadIpv6, testing::ValuesIn(bad_packets),
                         [](const auto& given) { return given.param.name; });

Bytes behind(Bytes header, const Bytes& payload) {
  header.insert(header.end(), payload.begin(), payload.end());
  return header;
}

void expect_forwarded(TwoVpcs& lab, const Bytes& in) {
  const Outcome outcome = lab.receive(lab.a, in);
  ASSERT_EQ(outcome.sent.size(), 1u);
  EXPECT_EQ(outcome.sent[0].vpc, lab.b);
  EXPECT_EQ(outcome.sent[0].frame, as_forwarded_v6(in, lab.host_b, lab.mac_of(lab.b)));
  lab.expect_counters_add_up();
}

TEST(Ipv6, P15_is_forwarded_byte_for_byte) {
  TwoVpcs lab;
  expect_forwarded(lab, lab.from_a_v6({.hop_limit = 2, .traffic_class = 0xb8}));
  expect_forwarded(lab, lab.from_a_v6({.payload = {}}));
  expect_forwarded(lab, lab.from_a_v6({.next_header = 59, .payload = {}}));
}

TEST(Ipv6, P07_padding_is_cut) {
  TwoVpcs lab;
  Bytes frame = lab.from_a_v6({.payload = Bytes(1, 0x77)});
  frame.resize(80, 0xee);
  expect_forwarded(lab, frame);
}

// RFC 8200 §4: not a router's business, however long or broken.
TEST(Ipv6, P08_P09_extension_headers_pass_unchanged) {
  TwoVpcs lab;
  Bytes many = extension(udp);
  for (int n = 0; n < 20; ++n) {
    Bytes more = extension(destination_options);
    more.insert(more.end(), many.begin(), many.end());
    many = more;
  }
  expect_forwarded(lab, lab.from_a_v6({.next_header = destination_options, .payload = many}));
  expect_forwarded(lab, lab.from_a_v6({.next_header = hop_by_hop, .payload = {udp, 255}}));
  expect_forwarded(lab, lab.from_a_v6({.next_header = routing, .payload = {0}}));
  expect_forwarded(lab, lab.from_a_v6({.next_header = fragment, .payload = {}}));
}

// What the gateway would refuse of a packet to itself, it passes on.
TEST(Ipv6, P56_extension_headers_in_transit_are_nobodys_business) {
  TwoVpcs lab;
  const Bytes data = ports(1, 2);
  for (const std::uint8_t type : Bytes{0x3e, 0x7e, 0xbe, 0xfe})
    for (const std::uint8_t header : {hop_by_hop, destination_options})
      expect_forwarded(lab, lab.from_a_v6({.next_header = header,
                                           .payload = behind(extension(udp, {type, 0}), data)}));
  for (const std::uint8_t type : Bytes{0, 2, 4, 99})
    expect_forwarded(
        lab, lab.from_a_v6({.next_header = routing,
                            .payload = behind(extension(udp, {type, 1, 0, 0, 0, 0}), data)}));
  const Bytes twice = behind(extension(hop_by_hop), behind(extension(udp), data));
  expect_forwarded(lab, lab.from_a_v6({.next_header = hop_by_hop, .payload = twice}));
  expect_forwarded(lab, lab.from_a_v6({.next_header = destination_options, .payload = twice}));
}

// As they are: what is wrong with them the control thread finds.
TEST(Ipv6, P56_extension_headers_to_the_gateway_reach_it) {
  TwoVpcs lab;
  for (const std::uint8_t type : Bytes{0x3e, 0x7e, 0xbe, 0xfe}) {
    const Bytes payload = behind(extension(icmpv6, {type, 0}), icmp_echo(1, 1, 128));
    for (const char* to : {"2001:db8:1::1", "2001:db8:2::1"}) {
      const Bytes frame = lab.from_a_v6(
          {.destination = to, .next_header = destination_options, .payload = payload});
      const Outcome outcome = lab.receive(lab.a, frame);
      ASSERT_EQ(outcome.punted.size(), 1u);
      EXPECT_EQ(outcome.punted[0].note.punt, PuntClass::local);
      EXPECT_EQ(outcome.punted[0].data, frame);
    }
  }
}

class HopLimit : public testing::TestWithParam<int> {};
TEST_P(HopLimit, P13_is_answered_with_time_exceeded) {
  TwoVpcs lab;
  const Bytes frame = lab.from_a_v6({.hop_limit = static_cast<std::uint8_t>(GetParam())});
  const Outcome outcome = lab.receive(lab.a, frame);
  expect_dropped(lab, lab.a, outcome, DropReason::ttl_expired);
  ASSERT_EQ(outcome.punted.size(), 1u);
  EXPECT_EQ(outcome.punted[0].note.punt, PuntClass::icmp_error);
  EXPECT_EQ(outcome.punted[0].note.in_vpc, lab.a);
  EXPECT_EQ(outcome.punted[0].data, frame);
}
INSTANTIATE_TEST_SUITE_P(HopLimits, HopLimit, testing::Values(0, 1));

TEST(Ipv6, P14_hop_limit_1_to_the_gateway_is_accepted) {
  TwoVpcs lab;
  for (const char* own : {"2001:db8:1::1", "2001:db8:2::1"}) {
    const Outcome outcome = lab.receive(lab.a, lab.from_a_v6({.destination = own, .hop_limit = 1}));
    ASSERT_EQ(outcome.punted.size(), 1u) << own;
    EXPECT_EQ(outcome.punted[0].note.punt, PuntClass::local);
    EXPECT_EQ(outcome.punted[0].note.address, ip6(own));
  }
}

TEST(Ipv6, P36_the_link_local_address_is_the_gateways_too) {
  TwoVpcs lab;
  const MappedAddress link_local = link_local_of(lab.mac_of(lab.a));
  for (const char* source : {"fe80::10", "2001:db8:1::10"}) {
    const Outcome outcome = lab.receive(
        lab.a, lab.from_a_v6({.source = source, .destination = link_local.to_string()}));
    ASSERT_EQ(outcome.punted.size(), 1u) << source;
    EXPECT_EQ(outcome.punted[0].note.punt, PuntClass::local);
    EXPECT_EQ(outcome.punted[0].note.address, link_local);
  }
}

TEST(Ipv6, P16_P17_the_link_local_address_is_not_for_other_links_hosts) {
  for (const char* source : {"2001:db8:2::20", "2001:db8:9::1"}) {
    TwoVpcs lab;
    const std::string link_local = link_local_of(lab.mac_of(lab.a)).to_string();
    const Outcome outcome =
        lab.receive(lab.a, lab.from_a_v6({.source = source, .destination = link_local}));
    expect_dropped(lab, lab.a, outcome, DropReason::destination_martian);
    EXPECT_TRUE(outcome.punted.empty()) << source;
  }
}

void expect_for_the_gateway(TwoVpcs& lab, const Bytes& frame, const std::string& destination,
                            VpcIndex vpc) {
  const Outcome outcome = lab.receive(lab.a, frame);
  ASSERT_EQ(outcome.punted.size(), 1u) << destination;
  EXPECT_EQ(outcome.punted[0].note.punt, PuntClass::local);
  EXPECT_EQ(outcome.punted[0].note.in_vpc, lab.a);
  EXPECT_EQ(outcome.punted[0].note.vpc, vpc);
  EXPECT_EQ(outcome.punted[0].note.address, ip6(destination));
  EXPECT_EQ(outcome.punted[0].data, frame);
}

TEST(Ipv6, P53_subnet_router_anycast_is_for_the_gateway) {
  TwoVpcs lab;
  expect_for_the_gateway(lab, lab.from_a_v6({.destination = "2001:db8:1::"}),
                         "2001:db8:1::", lab.a);
  expect_for_the_gateway(lab, lab.from_a_v6({.destination = "2001:db8:2::"}),
                         "2001:db8:2::", lab.b);
  expect_for_the_gateway(
      lab, lab.from_a_v6({.source = "fe80::10", .destination = "2001:db8:1::", .hop_limit = 1}),
      "2001:db8:1::", lab.a);
}

TEST(Ipv6, P55_link_local_sources_reach_any_own_address) {
  TwoVpcs lab;
  expect_for_the_gateway(
      lab, lab.from_a_v6({.source = "fe80::10", .destination = "2001:db8:1::1", .hop_limit = 1}),
      "2001:db8:1::1", lab.a);
  // No address of another link, nor a host.
  for (const char* destination : {"2001:db8:2::1", "2001:db8:1::11", "2001:db8:2::20"}) {
    const Outcome outcome =
        lab.receive(lab.a, lab.from_a_v6({.source = "fe80::10", .destination = destination}));
    EXPECT_TRUE(outcome.sent.empty() && outcome.punted.empty()) << destination;
  }
  EXPECT_EQ(lab.drops(lab.a, DropReason::martian_source), 3u);
}

TEST(Ipv6, P55_groups_of_nodes_and_routers_are_for_the_gateway) {
  TwoVpcs lab;
  for (const char* group : {"ff02::1", "ff02::2", "ff02::1:ff00:1"})
    for (const char* source : {"fe80::10", "2001:db8:1::10"})
      expect_for_the_gateway(
          lab, to_group(lab, {.source = source, .destination = group, .hop_limit = 1}), group,
          lab.a);
  lab.expect_counters_add_up();
}

TEST(Ipv6, P51_P55_groups_hear_hosts_of_their_link_alone) {
  const std::pair<const char*, DropReason> sources[] = {
      {"::", DropReason::destination_multicast},
      {"ff02::9", DropReason::martian_source},
      {"2001:db8:2::20", DropReason::destination_multicast},
      {"2001:db8:9::1", DropReason::destination_multicast},
      {"2001:db8:1::1", DropReason::source_own},
      {"2001:db8:1::", DropReason::source_no_host}};
  for (const auto& [source, reason] : sources) {
    TwoVpcs lab;
    const Outcome outcome =
        lab.receive(lab.a, to_group(lab, {.source = source, .destination = "ff02::1"}));
    expect_dropped(lab, lab.a, outcome, reason);
    EXPECT_TRUE(outcome.punted.empty()) << source;
  }
  for (const char* group : {"ff01::1", "ff02::3", "ff02::6a", "ff05::2", "ff0e::2"}) {
    TwoVpcs lab;
    const Outcome outcome =
        lab.receive(lab.a, to_group(lab, {.source = "fe80::10", .destination = group}));
    expect_dropped(lab, lab.a, outcome, DropReason::destination_multicast);
  }
}

TEST(Ipv6, P51_nor_for_sources_that_no_host_has) {
  TwoVpcs lab;
  const std::string link_local = link_local_of(lab.mac_of(lab.a)).to_string();
  for (const std::string& source : {std::string("2001:db8:1::1"), link_local})
    lab.receive(lab.a, lab.from_a_v6({.source = source, .destination = link_local}));
  EXPECT_EQ(lab.drops(lab.a, DropReason::source_own), 2u);
  const Outcome outcome =
      lab.receive(lab.a, lab.from_a_v6({.source = "2001:db8:1::", .destination = link_local}));
  EXPECT_EQ(lab.drops(lab.a, DropReason::source_no_host), 1u);
  EXPECT_TRUE(outcome.punted.empty());
  lab.expect_counters_add_up();
}

TEST(Ipv6, P18_no_route) {
  TwoVpcs lab;
  for (const char* destination : {"2001:db9::1", "2001:db8:77::1"}) {
    const Outcome outcome = lab.receive(lab.a, lab.from_a_v6({.destination = destination}));
    EXPECT_TRUE(outcome.sent.empty());
    ASSERT_EQ(outcome.punted.size(), 1u);
    EXPECT_EQ(outcome.punted[0].note.reason, DropReason::no_route);
  }
  lab.expect_counters_add_up();
}

TEST(Ipv6, P20_an_unknown_neighbour_is_gleaned_unchanged) {
  TwoVpcs lab;
  const Bytes frame = lab.from_a_v6({.destination = "2001:db8:2::99", .hop_limit = 2});
  const Outcome outcome = lab.receive(lab.a, frame);
  ASSERT_EQ(outcome.punted.size(), 1u);
  EXPECT_EQ(outcome.punted[0].note.punt, PuntClass::glean);
  EXPECT_EQ(outcome.punted[0].note.vpc, lab.b);
  EXPECT_EQ(outcome.punted[0].note.address, ip6("2001:db8:2::99"));
  EXPECT_EQ(outcome.punted[0].data, frame);

  lab.add_neighbour(lab.b, "2001:db8:2::99", mac(99, 2));
  const Outcome again = lab.inject(outcome.punted[0].data, outcome.punted[0].note);
  ASSERT_EQ(again.sent.size(), 1u);
  EXPECT_EQ(again.sent[0].frame, as_forwarded_v6(frame, mac(99, 2), lab.mac_of(lab.b)));
}

TEST(Ipv6, P25_too_big_names_the_mtu_of_the_way_out) {
  TwoVpcs lab;
  lab.plan.vpcs[lab.b.value].mtu = 1300;
  lab.publish();
  EXPECT_EQ(lab.receive(lab.a, lab.from_a_v6({.payload = Bytes(1260)})).sent.size(), 1u);
  const Bytes frame = lab.from_a_v6({.payload = Bytes(1261)});
  const Outcome outcome = lab.receive(lab.a, frame);
  EXPECT_TRUE(outcome.sent.empty());
  EXPECT_EQ(lab.drops(lab.a, DropReason::mtu_exceeded), 1u);
  ASSERT_EQ(outcome.punted.size(), 1u);
  EXPECT_EQ(outcome.punted[0].note.reason, DropReason::mtu_exceeded);
  EXPECT_EQ(outcome.punted[0].note.mtu, 1300);
  EXPECT_EQ(outcome.punted[0].data, frame);
  lab.expect_counters_add_up();
}

struct Silent {
  const char* name;
  Ipv6 packet;
};
class NoErrorAboutIpv6 : public testing::TestWithParam<Silent> {};
TEST_P(NoErrorAboutIpv6, is_dropped_in_silence) {
  TwoVpcs lab;
  Ipv6 packet = GetParam().packet;
  packet.hop_limit = 1;
  expect_expires_in_silence(lab, lab.from_a_v6(packet));
}
INSTANTIATE_TEST_SUITE_P(
    Packets, NoErrorAboutIpv6,
    testing::Values(Silent{"P28_unreachable", {.next_header = icmpv6, .payload = icmp(1)}},
                    Silent{"P28_too_big", {.next_header = icmpv6, .payload = icmp(2)}},
                    Silent{"P28_time_exceeded", {.next_header = icmpv6, .payload = icmp(3)}},
                    Silent{"P28_unknown_error", {.next_header = icmpv6, .payload = icmp(127)}},
                    Silent{"P28_redirect", {.next_header = icmpv6, .payload = icmp(137)}},
                    Silent{"P28_icmp_without_a_type", {.next_header = icmpv6, .payload = {}}},
                    Silent{"P28_error_behind_an_extension_header",
                           {.next_header = destination_options,
                            .payload = behind(extension(icmpv6), icmp(1))}},
                    Silent{"P29_non_first_fragment",
                           {.next_header = fragment,
                            .payload = behind(fragment_header(udp, 8 * 8), Bytes(16))}}),
    [](const auto& given) { return given.param.name; });

// As F1 lets no such source through, whatever would become of its packet.
TEST(Ipv6, P32_P51_sources_that_no_host_has_are_never_answered) {
  for (const char* source : {"2001:db8:1::1", "2001:db8:1::"}) {
    for (const char* destination : {"2001:db8:2::20", "2001:db9::1", "2001:db8:1::1"}) {
      TwoVpcs lab;
      const Outcome outcome = lab.receive(
          lab.a, lab.from_a_v6({.source = source, .destination = destination, .hop_limit = 1}));
      const bool own = source == std::string("2001:db8:1::1");
      expect_dropped(lab, lab.a, outcome,
                     own ? DropReason::source_own : DropReason::source_no_host);
      EXPECT_TRUE(outcome.punted.empty());
    }
  }
}

class ErrorAboutIpv6 : public testing::TestWithParam<Silent> {};
TEST_P(ErrorAboutIpv6, is_answered) {
  TwoVpcs lab;
  Ipv6 packet = GetParam().packet;
  packet.hop_limit = 1;
  EXPECT_EQ(lab.receive(lab.a, lab.from_a_v6(packet)).punted.size(), 1u);
}
INSTANTIATE_TEST_SUITE_P(
    Packets, ErrorAboutIpv6,
    testing::Values(Silent{"P28_echo_request", {.next_header = icmpv6, .payload = icmp(128)}},
                    Silent{"P28_tcp", {.next_header = tcp, .payload = ports(1, 2)}},
                    Silent{"P29_first_fragment",
                           {.next_header = fragment,
                            .payload = behind(fragment_header(udp, 1), Bytes(16))}}),
    [](const auto& given) { return given.param.name; });

// To the control thread, as it came.
void expect_punted_whole(TwoVpcs& lab, const Bytes& frame) {
  const Outcome outcome = lab.receive(lab.a, frame);
  ASSERT_EQ(outcome.punted.size(), 1u);
  EXPECT_EQ(outcome.punted[0].note.punt, PuntClass::nd);
  EXPECT_EQ(outcome.punted[0].note.in_vpc, lab.a);
  EXPECT_EQ(outcome.punted[0].data, frame);
}

TEST(Ipv6, P43_neighbour_discovery_reaches_the_control_thread_whole) {
  TwoVpcs lab;
  const Mac group{{0x33, 0x33, 0xff, 0, 0, 1}};
  for (std::uint8_t type = 133; type <= 137; ++type) {
    const Bytes frame = to_mac(lab, group,
                               {.source = "fe80::10",
                                .destination = "ff02::1:ff00:1",
                                .next_header = icmpv6,
                                .hop_limit = 255,
                                .payload = icmp(type)});
    ASSERT_NO_FATAL_FAILURE(expect_punted_whole(lab, frame));
  }
  lab.expect_counters_add_up();
}

// RFC 3810 §5: to all nodes or to a group, from a link-local address, hop limit 1, routers alerted.
TEST(Ipv6, P54_listener_queries_reach_the_control_thread_whole) {
  TwoVpcs lab;
  Bytes query = extension(icmpv6, {5, 2, 0, 0, 1, 0});
  const Bytes message = icmp(130);
  query.insert(query.end(), message.begin(), message.end());
  for (const char* to : {"ff02::1", "ff02::1:ff00:1", "ff05::1:3"}) {
    const Bytes frame = to_mac(lab, {{0x33, 0x33, 0, 0, 0, 1}},
                               {.source = "fe80::10",
                                .destination = to,
                                .next_header = hop_by_hop,
                                .hop_limit = 1,
                                .payload = query});
    ASSERT_NO_FATAL_FAILURE(expect_punted_whole(lab, frame));
  }
  lab.expect_counters_add_up();
}

// Only that: what hosts report is for queriers, and what is routed is not of this link.
TEST(Ipv6, P54_reports_and_routed_queries_are_not_the_control_threads) {
  TwoVpcs lab;
  for (const std::uint8_t type : {std::uint8_t{131}, std::uint8_t{143}}) {
    Bytes report = extension(icmpv6, {5, 2, 0, 0, 1, 0});
    const Bytes message = icmp(type);
    report.insert(report.end(), message.begin(), message.end());
    const Outcome outcome = lab.receive(lab.a, to_mac(lab, {{0x33, 0x33, 0, 0, 0, 0x16}},
                                                      {.destination = "ff02::16",
                                                       .next_header = hop_by_hop,
                                                       .hop_limit = 1,
                                                       .payload = report}));
    EXPECT_TRUE(outcome.punted.empty());
  }
  Bytes query = extension(icmpv6, {5, 2, 0, 0, 1, 0});
  const Bytes message = icmp(130);
  query.insert(query.end(), message.begin(), message.end());
  expect_forwarded(lab, lab.from_a_v6({.next_header = hop_by_hop, .payload = query}));
}

// Four paths from a into b.
struct Ecmp : TwoVpcs {
  Ecmp() {
    std::vector<NextHop> appliances;
    for (std::uint8_t n = 1; n <= 4; ++n) {
      const std::string address = "2001:db8:2::9:" + std::to_string(n);
      appliances.push_back(plan.via(b, address));
      add_neighbour(b, address, mac(n, 9));
    }
    plan.main_v6_of(b).push_back(route_v6("2001:db9::/32", plan.group(appliances)));
    plan.tables_v6[gateway.value].push_back(route_v6("2001:db9::/32", plan.cross(gateway, b)));
    plan.main_v6_of(a).push_back(route_v6("2001:db9::/32", plan.cross(gateway, a)));
    publish();
  }
  int path(Ipv6 packet) {
    packet.destination = "2001:db9::5";
    const Outcome outcome = receive(a, from_a_v6(packet));
    return outcome.sent.size() == 1 ? outcome.sent[0].frame[5] : 0;
  }
};

TEST(Ipv6, P21_flows_keep_their_path_and_spread) {
  Ecmp lab;
  std::map<int, int> share;
  for (std::uint16_t port = 1; port <= 400; ++port) {
    const int path = lab.path({.payload = ports(port, 80)});
    EXPECT_EQ(path, lab.path({.hop_limit = 9, .payload = ports(port, 80, 400)}));
    EXPECT_EQ(path, lab.path({.next_header = destination_options,
                              .payload = behind(extension(udp), ports(port, 80))}));
    ++share[path];
  }
  for (int path = 1; path <= 4; ++path) EXPECT_GT(share[path], 50) << "path " << path;
}

TEST(Ipv6, P21_fragments_of_one_packet_stay_together) {
  Ecmp lab;
  std::set<int> paths;
  for (std::uint16_t port = 1; port <= 32; ++port) {
    paths.insert(lab.path(
        {.next_header = fragment, .payload = behind(fragment_header(udp, 1), ports(port, 80))}));
    paths.insert(lab.path({.next_header = fragment,
                           .payload = behind(fragment_header(udp, 8 * 9), ports(port, 80))}));
  }
  EXPECT_EQ(paths.size(), 1u);
}

TEST(Ipv6, P21_echo_by_its_identifier_others_by_addresses) {
  Ecmp lab;
  std::set<int> echoes, others;
  for (std::uint16_t id = 1; id <= 64; ++id) {
    echoes.insert(lab.path({.next_header = icmpv6, .payload = icmp_echo(id, 1, 128)}));
    others.insert(lab.path({.next_header = esp, .payload = ports(id, id)}));
  }
  EXPECT_EQ(echoes.size(), 4u);
  EXPECT_EQ(others.size(), 1u);
}

}  // namespace
}  // namespace bgw::packet_test
