// P44, P01: VXLAN in several buffers, wherever one ends and the next begins.
#include <gtest/gtest.h>
#include <rte_mbuf.h>

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
  if (extension_bytes == 0) return plain;
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

}  // namespace
}  // namespace bgw::packet_test
