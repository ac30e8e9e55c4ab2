// P13–P24: TTL, checksum, routes, equal-cost paths, MTU.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/packet/lab.h"

namespace bgw::packet_test {
namespace {

TEST(Forwarding, P15_is_forwarded_byte_for_byte) {
  TwoVpcs lab;
  const Bytes frame = lab.from_a({.tos = 0xb8, .payload = ports(1000, 2000)});
  const Outcome outcome = lab.receive(lab.a, frame);
  ASSERT_EQ(outcome.sent.size(), 1u);
  EXPECT_EQ(outcome.sent[0].vpc, lab.b);
  EXPECT_EQ(outcome.sent[0].frame, as_forwarded(frame, lab.host_b, lab.mac_of(lab.b)));
  EXPECT_EQ(lab.counters(lab.a).forwarded, 1u);
  EXPECT_EQ(lab.counters(lab.b).tx_packets, 1u);
  EXPECT_EQ(lab.counters(lab.b).tx_bytes, frame.size() + lab.tag_bytes());
}

TEST(Forwarding, delivers_to_a_neighbour_in_the_same_vpc) {
  TwoVpcs lab;
  const Bytes frame = lab.from_a({.destination = "10.1.0.11"});
  const Outcome outcome = lab.receive(lab.a, frame);
  ASSERT_EQ(outcome.sent.size(), 1u);
  EXPECT_EQ(outcome.sent[0].frame, as_forwarded(frame, mac(11, 1), lab.mac_of(lab.a)));
}

class TtlInTransit : public testing::TestWithParam<int> {};
TEST_P(TtlInTransit, P13_is_answered_with_time_exceeded) {
  TwoVpcs lab;
  const Bytes frame = lab.from_a({.ttl = static_cast<std::uint8_t>(GetParam())});
  const Outcome outcome = lab.receive(lab.a, frame);
  expect_dropped(lab, lab.a, outcome, DropReason::ttl_expired);
  ASSERT_EQ(outcome.punted.size(), 1u);
  const PacketNote& note = outcome.punted[0].note;
  EXPECT_EQ(note.punt, PuntClass::icmp_error);
  EXPECT_EQ(note.reason, DropReason::ttl_expired);
  EXPECT_EQ(note.in_vpc, lab.a);
  EXPECT_EQ(note.ip_offset, 14);
  EXPECT_EQ(outcome.punted[0].data, frame);  // quoted unchanged
}
INSTANTIATE_TEST_SUITE_P(Ttl, TtlInTransit, testing::Values(0, 1));

TEST(Forwarding, P13_comes_before_the_neighbour_is_asked_for) {
  TwoVpcs lab;
  const Outcome outcome = lab.receive(lab.a, lab.from_a({.destination = "10.2.0.99", .ttl = 1}));
  expect_dropped(lab, lab.a, outcome, DropReason::ttl_expired);
}

TEST(Forwarding, P14_ttl_1_to_the_gateway_is_accepted) {
  TwoVpcs lab;
  for (const char* own : {"10.1.0.1", "10.2.0.1"}) {
    const Bytes frame = lab.from_a({.destination = own, .protocol = 1, .ttl = 1});
    const Outcome outcome = lab.receive(lab.a, frame);
    ASSERT_EQ(outcome.punted.size(), 1u) << own;
    const PacketNote& note = outcome.punted[0].note;
    EXPECT_EQ(note.punt, PuntClass::local);
    EXPECT_EQ(note.address, any_ip(own));
    EXPECT_EQ(note.in_vpc, lab.a);
    EXPECT_EQ(note.vpc, std::string{own} == "10.1.0.1" ? lab.a : lab.b);
    EXPECT_EQ(outcome.punted[0].data, frame);
  }
  EXPECT_EQ(lab.counters(lab.a).punted, 2u);
  lab.expect_counters_add_up();
}

// Every identification, and with it every checksum, the edge values among them.
TEST(Forwarding, P15_checksum_is_exact_for_every_value) {
  TwoVpcs lab;
  std::set<std::uint16_t> checksums_in;
  std::vector<Bytes> burst;
  for (std::uint32_t id = 0; id < 0x10000; ++id) {
    burst.push_back(lab.from_a({.ttl = 2, .id = static_cast<std::uint16_t>(id), .payload = {}}));
    checksums_in.insert(static_cast<std::uint16_t>(burst.back()[24] << 8 | burst.back()[25]));
    if (burst.size() < 64) continue;
    const Outcome outcome = lab.receive(lab.a, burst);
    ASSERT_EQ(outcome.sent.size(), burst.size());
    for (std::size_t i = 0; i < burst.size(); ++i)
      ASSERT_EQ(outcome.sent[i].frame, as_forwarded(burst[i], lab.host_b, lab.mac_of(lab.b)));
    burst.clear();
  }
  EXPECT_TRUE(checksums_in.contains(0x0000));
  EXPECT_TRUE(checksums_in.contains(0xfeff));  // which becomes 0x0000, not 0xffff
  EXPECT_EQ(checksums_in.size(), 0xffffu);     // no computed checksum is 0xffff
}

// 0xffff stands for the same sum as 0x0000, so it is right where that is; RFC 1624 §3.
TEST(Forwarding, P15_checksum_ffff_on_arrival) {
  TwoVpcs lab;
  for (std::uint32_t id = 0; id < 0x10000; ++id) {
    Bytes frame = lab.from_a({.id = static_cast<std::uint16_t>(id), .payload = {}});
    if (frame[24] != 0 || frame[25] != 0) continue;
    frame[24] = frame[25] = 0xff;
    const Outcome outcome = lab.receive(lab.a, frame);
    ASSERT_EQ(outcome.sent.size(), 1u);
    EXPECT_EQ(outcome.sent[0].frame, as_forwarded(frame, lab.host_b, lab.mac_of(lab.b)));
    return;
  }
  FAIL() << "no header has checksum 0";
}

TEST(Forwarding, P17_source_outside_the_vpc) {
  TwoVpcs lab;
  const Outcome outcome = lab.receive(lab.a, lab.from_a({.source = "10.2.0.20"}));
  expect_dropped(lab, lab.a, outcome, DropReason::source_spoofed);
  EXPECT_TRUE(outcome.punted.empty());
}

// RFC 1812 §5.3.7. Another VPC's addresses are nobody's only there.
// A tenant's own VXLAN, whatever it carries: a frame for another VPC, by a VNI of the gateway's.
Bytes tenants_vxlan(const TwoVpcs& lab) {
  const Bytes inner = ethernet(lab.mac_of(lab.b), lab.host_a, 0x0800, ipv4({}));
  const Bytes packet = vxlan(
      {.source = "10.1.0.10", .destination = "10.2.0.20", .vni_word = test_vni(lab.b.value) << 8},
      inner);
  return {packet.begin() + 20, packet.end()};
}

TEST(Forwarding, P49_vxlan_of_a_tenant_is_forwarded_like_any_udp) {
  TwoVpcs lab;
  for (const Bytes& payload : {tenants_vxlan(lab), ports(50000, 4789, 8), ports(4789, 4789, 12)}) {
    const Bytes v4 = lab.from_a({.payload = payload});
    const Outcome as_v4 = lab.receive(lab.a, v4);
    ASSERT_EQ(as_v4.sent.size(), 1u);
    EXPECT_EQ(as_v4.sent[0].vpc, lab.b);
    EXPECT_EQ(as_v4.sent[0].frame, as_forwarded(v4, lab.host_b, lab.mac_of(lab.b)));
    const Bytes v6 = lab.from_a_v6({.payload = payload});
    const Outcome as_v6 = lab.receive(lab.a, v6);
    ASSERT_EQ(as_v6.sent.size(), 1u);
    EXPECT_EQ(as_v6.sent[0].frame, as_forwarded_v6(v6, lab.host_b, lab.mac_of(lab.b)));
  }
  EXPECT_EQ(lab.counters(lab.b).rx_packets, 0u) << "it was opened";
  lab.expect_counters_add_up();
}

// To the gateway itself it is no tunnel either: the control thread hears of it, as of any UDP.
TEST(Forwarding, P49_vxlan_of_a_tenant_to_the_gateway_opens_nothing) {
  TwoVpcs lab;
  const Bytes payload = tenants_vxlan(lab);
  for (const Bytes& frame : {lab.from_a({.destination = "10.1.0.1", .payload = payload}),
                             lab.from_a({.destination = "10.2.0.1", .payload = payload}),
                             lab.from_a_v6({.destination = "2001:db8:1::1", .payload = payload}),
                             lab.from_a_v6({.destination = "2001:db8:2::1", .payload = payload})}) {
    const Outcome outcome = lab.receive(lab.a, frame);
    EXPECT_TRUE(outcome.sent.empty());
    ASSERT_EQ(outcome.punted.size(), 1u);
    EXPECT_EQ(outcome.punted[0].note.punt, PuntClass::local);
    EXPECT_EQ(outcome.punted[0].data, frame);
  }
  EXPECT_EQ(lab.counters(lab.b).rx_packets, 0u);
}

TEST(Forwarding, P51_own_network_and_broadcast_addresses_are_nobodys_source) {
  for (const auto& [source, reason] : {std::pair("10.1.0.1", DropReason::source_own),
                                       {"10.1.0.0", DropReason::source_no_host},
                                       {"10.1.255.255", DropReason::source_no_host},
                                       {"10.2.0.1", DropReason::source_spoofed}}) {
    TwoVpcs lab;
    const Outcome outcome = lab.receive(lab.a, lab.from_a({.source = source}));
    expect_dropped(lab, lab.a, outcome, reason);
    EXPECT_TRUE(outcome.punted.empty());
  }
}

TEST(Forwarding, P51_their_neighbours_are_hosts) {
  TwoVpcs lab;
  for (const char* source : {"10.1.0.2", "10.1.0.255", "10.1.1.0", "10.1.255.254"})
    EXPECT_EQ(lab.receive(lab.a, lab.from_a({.source = source})).sent.size(), 1u) << source;
  for (const char* source : {"2001:db8:1::2", "2001:db8:1:1::", "2001:db8:1:ffff::1"})
    EXPECT_EQ(lab.receive(lab.a, lab.from_a_v6({.source = source})).sent.size(), 1u) << source;
}

TEST(Forwarding, P17_source_selects_the_route_table) {
  TwoVpcs lab;
  const TableIndex isolated =
      lab.plan.table({route("10.1.0.0/16", NextHop::make(NextHopKind::on_link))});
  lab.plan.sources_of(lab.a).push_back(
      route("10.1.7.0/24", NextHop::make(NextHopKind::table, isolated.value)));
  lab.publish();
  EXPECT_EQ(lab.receive(lab.a, lab.from_a({})).sent.size(), 1u);
  EXPECT_TRUE(lab.receive(lab.a, lab.from_a({.source = "10.1.7.7"})).sent.empty());
  EXPECT_EQ(lab.drops(lab.a, DropReason::no_route), 1u);
}

TEST(Forwarding, P18_no_route_in_the_vpc_or_at_the_gateway) {
  for (const char* destination : {"192.0.2.1", "10.77.0.1"}) {
    TwoVpcs lab;
    const Bytes frame = lab.from_a({.destination = destination});
    const Outcome outcome = lab.receive(lab.a, frame);
    expect_dropped(lab, lab.a, outcome, DropReason::no_route);
    ASSERT_EQ(outcome.punted.size(), 1u);
    EXPECT_EQ(outcome.punted[0].note.punt, PuntClass::icmp_error);
    EXPECT_EQ(outcome.punted[0].note.reason, DropReason::no_route);
    EXPECT_EQ(outcome.punted[0].data, frame);
  }
}

// RFC 1812 §5.2: without a route there is no hop to count.
TEST(Forwarding, P18_no_route_comes_before_ttl) {
  TwoVpcs lab;
  const Outcome outcome = lab.receive(lab.a, lab.from_a({.destination = "192.0.2.1", .ttl = 1}));
  expect_dropped(lab, lab.a, outcome, DropReason::no_route);
}

TEST(Forwarding, P19_blackhole_is_silent) {
  TwoVpcs lab;
  const Outcome outcome = lab.receive(lab.a, lab.from_a({.destination = "10.66.1.1", .ttl = 1}));
  expect_dropped(lab, lab.a, outcome, DropReason::blackhole);
  EXPECT_TRUE(outcome.punted.empty());
  EXPECT_EQ(lab.counters(lab.a).icmp_suppressed, 0u);
}

TEST(Forwarding, P22_too_big_names_the_mtu_of_the_way_out) {
  TwoVpcs lab;
  lab.plan.vpcs[lab.b.value].mtu = 1000;
  lab.publish();
  const Bytes fits = lab.from_a({.flags_fragment = dont_fragment, .payload = Bytes(980)});
  EXPECT_EQ(lab.receive(lab.a, fits).sent.size(), 1u);
  const Bytes frame = lab.from_a({.flags_fragment = dont_fragment, .payload = Bytes(981)});
  const Outcome outcome = lab.receive(lab.a, frame);
  EXPECT_EQ(lab.drops(lab.a, DropReason::mtu_exceeded), 1u);
  ASSERT_EQ(outcome.punted.size(), 1u);
  EXPECT_EQ(outcome.punted[0].note.reason, DropReason::mtu_exceeded);
  EXPECT_EQ(outcome.punted[0].note.mtu, 1000);
  EXPECT_EQ(outcome.punted[0].data, frame);
  lab.expect_counters_add_up();
}

// The payloads of fragments, put together by their offsets.
Bytes joined(const std::vector<Sent>& fragments) {
  Bytes whole;
  for (const Sent& fragment : fragments) {
    const Bytes& f = fragment.frame;
    const std::size_t header = (f[14] & 0xfu) * 4u;
    const std::size_t at = ((f[20] << 8 | f[21]) & 0x1fff) * 8u;
    whole.resize(std::max(whole.size(), at + f.size() - 14 - header));
    std::copy(f.begin() + 14 + static_cast<std::ptrdiff_t>(header), f.end(),
              whole.begin() + static_cast<std::ptrdiff_t>(at));
  }
  return whole;
}

TEST(Forwarding, P23_too_big_without_df_leaves_in_fragments) {
  TwoVpcs lab;
  lab.plan.vpcs[lab.b.value].mtu = 600;
  lab.publish();
  Bytes payload(1400);
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<std::uint8_t>(i * 7);
  const Outcome outcome = lab.receive(lab.a, lab.from_a({.ttl = 9, .id = 77, .payload = payload}));
  ASSERT_EQ(outcome.sent.size(), 3u);
  for (std::size_t n = 0; n < 3; ++n) {
    const Bytes& f = outcome.sent[n].frame;
    EXPECT_EQ(outcome.sent[n].vpc, lab.b);
    EXPECT_LE(f.size(), 14u + 600u);
    const std::size_t at = 576 * n;
    const std::size_t bytes = std::min<std::size_t>(576, payload.size() - at);
    const auto flags = static_cast<std::uint16_t>(at / 8 | (n < 2 ? more_fragments : 0));
    const Bytes part(payload.begin() + static_cast<std::ptrdiff_t>(at),
                     payload.begin() + static_cast<std::ptrdiff_t>(at + bytes));
    EXPECT_EQ(f, ethernet(lab.host_b, lab.mac_of(lab.b), 0x0800,
                          ipv4({.ttl = 8, .id = 77, .flags_fragment = flags, .payload = part})));
  }
  EXPECT_EQ(joined(outcome.sent), payload);
  EXPECT_EQ(lab.counters(lab.a).forwarded, 1u);
  EXPECT_EQ(lab.counters(lab.b).tx_packets, 3u);
  lab.expect_counters_add_up();
}

TEST(Forwarding, P24_flags_and_identification_stay) {
  TwoVpcs lab;
  for (const std::uint16_t flags :
       std::initializer_list<std::uint16_t>{0, 0x4000, 0x2000, 0x2002, 0x0100}) {
    const Bytes frame = lab.from_a({.id = 0xbeef, .flags_fragment = flags});
    const Outcome outcome = lab.receive(lab.a, frame);
    ASSERT_EQ(outcome.sent.size(), 1u);
    EXPECT_EQ(outcome.sent[0].frame, as_forwarded(frame, lab.host_b, lab.mac_of(lab.b)));
  }
}

// Four paths from a into b: appliances .1 to .4 of b's on-link prefix.
struct Ecmp : TwoVpcs {
  Ecmp() {
    std::vector<NextHop> appliances;
    for (std::uint8_t n = 1; n <= 4; ++n) {
      const std::string address = "10.2.9." + std::to_string(n);
      appliances.push_back(plan.via(b, address));
      add_neighbour(b, address, mac(n, 9));
    }
    plan.main_of(b).push_back(route("172.16.0.0/12", plan.group(appliances)));
    plan.tables[gateway.value].push_back(route("172.16.0.0/12", plan.cross(gateway, b)));
    plan.main_of(a).push_back(route("172.16.0.0/12", plan.cross(gateway, a)));
    publish();
  }
  // Which appliance gets it: 1–4.
  int path(Ipv4 packet) {
    packet.destination = "172.16.5.5";
    const Outcome outcome = receive(a, from_a(packet));
    if (outcome.sent.size() != 1) return 0;
    return outcome.sent[0].frame[5];
  }
};

TEST(Forwarding, P21_flows_keep_their_path_and_spread) {
  Ecmp lab;
  std::map<int, int> share;
  for (std::uint16_t port = 1; port <= 400; ++port) {
    const Ipv4 first{.payload = ports(port, 80)};
    const Ipv4 later{.ttl = 9, .tos = 4, .id = 7, .payload = ports(port, 80, 400)};
    const int path = lab.path(first);
    EXPECT_EQ(path, lab.path(later));
    ++share[path];
  }
  for (int path = 1; path <= 4; ++path) EXPECT_GT(share[path], 50) << "path " << path;
}

TEST(Forwarding, P21_fragments_of_one_packet_stay_together) {
  Ecmp lab;
  std::set<int> paths;
  for (std::uint16_t port = 1; port <= 32; ++port) {
    paths.insert(lab.path({.flags_fragment = more_fragments, .payload = ports(port, 80, 64)}));
    paths.insert(lab.path({.flags_fragment = 8, .payload = ports(port, 80, 64)}));
  }
  EXPECT_EQ(paths.size(), 1u);
}

TEST(Forwarding, P21_echo_goes_by_its_identifier) {
  Ecmp lab;
  std::set<int> paths;
  for (std::uint16_t id = 1; id <= 64; ++id) {
    const int path = lab.path({.protocol = 1, .payload = icmp_echo(id, 1)});
    EXPECT_EQ(path, lab.path({.protocol = 1, .payload = icmp_echo(id, 2)}));
    paths.insert(path);
  }
  EXPECT_EQ(paths.size(), 4u);
}

TEST(Forwarding, P21_other_protocols_go_by_addresses) {
  Ecmp lab;
  std::set<int> paths;
  for (std::uint16_t word = 1; word <= 32; ++word)
    paths.insert(lab.path({.protocol = 50, .payload = ports(word, word)}));
  EXPECT_EQ(paths.size(), 1u);
}

TEST(Forwarding, P21_a_packet_too_short_for_its_ports_goes_by_addresses) {
  Ecmp lab;
  EXPECT_EQ(lab.path({.payload = {1, 2, 3}}), lab.path({.payload = {}}));
}

}  // namespace
}  // namespace bgw::packet_test
