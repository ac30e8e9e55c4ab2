// P44, P01: packets in several buffers, wherever one ends and the next begins.
#include <gtest/gtest.h>
#include <rte_mbuf.h>

#include <algorithm>

#include "tests/packet/lab.h"

namespace bgw::packet_test {
namespace {

constexpr std::size_t outer_ipv6_at = 14, outer_payload_at = outer_ipv6_at + 40;

Bytes part(const Bytes& of, std::size_t from, std::size_t to) {
  return {of.begin() + static_cast<std::ptrdiff_t>(from),
          of.begin() + static_cast<std::ptrdiff_t>(to)};
}

// A frame for b from a's VTEP. Over IPv6, extension headers of `extension_bytes` precede UDP.
Bytes carried_frame(const TwoVpcs& lab, const Bytes& inner, std::size_t extension_bytes) {
  const Bytes plain = from_vtep(test_vni(lab.a.value), inner);
  if (extension_bytes == 0) return with_underlay_tag(plain);
  const TestUnderlay underlay = test_underlay();
  Bytes payload = extension(17, Bytes(extension_bytes - 2));
  const Bytes udp = part(plain, outer_payload_at, plain.size());
  payload.insert(payload.end(), udp.begin(), udp.end());
  return ethernet(underlay.own_mac, underlay.remote_mac, 0x86dd,
                  ipv6({.source = underlay.remote,
                        .destination = underlay.own,
                        .next_header = 60,
                        .payload = payload}));
}
std::size_t longest_extension() {
  return link_under_test() == LinkUnderTest::vxlan6 ? 400 : 0;
}

void expect_arrives(TwoVpcs& lab, rte_mbuf* head, const Bytes& inner, std::size_t at) {
  const Outcome outcome = lab.receive(lab.a, head);
  ASSERT_EQ(outcome.sent.size(), 1u) << "split at " << at;
  EXPECT_EQ(outcome.sent[0].frame, as_forwarded(inner, lab.host_b, lab.mac_of(lab.b)));
}

TEST(OverVxlan, P44_is_opened_wherever_its_buffers_end) {
  TwoVpcs lab;
  const Bytes inner = lab.from_a({.payload = Bytes(300, 0x5a)});
  for (const std::size_t bytes : {std::size_t{0}, longest_extension()}) {
    const Bytes carried = carried_frame(lab, inner, bytes);
    for (std::size_t at = 1; at < carried.size(); ++at) {
      rte_mbuf* head = lab.pool_packet(part(carried, 0, at));
      ASSERT_EQ(rte_pktmbuf_chain(head, lab.exact_packet(part(carried, at, carried.size()))), 0);
      expect_arrives(lab, head, inner, at);
      if (HasFatalFailure()) return;
    }
  }
  lab.expect_counters_add_up();
  lab.expect_no_packet_in_use();
}

// The first buffer ends with its bytes and has room for no more: what can't be moved together is
// dropped, and nothing is read beyond.
TEST(OverVxlan, P44_is_dropped_where_headers_fit_no_buffer) {
  TwoVpcs lab;
  const Bytes inner = lab.from_a({.payload = Bytes(600, 0x5a)});
  const std::size_t extension_bytes = longest_extension();
  const Bytes carried = carried_frame(lab, inner, extension_bytes);
  const std::size_t inner_at = carried.size() - inner.size();
  for (std::size_t at = 1; at < carried.size(); ++at) {
    rte_mbuf* head = lab.exact_packet(part(carried, 0, at), RTE_PKTMBUF_HEADROOM);
    ASSERT_EQ(rte_pktmbuf_chain(head, lab.exact_packet(part(carried, at, carried.size()))), 0);
    const Outcome outcome = lab.receive(lab.a, head);
    ASSERT_EQ(outcome.sent.size(), at >= inner_at + 256 ? 1u : 0u) << "split at " << at;
  }
  lab.expect_counters_add_up();
  lab.expect_no_packet_in_use();
}

std::vector<Bytes> parts_of(const Bytes& carried, std::size_t bytes) {
  std::vector<Bytes> parts;
  for (std::size_t at = 0; at < carried.size(); at += bytes)
    parts.push_back(part(carried, at, std::min(carried.size(), at + bytes)));
  return parts;
}

// On every wire, in as many buffers as it takes: moved together where the first has just the room
// for it, dropped with a byte less.
TEST(Buffers, P01_many_small_ones_are_moved_together_or_dropped) {
  TwoVpcs lab;
  for (const Bytes& frame :
       {lab.from_a({.payload = Bytes(60, 0x5a)}), lab.from_a_v6({.payload = Bytes(60, 0x5a)})}) {
    const Bytes carried = wrap(lab.a.value, frame);
    for (const std::size_t bytes : {1, 2, 3, 7, 20, 40, 64}) {
      const std::vector<Bytes> parts = parts_of(carried, bytes);
      const auto needed = static_cast<std::uint16_t>(carried.size() - bytes);
      const Outcome moved = lab.receive(lab.a, lab.packet_in_parts(parts, needed));
      EXPECT_EQ(moved.sent.size(), 1u) << "buffers of " << bytes;
      const Outcome dropped =
          lab.receive(lab.a, lab.packet_in_parts(parts, static_cast<std::uint16_t>(needed - 1)));
      EXPECT_TRUE(dropped.sent.empty()) << "buffers of " << bytes;
    }
  }
  lab.expect_counters_add_up();
  lab.expect_no_packet_in_use();
}

// What is sent as it came, a large payload in many buffers, has every byte.
TEST(Buffers, P01_payload_stays_where_it_is) {
  TwoVpcs lab;
  for (const Bytes& frame : {lab.from_a({.payload = ports(1, 2, 1400)}),
                             lab.from_a_v6({.payload = ports(1, 2, 1400)})}) {
    const Bytes carried = wrap(lab.a.value, frame);
    std::vector<Bytes> parts{part(carried, 0, 400)};
    for (const Bytes& rest : parts_of(part(carried, 400, carried.size()), 37))
      parts.push_back(rest);
    const Outcome outcome = lab.receive(lab.a, lab.packet_in_parts(parts, 0));
    ASSERT_EQ(outcome.sent.size(), 1u);
    const bool v6 = frame[12] == 0x86;
    EXPECT_EQ(outcome.sent[0].frame, v6 ? as_forwarded_v6(frame, lab.host_b, lab.mac_of(lab.b))
                                        : as_forwarded(frame, lab.host_b, lab.mac_of(lab.b)));
  }
}

// Jumbo packets, as drivers receive them into buffers of 2 KiB.
rte_mbuf* in_buffers_of_2048(TwoVpcs& lab, const Bytes& carried) {
  rte_mbuf* head = nullptr;
  for (std::size_t at = 0; at < carried.size(); at += 2048) {
    rte_mbuf* next = lab.pool_packet(part(carried, at, std::min(carried.size(), at + 2048)));
    if (head == nullptr) {
      head = next;
    } else {
      EXPECT_EQ(rte_pktmbuf_chain(head, next), 0);
    }
  }
  return head;
}

TEST(Buffers, P22_P25_jumbo_packets_pass_up_to_the_mtu) {
  TwoVpcs lab;
  lab.plan.vpcs[lab.b.value].mtu = 9000;
  lab.publish();
  const Bytes v4 = lab.from_a({.flags_fragment = dont_fragment, .payload = Bytes(8980, 0x5a)});
  const Bytes v6 = lab.from_a_v6({.payload = Bytes(8960, 0x5a)});
  for (const Bytes& frame : {v4, v6}) {
    const Outcome outcome = lab.receive(lab.a, in_buffers_of_2048(lab, wrap(lab.a.value, frame)));
    ASSERT_EQ(outcome.sent.size(), 1u);
    EXPECT_EQ(outcome.sent[0].frame, frame == v4
                                         ? as_forwarded(v4, lab.host_b, lab.mac_of(lab.b))
                                         : as_forwarded_v6(v6, lab.host_b, lab.mac_of(lab.b)));
  }
  const Bytes larger = lab.from_a({.flags_fragment = dont_fragment, .payload = Bytes(8981)});
  const Outcome refused = lab.receive(lab.a, in_buffers_of_2048(lab, wrap(lab.a.value, larger)));
  ASSERT_EQ(refused.punted.size(), 1u);
  EXPECT_EQ(refused.punted[0].note.mtu, 9000);
  lab.expect_counters_add_up();
}

TEST(Buffers, P23_jumbo_packets_are_cut_to_1500) {
  TwoVpcs lab;
  const Bytes frame = lab.from_a({.payload = Bytes(8980, 0x5a)});
  const Outcome outcome = lab.receive(lab.a, in_buffers_of_2048(lab, wrap(lab.a.value, frame)));
  ASSERT_EQ(outcome.sent.size(), 7u);
  std::size_t payload = 0;
  for (const Sent& sent : outcome.sent) {
    EXPECT_LE(sent.frame.size(), 14u + 1500);
    payload += sent.frame.size() - 14 - 20;
  }
  EXPECT_EQ(payload, 8980u);
  lab.expect_counters_add_up();
}

}  // namespace
}  // namespace bgw::packet_test
