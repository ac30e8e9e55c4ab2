// The ICMPv6 builders and rules on byte spans.
#include "control/packets/icmp6.h"

#include <gtest/gtest.h>

#include "control/packets/ipv6.h"
#include "control/packets/ipv6_fragments.h"
#include "slow_path_packets_v6.h"

namespace bgw::control {
namespace {

using dataplane::DropReason;
using test::addr;
using test::ByteVector;
using test::Fields6;
using test::get16;
using test::get32;
using test::get_address;
using test::icmp6_packet;
using test::icmp6_sum;
using test::interface_address;
using test::ipv6_packet;
using test::udp6_packet;

const std::vector<config::InterfaceAddress> on_link = {interface_address("2001:db8:1::1", 64),
                                                       interface_address("2001:db8:8::", 127)};
const Icmp6Error unreachable{icmp6::unreachable, icmp6::code_no_route, 0};
const Icmp6Error too_big{icmp6::packet_too_big, 0, 1400};

bool may(const ByteVector& packet, bool link_multicast = false,
         const Icmp6Error& error = unreachable) {
  return may_cause_icmp6_error(packet, link_multicast, error, on_link);
}

// A fragment of a UDP packet.
ByteVector fragment(unsigned offset_and_flags) {
  ByteVector payload = {17, 0, 0, 0, 0, 0, 0, 9};
  test::put16(payload, 2, offset_and_flags);
  payload.resize(40, 0xab);
  return ipv6_packet({.next_header = 44}, payload);
}

TEST(Icmp6, P28_no_error_about_an_error_or_a_redirect) {
  for (const int type : {1, 2, 3, 4, 100, 127, 137}) {
    EXPECT_FALSE(may(icmp6_packet({}, static_cast<std::uint8_t>(type), 0, 0))) << type;
  }
  for (const int type : {128, 129, 135, 200}) {
    EXPECT_TRUE(may(icmp6_packet({}, static_cast<std::uint8_t>(type), 0, 0))) << type;
  }
  EXPECT_FALSE(may(ipv6_packet({.next_header = 58}, {})));
}

TEST(Icmp6, P28_errors_are_found_behind_extension_headers) {
  const ByteVector options = {58, 0, 1, 4, 0, 0, 0, 0};
  EXPECT_FALSE(may(icmp6_packet({.next_header = 0}, 1, 0, 0, {}, options)));
  EXPECT_TRUE(may(icmp6_packet({.next_header = 0}, 128, 0, 0, {}, options)));
}

TEST(Icmp6, extension_headers_are_bounded_in_length_and_number) {
  EXPECT_FALSE(may(ipv6_packet({.next_header = 0}, {58, 9, 1, 4, 0, 0, 0, 0})));
  EXPECT_FALSE(may(ipv6_packet({.next_header = 60}, {58, 0, 1, 4})));
  const auto chain = [](std::size_t length) {
    ByteVector headers(8 * length);
    for (std::size_t i = 0; i < length; ++i) headers[8 * i] = i + 1 < length ? 60 : 17;
    headers.resize(headers.size() + 8);
    return ipv6_packet({.next_header = 60}, headers);
  };
  EXPECT_TRUE(may(chain(8)));
  EXPECT_FALSE(may(chain(9)));
}

TEST(Icmp6, P29_no_error_about_a_later_fragment) {
  EXPECT_TRUE(may(fragment(1)));
  EXPECT_FALSE(may(fragment(8)));
  EXPECT_FALSE(may(fragment(9)));
}

// RFC 8200 §4.5: of a fragment it can be said what is wrong with that.
TEST(Icmp6, P56_a_problem_of_a_later_fragment_is_told) {
  const Icmp6Error problem{icmp6::parameter_problem, 0, 42};
  EXPECT_TRUE(may(fragment(8), false, problem));
  EXPECT_TRUE(may(fragment(9), false, problem));
  EXPECT_FALSE(may(fragment(9), true, problem));
}

TEST(Icmp6, P30_P31_about_groups_only_that_a_packet_is_too_big) {
  EXPECT_FALSE(may(udp6_packet({.destination = "ff02::1"})));
  EXPECT_FALSE(may(udp6_packet(), true));
  EXPECT_TRUE(may(udp6_packet({.destination = "ff0e::1"}), true, too_big));
}

TEST(Icmp6, P32_no_error_to_a_source_that_is_not_one_host) {
  for (const char* source : {"::", "::1", "ff02::1", "::ffff:10.1.1.5", "2001:db8:1::"}) {
    EXPECT_FALSE(may(udp6_packet({.source = source}))) << source;
  }
  EXPECT_TRUE(may(udp6_packet({.source = "2001:db8:8::"}))) << "a /127 has no anycast address";
}

TEST(Icmp6, P33_quotes_as_much_as_fits_in_1280_bytes) {
  const auto small = udp6_packet({}, 40);
  auto padded = small;
  padded.resize(small.size() + 6, 0xee);
  const auto error = build_icmp6_error(padded, unreachable, addr("2001:db8:1::1"));
  EXPECT_EQ(error, icmp6_packet({.source = "2001:db8:1::1", .destination = "2001:db8:1::5"}, 1, 0,
                                0, small));
  const auto large = udp6_packet({}, 1400);
  const auto about_large = build_icmp6_error(large, too_big, addr("2001:db8:1::1"));
  ASSERT_EQ(about_large.size(), 1280u);
  EXPECT_TRUE(std::equal(about_large.begin() + 48, about_large.end(), large.begin()));
  EXPECT_EQ(icmp6_sum(about_large), 0xffffu);
  EXPECT_EQ(get32(about_large, 44), 1400u);
}

TEST(Icmp6, each_reason_has_its_type_code_and_parameter) {
  const auto error = [](DropReason reason, const ByteVector& packet) {
    return icmp6_error_for(reason, packet, 1400);
  };
  EXPECT_EQ(error(DropReason::ttl_expired, udp6_packet()), (Icmp6Error{3, 0, 0}));
  EXPECT_EQ(error(DropReason::no_route, udp6_packet()), (Icmp6Error{1, 0, 0}));
  EXPECT_EQ(error(DropReason::neighbour_unreachable, udp6_packet()), (Icmp6Error{1, 3, 0}));
  EXPECT_EQ(error(DropReason::port_unreachable, udp6_packet()), (Icmp6Error{1, 4, 0}));
  EXPECT_EQ(error(DropReason::mtu_exceeded, udp6_packet()), (Icmp6Error{2, 0, 1400}));
  EXPECT_EQ(error(DropReason::port_unreachable, ipv6_packet({.next_header = 47}, ByteVector(8))),
            (Icmp6Error{4, 1, 6}));
  EXPECT_EQ(error(DropReason::port_unreachable,
                  ipv6_packet({.next_header = 60}, {47, 0, 1, 4, 0, 0, 0, 0, 1, 2})),
            (Icmp6Error{4, 1, 40}));
  EXPECT_FALSE(error(DropReason::port_unreachable, ipv6_packet({.next_header = 59}, {})));
  EXPECT_FALSE(error(DropReason::blackhole, udp6_packet()));
  EXPECT_FALSE(icmp6_error_for(DropReason::mtu_exceeded, udp6_packet(), 0));
}

TEST(Icmp6, P36_echo_reply_keeps_what_was_sent) {
  auto request = icmp6_packet({.hop_limit = 3}, 128, 0, 0xbeef0007, {1, 2, 3, 4, 5});
  request[0] = 0x64;  // a traffic class
  request[1] = 0x8a;  // and a flow label
  request.resize(70, 0xee);
  auto expected = icmp6_packet({.source = "2001:db8:2::9", .destination = "2001:db8:1::5"}, 129, 0,
                               0xbeef0007, {1, 2, 3, 4, 5});
  expected[0] = 0x64;
  expected[1] = 0x80;
  EXPECT_EQ(build_echo6_reply(request, addr(get_address(request, 24))), expected);
}

TEST(Icmp6, parse_refuses_bad_checksums_fragments_and_short_messages) {
  auto packet = icmp6_packet({}, 128, 0, 1, {1, 2, 3});
  EXPECT_TRUE(parse_icmp6(packet));
  packet.back() ^= 1;
  EXPECT_FALSE(parse_icmp6(packet));
  EXPECT_FALSE(parse_icmp6(ipv6_packet({.next_header = 58}, ByteVector(7))));
  EXPECT_FALSE(parse_icmp6(udp6_packet()));
  const ByteVector first = {58, 0, 0, 1, 0, 0, 0, 9};
  EXPECT_FALSE(parse_icmp6(icmp6_packet({.next_header = 44}, 128, 0, 1, {}, first)));
  const ByteVector atomic = {58, 0, 0, 0, 0, 0, 0, 9};  // RFC 6946
  EXPECT_TRUE(parse_icmp6(icmp6_packet({.next_header = 44}, 128, 0, 1, {}, atomic)));
}

TEST(Icmp6, echo_request_is_found_again_in_a_quote) {
  const Echo echo{addr("2001:db8:1::1"), addr("2001:db8:2::9"), 5, 6};
  auto request = build_echo6_request(echo, 56);
  EXPECT_EQ(request.size(), 104u);
  EXPECT_EQ(icmp6_sum(request), 0xffffu);
  request.resize(48);
  const auto found = quoted_echo6_request(request);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->source, echo.source);
  EXPECT_EQ(found->destination, echo.destination);
  EXPECT_EQ(found->ident, 5);
  EXPECT_EQ(found->sequence, 6);
  request.resize(47);
  EXPECT_FALSE(quoted_echo6_request(request));
}

TEST(Ipv6Fragments, P36_cover_the_packet_and_keep_within_the_mtu) {
  for (const std::size_t payload : {1232u, 1233u, 2464u, 4000u, 65527u}) {
    const auto packet =
        build_echo6_request({addr("2001:db8::1"), addr("2001:db8::2"), 1, 1}, payload);
    const auto fragments = fragment_ipv6(packet, 1280, 0x12345678);
    if (packet.size() <= 1280) {
      ASSERT_EQ(fragments.size(), 1u);
      EXPECT_EQ(fragments[0], packet);
      continue;
    }
    ByteVector whole(packet.begin(), packet.begin() + 40);
    for (std::size_t i = 0; i < fragments.size(); ++i) {
      const auto& f = fragments[i];
      ASSERT_LE(f.size(), 1280u);
      EXPECT_EQ(get16(f, 4) + 40u, f.size());
      EXPECT_EQ(f[6], 44);
      EXPECT_EQ(f[40], 58);
      EXPECT_EQ(get16(f, 42) & 0xfff8u, whole.size() - 40);
      EXPECT_EQ(get16(f, 42) & 7u, i + 1 < fragments.size() ? 1u : 0u);
      EXPECT_EQ(get32(f, 44), 0x12345678u);
      whole.insert(whole.end(), f.begin() + 48, f.end());
    }
    EXPECT_EQ(whole, packet);
  }
}

TEST(Ipv6, link_local_and_group_addresses_follow_from_macs_and_addresses) {
  const dataplane::Mac mac{{0x00, 0x1b, 0x21, 0xaa, 0xbb, 0xcc}};
  EXPECT_EQ(dataplane::link_local_of(mac), addr("fe80::21b:21ff:feaa:bbcc"));
  EXPECT_EQ(solicited_node(addr("2001:db8::12:3456")), addr("ff02::1:ff12:3456"));
  EXPECT_EQ(multicast_mac(addr("ff02::1:ff12:3456")).to_string(), "33:33:ff:12:34:56");
}

}  // namespace
}  // namespace bgw::control
