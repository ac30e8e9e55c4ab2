// P44–P50, P26: what is particular to VXLAN, over IPv4 and IPv6.
#include <gtest/gtest.h>

#include <set>

#include "dataplane/published/ipv6_address.h"
#include "tests/packet/lab.h"

namespace bgw::packet_test {
namespace {

std::uint32_t vni_of(const TwoVpcs& lab) {
  return test_vni(lab.a.value);
}
Bytes inner(const TwoVpcs& lab) {
  return lab.from_a({});
}
Bytes with_header(const TwoVpcs& lab, Vxlan outer) {
  return from_vtep(outer, inner(lab));
}
Bytes with_udp_patched(const TwoVpcs& lab, std::size_t at, std::uint8_t value) {
  Bytes frame = from_vtep(vni_of(lab), inner(lab));
  const std::size_t udp_at = link_under_test() == LinkUnderTest::vxlan6 ? 54 : 34;
  frame.at(udp_at + at) = value;
  return frame;
}

struct BadOuter {
  const char* name;
  DropReason reason;
  Bytes (*frame)(const TwoVpcs& lab);
};
const BadOuter bad_outers[] = {
    {"P44_unknown_vni", DropReason::vxlan_unknown_vni,
     [](const TwoVpcs& lab) { return from_vtep(0xabcdef, inner(lab)); }},
    {"P44_vni_0", DropReason::vxlan_unknown_vni,
     [](const TwoVpcs& lab) { return from_vtep(0, inner(lab)); }},
    {"P44_flag_clear", DropReason::vxlan_malformed,
     [](const TwoVpcs& lab) {
       Vxlan outer = vtep_header(vni_of(lab));
       outer.flags = 0xf7000000;
       return with_header(lab, outer);
     }},
    {"P46_wrong_checksum", DropReason::outer_checksum,
     [](const TwoVpcs& lab) { return with_udp_patched(lab, 7, 0x42); }},
    {"P47_unknown_vtep", DropReason::vxlan_unknown_vtep,
     [](const TwoVpcs& lab) {
       Vxlan outer = vtep_header(vni_of(lab));
       outer.source = outer.source + "7";
       return with_header(lab, outer);
     }},
    {"P49_udp_length_below_the_headers", DropReason::vxlan_malformed,
     [](const TwoVpcs& lab) { return with_udp_patched(lab, 5, 15); }},
    {"P49_udp_length_beyond_the_packet", DropReason::vxlan_malformed,
     [](const TwoVpcs& lab) { return with_udp_patched(lab, 4, 0x40); }},
    {"P10_another_mac", DropReason::not_for_us,
     [](const TwoVpcs& lab) {
       Bytes frame = from_vtep(vni_of(lab), inner(lab));
       frame[5] ^= 1;
       return frame;
     }},
    {"P52_source_is_a_group", DropReason::link_source,
     [](const TwoVpcs& lab) {
       Bytes frame = from_vtep(vni_of(lab), inner(lab));
       frame[6] |= 1;
       return frame;
     }},
    {"P52_source_is_zero", DropReason::link_source,
     [](const TwoVpcs& lab) {
       Bytes frame = from_vtep(vni_of(lab), inner(lab));
       std::fill_n(frame.begin() + 6, 6, std::uint8_t{0});
       return frame;
     }},
    {"P11_link_broadcast", DropReason::link_broadcast,
     [](const TwoVpcs& lab) {
       Bytes frame = from_vtep(vni_of(lab), inner(lab));
       std::fill_n(frame.begin(), 6, std::uint8_t{0xff});
       return frame;
     }},
    {"not_to_the_gateway", DropReason::underlay_foreign,
     [](const TwoVpcs& lab) {
       Vxlan outer = vtep_header(vni_of(lab));
       outer.destination = outer.destination + "9";
       return with_header(lab, outer);
     }},
};

class OverVxlanBadOuter : public testing::TestWithParam<BadOuter> {};
TEST_P(OverVxlanBadOuter, is_dropped_on_the_underlay) {
  TwoVpcs lab;
  const Outcome outcome = lab.receive_raw(lab.a, GetParam().frame(lab));
  expect_dropped(lab, lab.underlay(), outcome, GetParam().reason);
  EXPECT_TRUE(outcome.punted.empty());
  EXPECT_EQ(lab.counters(lab.a).rx_packets, 0u);
}
INSTANTIATE_TEST_SUITE_P(Frames, OverVxlanBadOuter, testing::ValuesIn(bad_outers),
                         [](const auto& given) { return given.param.name; });

TEST(OverVxlan, P54_listener_queries_of_the_underlay_reach_the_control_thread) {
  TwoVpcs lab;
  Bytes query = extension(58, {5, 2, 0, 0, 1, 0});
  const Bytes message = icmp(130);
  query.insert(query.end(), message.begin(), message.end());
  const Bytes frame = ethernet({{0x33, 0x33, 0, 0, 0, 1}}, test_underlay().remote_mac, 0x86dd,
                               ipv6({.source = "fe80::7",
                                     .destination = "ff02::1",
                                     .next_header = 0,
                                     .hop_limit = 1,
                                     .payload = query}));
  const Outcome outcome = lab.receive_raw(lab.a, frame);
  ASSERT_EQ(outcome.punted.size(), 1u);
  EXPECT_EQ(outcome.punted[0].note.punt, PuntClass::nd);
  EXPECT_EQ(outcome.punted[0].note.in_vpc, lab.underlay());
  lab.expect_counters_add_up();
}

TEST(OverVxlan, P26_outer_fragments_are_dropped) {
  TwoVpcs lab;
  if (link_under_test() != LinkUnderTest::vxlan6) {
    Vxlan outer = vtep_header(vni_of(lab));
    for (const std::uint16_t flags : {more_fragments, std::uint16_t{100}}) {
      outer.flags_fragment = flags;
      EXPECT_TRUE(lab.receive_raw(lab.a, with_header(lab, outer)).sent.empty());
    }
    EXPECT_EQ(lab.drops(lab.underlay(), DropReason::outer_fragment), 2u);
  } else {
    const TestUnderlay underlay = test_underlay();
    Bytes payload = fragment_header(17, 1);
    payload.resize(100);
    const Bytes frame = ethernet(underlay.own_mac, underlay.remote_mac, 0x86dd,
                                 ipv6({.source = underlay.remote,
                                       .destination = underlay.own,
                                       .next_header = 44,
                                       .payload = payload}));
    EXPECT_TRUE(lab.receive_raw(lab.a, frame).sent.empty());
    EXPECT_EQ(lab.drops(lab.underlay(), DropReason::outer_fragment), 1u);
  }
  lab.expect_counters_add_up();
}

// The frame's headers grow by those of the tunnel: what is too big for it is known by the inner
// MTU.
TEST(OverVxlan, P26_too_big_names_the_inner_mtu) {
  TwoVpcs lab;
  lab.plan.vpcs[lab.b.value].mtu = 1450;
  lab.publish();
  const Bytes frame = lab.from_a({.flags_fragment = dont_fragment, .payload = Bytes(1431)});
  const Outcome outcome = lab.receive(lab.a, frame);
  EXPECT_TRUE(outcome.sent.empty());
  ASSERT_EQ(outcome.punted.size(), 1u);
  EXPECT_EQ(outcome.punted[0].note.in_vpc, lab.a);
  EXPECT_EQ(outcome.punted[0].note.mtu, 1450);
  EXPECT_EQ(outcome.punted[0].data, frame);
}

// Inside, that is: the underlay's own is larger.
struct NarrowPath : TwoVpcs {
  explicit NarrowPath(std::uint16_t limit) { path_mtus.set(TunnelIndex{1}, limit); }
};

TEST(OverVxlan, P59_what_exceeds_the_path_is_answered_with_its_mtu) {
  NarrowPath lab{1350};
  const Bytes v4 = lab.from_a({.flags_fragment = dont_fragment, .payload = Bytes(1331)});
  const Bytes v6 = lab.from_a_v6({.payload = Bytes(1311)});
  for (const Bytes& frame : {v4, v6}) {
    const Outcome outcome = lab.receive(lab.a, frame);
    EXPECT_TRUE(outcome.sent.empty());
    ASSERT_EQ(outcome.punted.size(), 1u);
    EXPECT_EQ(outcome.punted[0].note.punt, PuntClass::icmp_error);
    EXPECT_EQ(outcome.punted[0].note.in_vpc, lab.a);
    EXPECT_EQ(outcome.punted[0].note.mtu, 1350);
    EXPECT_EQ(outcome.punted[0].data, frame);
  }
  EXPECT_EQ(lab.drops(lab.a, DropReason::mtu_exceeded), 2u);
  lab.expect_counters_add_up();
}

TEST(OverVxlan, P59_what_fits_the_path_is_sent) {
  NarrowPath lab{1350};
  const Bytes v4 = lab.from_a({.flags_fragment = dont_fragment, .payload = Bytes(1330)});
  const Outcome sent = lab.receive(lab.a, v4);
  ASSERT_EQ(sent.sent.size(), 1u);
  EXPECT_EQ(sent.sent[0].frame, as_forwarded(v4, lab.host_b, lab.mac_of(lab.b)));
  EXPECT_EQ(lab.receive(lab.a, lab.from_a_v6({.payload = Bytes(1310)})).sent.size(), 1u);
  lab.path_mtus.set(TunnelIndex{1}, dataplane::PathMtus::unlimited);
  EXPECT_EQ(lab.receive(lab.a, lab.from_a_v6({.payload = Bytes(1460)})).sent.size(), 1u);
}

TEST(OverVxlan, P23_P59_ipv4_without_df_is_cut_to_the_path) {
  NarrowPath lab{1350};
  const Outcome outcome = lab.receive(lab.a, lab.from_a({.payload = Bytes(1400)}));
  ASSERT_EQ(outcome.sent.size(), 2u);
  EXPECT_EQ(outcome.sent[0].frame.size(), 14u + 20 + 1328);
  EXPECT_EQ(outcome.sent[1].frame.size(), 14u + 20 + 72);
  lab.expect_counters_add_up();
}

// RFC 8200 §5: it could not be sent in smaller packets.
TEST(OverVxlan, P59_ipv6_of_1280_bytes_is_sent_however_narrow_the_path_is_said_to_be) {
  NarrowPath lab{576};
  EXPECT_EQ(lab.receive(lab.a, lab.from_a_v6({.payload = Bytes(1240)})).sent.size(), 1u);
  const Outcome outcome = lab.receive(lab.a, lab.from_a_v6({.payload = Bytes(1241)}));
  ASSERT_EQ(outcome.punted.size(), 1u);
  EXPECT_EQ(outcome.punted[0].note.mtu, 1280);
}

void expect_arrives(TwoVpcs& lab, const Bytes& carried, const Bytes& frame) {
  const Outcome outcome = lab.receive_raw(lab.a, carried);
  ASSERT_EQ(outcome.sent.size(), 1u);
  EXPECT_EQ(outcome.sent[0].vpc, lab.b);
  EXPECT_EQ(outcome.sent[0].frame, as_forwarded(frame, lab.host_b, lab.mac_of(lab.b)));
  lab.expect_counters_add_up();
}

TEST(OverVxlan, P45_reserved_bits_are_ignored) {
  TwoVpcs lab;
  Vxlan outer = vtep_header(vni_of(lab));
  outer.flags = 0xffffffff;
  outer.vni_word |= 0xff;
  expect_arrives(lab, with_header(lab, outer), inner(lab));
}

TEST(OverVxlan, P46_checksum_0_and_a_right_one_are_accepted) {
  TwoVpcs lab;
  for (const bool checksum : {false, true}) {
    Vxlan outer = vtep_header(vni_of(lab));
    outer.checksum = checksum;
    expect_arrives(lab, with_header(lab, outer), inner(lab));
  }
}

struct BadInner {
  const char* name;
  DropReason reason;
  Bytes (*frame)(const TwoVpcs& lab);
};
const BadInner bad_inners[] = {
    {"P48_inner_vlan", DropReason::vxlan_inner_vlan,
     [](const TwoVpcs& lab) { return ethernet(lab.mac_of(lab.a), lab.host_a, 0x8100, Bytes(60)); }},
    {"P48_inner_service_vlan", DropReason::vxlan_inner_vlan,
     [](const TwoVpcs& lab) { return ethernet(lab.mac_of(lab.a), lab.host_a, 0x88a8, Bytes(60)); }},
    {"P49_empty", DropReason::frame_truncated, [](const TwoVpcs&) { return Bytes{}; }},
    {"P49_13_bytes", DropReason::frame_truncated, [](const TwoVpcs&) { return Bytes(13); }},
    {"P49_only_ethernet", DropReason::frame_truncated,
     [](const TwoVpcs& lab) { return ethernet(lab.mac_of(lab.a), lab.host_a, 0x0800, {}); }},
    {"P57_congestion_that_the_inside_cannot_say", DropReason::ecn_mismatch, nullptr},
};
class OverVxlanBadInner : public testing::TestWithParam<BadInner> {};
TEST_P(OverVxlanBadInner, is_dropped_in_its_vpc) {
  TwoVpcs lab;
  Vxlan outer = vtep_header(vni_of(lab));
  if (GetParam().frame == nullptr) outer.traffic_class = 3;  // RFC 6040 §4.2
  const Bytes frame = GetParam().frame == nullptr ? inner(lab) : GetParam().frame(lab);
  const Outcome outcome = lab.receive_raw(lab.a, from_vtep(outer, frame));
  expect_dropped(lab, lab.a, outcome, GetParam().reason);
}
INSTANTIATE_TEST_SUITE_P(Frames, OverVxlanBadInner, testing::ValuesIn(bad_inners),
                         [](const auto& given) { return given.param.name; });

// RFC 6040 §4.2, figure 4: by inner, then outer codepoint, not-ECT, ECT(1), ECT(0), CE as numbered.
constexpr int drop = -1;
constexpr int decapsulated[4][4] = {
    {0, 0, 0, drop},  // not ECT
    {1, 1, 1, 3},     // ECT(1)
    {2, 1, 2, 3},     // ECT(0)
    {3, 3, 3, 3},     // CE
};

class OverVxlanEcn : public testing::TestWithParam<bool> {};
TEST_P(OverVxlanEcn, P57_every_pair_of_inner_and_outer_codepoint) {
  for (unsigned inside = 0; inside < 4; ++inside) {
    for (unsigned outside = 0; outside < 4; ++outside) {
      TwoVpcs lab;
      const bool uniform = GetParam();
      lab.plan.vpcs[lab.a.value].uniform_dscp = uniform;
      lab.publish();
      Vxlan outer = vtep_header(vni_of(lab));
      outer.traffic_class = static_cast<std::uint8_t>(0xb8 | outside);
      const auto in = static_cast<std::uint8_t>(0x28 | inside);
      const int ecn = decapsulated[inside][outside];
      const auto out = static_cast<std::uint8_t>((uniform ? 0xb8 : 0x28) | ecn);
      const Outcome v4 = lab.receive_raw(lab.a, from_vtep(outer, lab.from_a({.tos = in})));
      const Outcome v6 =
          lab.receive_raw(lab.a, from_vtep(outer, lab.from_a_v6({.traffic_class = in})));
      SCOPED_TRACE("inner " + std::to_string(inside) + ", outer " + std::to_string(outside));
      if (ecn == drop) {
        EXPECT_TRUE(v4.sent.empty() && v6.sent.empty());
        EXPECT_EQ(lab.drops(lab.a, DropReason::ecn_mismatch), 2u);
        continue;
      }
      ASSERT_EQ(v4.sent.size(), 1u);
      ASSERT_EQ(v6.sent.size(), 1u);
      EXPECT_EQ(v4.sent[0].frame,
                as_forwarded(lab.from_a({.tos = out}), lab.host_b, lab.mac_of(lab.b)));
      EXPECT_EQ(v6.sent[0].frame, as_forwarded_v6(lab.from_a_v6({.traffic_class = out}), lab.host_b,
                                                  lab.mac_of(lab.b)));
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Dscp, OverVxlanEcn, testing::Values(false, true),
                         [](const auto& model) { return model.param ? "uniform" : "pipe"; });

// RFC 6040 §4.1: as inside, in the normal mode.
TEST(OverVxlan, P57_the_outside_leaves_with_the_codepoint_inside) {
  TwoVpcs lab;
  for (std::uint8_t ecn = 0; ecn < 4; ++ecn) {
    for (const Bytes& frame : {lab.from_a({.tos = ecn}), lab.from_a_v6({.traffic_class = ecn})}) {
      lab.receive(lab.a, frame);
      ASSERT_EQ(lab.carried().size(), 1u);
      EXPECT_EQ(outer_of(lab.carried()[0]).traffic_class, ecn);
    }
  }
}

// What isn't IP has no codepoint, whatever the outside says.
TEST(OverVxlan, P57_arp_through_a_congested_tunnel_arrives) {
  TwoVpcs lab;
  Vxlan outer = vtep_header(vni_of(lab));
  outer.traffic_class = 3;
  const Bytes arp = arp_request(lab.host_a, "10.1.0.10", "10.1.0.1");
  EXPECT_EQ(lab.receive_raw(lab.a, from_vtep(outer, arp)).punted.size(), 1u);
}

TEST(OverVxlan, P57_congestion_marked_outside_is_marked_inside) {
  TwoVpcs lab;
  Vxlan outer = vtep_header(vni_of(lab));
  outer.traffic_class = 0xb8 | 3;
  const Outcome v4 = lab.receive_raw(lab.a, from_vtep(outer, lab.from_a({.tos = 2})));
  ASSERT_EQ(v4.sent.size(), 1u);
  EXPECT_EQ(v4.sent[0].frame, as_forwarded(lab.from_a({.tos = 3}), lab.host_b, lab.mac_of(lab.b)));
  const Outcome v6 =
      lab.receive_raw(lab.a, from_vtep(outer, lab.from_a_v6({.traffic_class = 0x29})));
  ASSERT_EQ(v6.sent.size(), 1u);
  EXPECT_EQ(v6.sent[0].frame,
            as_forwarded_v6(lab.from_a_v6({.traffic_class = 0x2b}), lab.host_b, lab.mac_of(lab.b)));
}

TEST(OverVxlan, P50_source_port_by_the_inner_flow_and_ttl_64) {
  TwoVpcs lab;
  std::set<std::uint16_t> used;
  for (std::uint16_t port = 1; port <= 200; ++port) {
    std::set<std::uint16_t> of_flow;
    for (int n = 0; n < 2; ++n) {
      lab.receive(lab.a, lab.from_a({.payload = ports(port, 80)}));
      ASSERT_EQ(lab.carried().size(), 1u);
      const SentOuter outer = outer_of(lab.carried()[0]);
      EXPECT_GE(outer.source_port, 49152);
      EXPECT_EQ(outer.ttl, 64);
      of_flow.insert(outer.source_port);
    }
    EXPECT_EQ(of_flow.size(), 1u);
    used.insert(of_flow.begin(), of_flow.end());
  }
  EXPECT_GT(used.size(), 150u);
}

TEST(OverVxlan, P50_pipe_keeps_dscp_inside_uniform_shares_it) {
  TwoVpcs lab;
  const auto sent_class = [&](std::uint8_t inside) {
    lab.receive(lab.a, lab.from_a({.tos = inside}));
    return lab.carried().size() == 1 ? outer_of(lab.carried()[0]).traffic_class : 0xff;
  };
  EXPECT_EQ(sent_class(0xb8), 0);
  EXPECT_EQ(sent_class(0xb9), 1) << "ECN is copied, RFC 6040 4.1";
  lab.plan.vpcs[lab.b.value].uniform_dscp = true;
  lab.publish();
  EXPECT_EQ(sent_class(0xb9), 0xb9);
}

TEST(OverVxlan, P50_uniform_carries_dscp_inside_on_arrival) {
  TwoVpcs lab;
  lab.plan.vpcs[lab.a.value].uniform_dscp = true;
  lab.publish();
  Vxlan outer = vtep_header(vni_of(lab));
  outer.traffic_class = 0x48;
  const Outcome outcome = lab.receive_raw(lab.a, from_vtep(outer, lab.from_a({.tos = 0xb9})));
  ASSERT_EQ(outcome.sent.size(), 1u);
  EXPECT_EQ(outcome.sent[0].frame,
            as_forwarded(lab.from_a({.tos = 0x49}), lab.host_b, lab.mac_of(lab.b)));
}

// I3: a VNI is its VPC's alone.
TEST(OverVxlan, I3_the_vni_decides_not_the_addresses) {
  TwoVpcs lab;
  const Outcome outcome =
      lab.receive_raw(lab.a, from_vtep(test_vni(lab.b.value), lab.frame(lab.b, Ipv4{})));
  expect_dropped(lab, lab.b, outcome, DropReason::source_spoofed);
}

// A commit took the VTEP from b, and another VPC goes on to use it: b's neighbours behind it are
// asked for anew, and no frame of b's goes there any more.
TEST(OverVxlan, I1_P47_nothing_leaves_to_a_vtep_that_is_no_remote_any_more) {
  TwoVpcs lab;
  lab.plan.vpcs[lab.b.value].remote_count = 0;
  lab.publish();
  const Outcome outcome = lab.receive(lab.a, inner(lab));
  EXPECT_TRUE(outcome.sent.empty());
  ASSERT_EQ(outcome.punted.size(), 1u);
  EXPECT_EQ(outcome.punted[0].note.punt, PuntClass::glean);
  EXPECT_EQ(outcome.punted[0].note.vpc, lab.b);
  EXPECT_TRUE(lab.inject(inner(lab), lab.frame_note(lab.b)).sent.empty());
  EXPECT_EQ(lab.drops(lab.b, DropReason::vxlan_unknown_vtep), 1u);
  lab.expect_counters_add_up();
}

// A host that poses as the gateway on the underlay; and what looks like neighbour discovery, but
// comes from beyond and is for another.
TEST(OverVxlan, P51_own_addresses_are_nobodys_source_on_the_underlay) {
  TwoVpcs lab;
  const TestUnderlay underlay = test_underlay();
  const bool v6 = link_under_test() == LinkUnderTest::vxlan6;
  const Bytes echo = v6 ? ipv6({.source = underlay.own,
                                .destination = underlay.own,
                                .next_header = 58,
                                .payload = icmp_echo(1, 1, 128)})
                        : ipv4({.source = underlay.own,
                                .destination = underlay.own,
                                .protocol = 1,
                                .payload = icmp_echo(1)});
  const Outcome outcome = lab.receive_raw(
      lab.a, ethernet(underlay.own_mac, underlay.remote_mac, v6 ? 0x86dd : 0x0800, echo));
  expect_dropped(lab, lab.underlay(), outcome, DropReason::source_own);
  EXPECT_TRUE(outcome.punted.empty());
}

// Of a packet to the gateway, before it is opened: refused, the control thread says so.
TEST(OverVxlan, P56_extension_headers_before_vxlan_are_processed) {
  if (link_under_test() != LinkUnderTest::vxlan6) return;
  TwoVpcs lab;
  const TestUnderlay underlay = test_underlay();
  const Bytes plain = from_vtep(vni_of(lab), inner(lab));
  const Bytes udp(plain.begin() + 54, plain.end());
  const auto sent = [&](std::uint8_t header, Bytes content) {
    Bytes payload = extension(17, std::move(content));
    payload.insert(payload.end(), udp.begin(), udp.end());
    const Bytes packet = ipv6({.source = underlay.remote,
                               .destination = underlay.own,
                               .next_header = header,
                               .payload = payload});
    const Outcome outcome =
        lab.receive_raw(lab.a, ethernet(underlay.own_mac, underlay.remote_mac, 0x86dd, packet));
    EXPECT_EQ(outcome.sent.size() + outcome.punted.size(), 1u);
    return outcome.sent.size() == 1;
  };
  EXPECT_TRUE(sent(0, {0x3e, 0}));
  EXPECT_TRUE(sent(60, {0x3e, 0}));
  EXPECT_TRUE(sent(43, {0, 0}));
  for (const std::uint8_t type : Bytes{0x7e, 0xbe, 0xfe}) {
    EXPECT_FALSE(sent(0, {type, 0}));
    EXPECT_FALSE(sent(60, {type, 0}));
  }
  EXPECT_FALSE(sent(43, {0, 1}));
  EXPECT_FALSE(sent(51, {0, 0}));
  lab.expect_counters_add_up();
}

// A node of the underlay, but no router there.
TEST(OverVxlan, P55_on_an_ipv6_underlay_too) {
  if (link_under_test() != LinkUnderTest::vxlan6) return;
  TwoVpcs lab;
  const TestUnderlay underlay = test_underlay();
  const auto punted = [&](const Mac& to, const std::string& destination) {
    const Bytes packet = ipv6({.source = "fe80::9",
                               .destination = destination,
                               .next_header = 58,
                               .payload = icmp_echo(1, 1, 128)});
    const Outcome outcome = lab.receive_raw(lab.a, ethernet(to, mac(9, 0xee), 0x86dd, packet));
    return outcome.punted.size() == 1 && outcome.punted[0].note.punt == PuntClass::local &&
           outcome.punted[0].note.vpc == lab.underlay();
  };
  EXPECT_TRUE(punted(underlay.own_mac, underlay.own));
  EXPECT_TRUE(punted(underlay.own_mac, link_local_of(underlay.own_mac).to_string()));
  EXPECT_TRUE(punted({{0x33, 0x33, 0, 0, 0, 1}}, "ff02::1"));
  EXPECT_FALSE(punted({{0x33, 0x33, 0, 0, 0, 2}}, "ff02::2"));
  EXPECT_FALSE(punted(underlay.own_mac, underlay.remote));
  lab.expect_counters_add_up();
}

// Hosts of the underlay, too.
TEST(OverVxlan, P16_noise_of_the_underlay_is_counted_as_what_it_is) {
  TwoVpcs lab;
  const Mac to_v6{{0x33, 0x33, 0, 0, 0, 0x16}}, to_v4{{0x01, 0, 0x5e, 0, 0, 0x16}};
  lab.receive_raw(lab.a, ethernet(to_v6, mac(9, 0xee), 0x86dd,
                                  ipv6({.source = "fe80::9", .destination = "ff02::16"})));
  lab.receive_raw(lab.a, ethernet(to_v4, mac(9, 0xee), 0x0800,
                                  ipv4({.source = "0.0.0.0", .destination = "224.0.0.22"})));
  EXPECT_EQ(lab.drops(lab.underlay(), DropReason::destination_multicast), 2u);
  lab.receive_raw(lab.a, ethernet(Mac::broadcast(), mac(9, 0xee), 0x0800,
                                  ipv4({.source = "0.0.0.0", .destination = "255.255.255.255"})));
  EXPECT_EQ(lab.drops(lab.underlay(), DropReason::destination_broadcast), 1u);
  lab.expect_counters_add_up();
}

TEST(OverVxlan, what_looks_like_neighbour_discovery_is_forwarded_by_no_underlay) {
  if (link_under_test() != LinkUnderTest::vxlan6) return;
  TwoVpcs lab;
  const TestUnderlay underlay = test_underlay();
  lab.neighbours.set(lab.underlay(), ip6("2001:db8:beef::9"), Link::to(mac(9, 0xee)));
  const Bytes packet = ipv6({.source = underlay.remote,
                             .destination = "2001:db8:beef::9",
                             .next_header = 58,
                             .payload = icmp(137)});
  const Outcome outcome =
      lab.receive_raw(lab.a, ethernet(underlay.own_mac, underlay.remote_mac, 0x86dd, packet));
  expect_dropped(lab, lab.underlay(), outcome, DropReason::underlay_foreign);
}

TEST(OverVxlan, an_unknown_underlay_neighbour_is_asked_for_and_the_packet_goes_then) {
  TwoVpcs lab;
  const MappedAddress vtep = any_ip(test_underlay().remote);
  lab.neighbours.erase(lab.underlay(), vtep);
  const Bytes frame = inner(lab);
  const Outcome outcome = lab.receive(lab.a, frame);
  ASSERT_EQ(outcome.punted.size(), 1u);
  EXPECT_EQ(outcome.punted[0].note.punt, PuntClass::glean);
  EXPECT_EQ(outcome.punted[0].note.vpc, lab.underlay());
  EXPECT_EQ(outcome.punted[0].note.address, vtep);
  EXPECT_EQ(outcome.punted[0].data, frame);
  lab.neighbours.set(lab.underlay(), vtep, Link::to(test_underlay().remote_mac));
  const Outcome again = lab.inject(outcome.punted[0].data, outcome.punted[0].note);
  ASSERT_EQ(again.sent.size(), 1u);
  EXPECT_EQ(again.sent[0].frame, as_forwarded(frame, lab.host_b, lab.mac_of(lab.b)));
}

}  // namespace
}  // namespace bgw::packet_test
