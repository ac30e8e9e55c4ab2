// The ICMP builders and rules on byte spans.
#include "control/packets/icmp.h"

#include <gtest/gtest.h>

#include "control/packets/ipv4.h"
#include "control/slow_path/own_addresses.h"
#include "slow_path_packets.h"

namespace bgw::control {
namespace {

using dataplane::DropReason;
using test::addr;
using test::ByteVector;
using test::icmp_packet;
using test::interface_address;
using test::ip;
using test::ipv4_packet;
using test::PacketFields;
using test::udp_packet;

const std::vector<config::InterfaceAddress> on_link = {interface_address("10.1.1.1", 24),
                                                       interface_address("10.1.8.0", 31)};

bool may(const ByteVector& packet, bool link_broadcast = false) {
  return may_cause_icmp_error(packet, link_broadcast, on_link);
}

TEST(Icmp, P28_no_error_about_an_error) {
  for (const int error : {3, 4, 5, 11, 12}) {
    EXPECT_FALSE(may(icmp_packet({}, static_cast<std::uint8_t>(error)))) << error;
  }
  for (const int query : {0, 8, 13, 14}) {
    EXPECT_TRUE(may(icmp_packet({}, static_cast<std::uint8_t>(query)))) << query;
  }
}

TEST(Icmp, P28_unknown_types_count_as_errors_and_a_missing_type_too) {
  EXPECT_FALSE(may(icmp_packet({}, 200)));
  EXPECT_FALSE(may(ipv4_packet({.protocol = 1}, {})));
}

TEST(Icmp, P29_no_error_about_a_later_fragment) {
  EXPECT_TRUE(may(udp_packet({.more_fragments = true})));
  EXPECT_FALSE(may(udp_packet({.offset_units = 2})));
  EXPECT_FALSE(may(udp_packet({.more_fragments = true, .offset_units = 2})));
}

TEST(Icmp, P30_no_error_about_a_packet_to_a_group) {
  for (const char* group : {"224.0.0.5", "239.1.1.1", "255.255.255.255", "10.1.1.255", "10.1.1.0",
                            "240.0.0.1", "127.0.0.1", "0.1.2.3"}) {
    EXPECT_FALSE(may(udp_packet({.destination = group}))) << group;
  }
  EXPECT_TRUE(may(udp_packet({.destination = "10.9.1.255"})));  // ours has no such prefix
}

TEST(Icmp, P31_no_error_about_a_link_layer_broadcast) {
  EXPECT_TRUE(may(udp_packet(), false));
  EXPECT_FALSE(may(udp_packet(), true));
}

TEST(Icmp, P32_no_error_to_a_source_that_is_not_one_host) {
  for (const char* source : {"0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "240.0.0.1",
                             "255.255.255.255", "10.1.1.255", "10.1.1.0"}) {
    EXPECT_FALSE(may(udp_packet({.source = source}))) << source;
  }
  EXPECT_TRUE(may(udp_packet({.source = "10.1.8.1"})));  // a /31 has no broadcast (RFC 3021)
}

TEST(Icmp, P33_quotes_a_small_packet_unchanged_and_without_padding) {
  const auto original = udp_packet({.ttl = 1}, 40);
  auto padded = original;
  padded.resize(original.size() + 6, 0xee);
  const auto error = build_icmp_error(padded, {icmp::time_exceeded, 0, 0}, ip("10.1.1.1"), 77);
  ASSERT_EQ(error.size(), 28 + original.size());
  EXPECT_EQ(ByteVector(error.begin() + 28, error.end()), original);
}

TEST(Icmp, P33_error_is_576_bytes_at_most) {
  const auto original = udp_packet({}, 1480);
  const auto error = build_icmp_error(original, {icmp::unreachable, 1, 0}, ip("10.1.1.1"), 77);
  ASSERT_EQ(error.size(), 576u);
  EXPECT_EQ(test::get16(error, 2), 576u);
  EXPECT_TRUE(std::equal(error.begin() + 28, error.end(), original.begin()));
}

TEST(Icmp, P33_error_header_is_as_RFC_1812_wants_it) {
  const auto error = build_icmp_error(udp_packet({.source = "10.1.1.5"}), {icmp::unreachable, 1, 0},
                                      ip("10.1.1.1"), 0x4242);
  EXPECT_EQ(error[0], 0x45);
  EXPECT_EQ(error[1], 0xc0);  // precedence 6
  EXPECT_EQ(test::get16(error, 4), 0x4242u);
  EXPECT_EQ(test::get16(error, 6), 0u);
  EXPECT_EQ(error[8], 64);
  EXPECT_EQ(error[9], 1);
  EXPECT_EQ(test::get32(error, 12), ip("10.1.1.1"));
  EXPECT_EQ(test::get32(error, 16), ip("10.1.1.5"));
  EXPECT_EQ(error[20], 3);
  EXPECT_EQ(error[21], 1);
  EXPECT_EQ(test::get32(error, 24), 0u);
  EXPECT_TRUE(test::checksum_right(error, 0, 20));
  EXPECT_TRUE(test::checksum_right(error, 20, error.size()));
}

TEST(Icmp, P33_odd_quotes_have_right_checksums) {
  const auto error = build_icmp_error(udp_packet({}, 9), {icmp::unreachable, 3, 0}, 1, 1);
  ASSERT_EQ(error.size() % 2, 1u);
  EXPECT_TRUE(test::checksum_right(error, 20, error.size()));
}

TEST(Icmp, P22_fragmentation_needed_names_the_mtu_and_never_zero) {
  const auto with_df = udp_packet({.dont_fragment = true});
  const auto error = icmp_error_for(DropReason::mtu_exceeded, with_df, 1400);
  ASSERT_TRUE(error);
  const IcmpError expected{3, 4, 1400};
  EXPECT_EQ(*error, expected);
  EXPECT_EQ(test::get32(build_icmp_error(with_df, *error, 1, 1), 24), 1400u);
  EXPECT_FALSE(icmp_error_for(DropReason::mtu_exceeded, with_df, 0));
  EXPECT_FALSE(icmp_error_for(DropReason::mtu_exceeded, udp_packet(), 1400));
}

TEST(Icmp, each_reason_has_its_type_and_code) {
  const auto pair = [](DropReason reason, const ByteVector& packet) {
    const auto error = icmp_error_for(reason, packet, 0).value();
    return std::pair<int, int>{error.type, error.code};
  };
  using Pair = std::pair<int, int>;
  EXPECT_EQ(pair(DropReason::ttl_expired, udp_packet()), Pair(11, 0));
  EXPECT_EQ(pair(DropReason::no_route, udp_packet()), Pair(3, 0));
  EXPECT_EQ(pair(DropReason::neighbour_unreachable, udp_packet()), Pair(3, 1));
  EXPECT_EQ(pair(DropReason::port_unreachable, udp_packet()), Pair(3, 3));
  EXPECT_EQ(pair(DropReason::port_unreachable, ipv4_packet({.protocol = 6}, ByteVector(20))),
            Pair(3, 3));
  EXPECT_EQ(pair(DropReason::port_unreachable, ipv4_packet({.protocol = 47}, ByteVector(8))),
            Pair(3, 2));
}

TEST(Icmp, P19_a_blackhole_is_silent) {
  EXPECT_FALSE(icmp_error_for(DropReason::blackhole, udp_packet(), 0));
  EXPECT_FALSE(icmp_error_for(DropReason::source_spoofed, udp_packet(), 0));
}

TEST(Icmp, P36_echo_reply_keeps_what_was_sent) {
  const ByteVector payload = {1, 2, 3, 4, 5};
  const auto request =
      icmp_packet({.source = "10.1.1.5", .destination = "10.1.1.1", .ttl = 3, .tos = 0x48}, 8, 0,
                  0xbeef0007, payload);
  auto padded = request;
  padded.resize(60);
  const auto reply = build_echo_reply(padded, 99);
  const auto expected = icmp_packet({.source = "10.1.1.1", .destination = "10.1.1.5", .tos = 0x48},
                                    0, 0, 0xbeef0007, payload);
  EXPECT_EQ(ByteVector(reply.begin() + 20, reply.end()),
            ByteVector(expected.begin() + 20, expected.end()));
  EXPECT_EQ(reply[1], 0x48);
  EXPECT_EQ(reply[8], 64);
  EXPECT_EQ(test::get32(reply, 12), ip("10.1.1.1"));
  EXPECT_EQ(test::get32(reply, 16), ip("10.1.1.5"));
  EXPECT_TRUE(test::checksum_right(reply, 0, 20));
}

TEST(Icmp, P36_echo_request_with_options_is_answered_without) {
  const auto request = icmp_packet({.options = {1, 1, 1, 0}}, 8, 0, 0x00010002, {9, 9});
  const auto reply = build_echo_reply(request, 1);
  ASSERT_EQ(reply.size(), 30u);
  EXPECT_EQ(reply[0], 0x45);
  EXPECT_TRUE(test::checksum_right(reply, 20, reply.size()));
}

TEST(Icmp, parse_refuses_bad_checksums_fragments_and_short_messages) {
  auto packet = icmp_packet({}, 8, 0, 1, {1, 2, 3});
  EXPECT_TRUE(parse_icmp(packet));
  packet.back() ^= 1;
  EXPECT_FALSE(parse_icmp(packet));
  EXPECT_FALSE(parse_icmp(icmp_packet({.more_fragments = true}, 8)));
  EXPECT_FALSE(parse_icmp(ipv4_packet({.protocol = 1}, ByteVector(7))));
  EXPECT_FALSE(parse_icmp(udp_packet()));
}

TEST(Icmp, quoted_echo_request_is_found_in_eight_bytes_of_quote) {
  auto quote = icmp_packet({.source = "10.1.1.1", .destination = "10.2.1.9"}, 8, 0, 0x00050006,
                           ByteVector(40));
  quote.resize(28);
  const auto echo = quoted_echo_request(quote);
  ASSERT_TRUE(echo);
  EXPECT_EQ(echo->source, addr("10.1.1.1"));
  EXPECT_EQ(echo->destination, addr("10.2.1.9"));
  EXPECT_EQ(echo->ident, 5);
  EXPECT_EQ(echo->sequence, 6);
  quote.resize(27);
  EXPECT_FALSE(quoted_echo_request(quote));
  EXPECT_FALSE(quoted_echo_request({}));
}

TEST(Icmp, echo_request_is_whole) {
  const auto request = build_echo_request({addr("10.1.1.1"), addr("10.1.1.5"), 7, 1}, 56, 3);
  ASSERT_EQ(request.size(), 84u);
  EXPECT_EQ(request[8], 64);
  EXPECT_TRUE(test::checksum_right(request, 0, 20));
  EXPECT_TRUE(test::checksum_right(request, 20, request.size()));
  const auto message = parse_icmp(request);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->type, 8);
  EXPECT_EQ(message->ident, 7);
}

TEST(Ipv4, P01_P04_P05_P06_headers_that_lie_are_refused) {
  const auto good = udp_packet();
  ASSERT_TRUE(parse_ipv4_packet(good));
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    EXPECT_FALSE(parse_ipv4_packet(Bytes(good).first(cut))) << cut;
  }
  auto bad = good;
  bad[0] = 0x65;
  EXPECT_FALSE(parse_ipv4_packet(bad));
  bad[0] = 0x44;
  EXPECT_FALSE(parse_ipv4_packet(bad));
  bad[0] = 0x4f;
  EXPECT_FALSE(parse_ipv4_packet(bad));
  bad = good;
  test::put16(bad, 2, 19);
  EXPECT_FALSE(parse_ipv4_packet(bad));
}

TEST(Ipv4, sources_prefer_the_link_of_the_other_side) {
  using dataplane::MappedAddress;
  const SlowPathVpc two{
      .addresses = {interface_address("10.1.1.1", 24), interface_address("10.1.2.1", 24)}};
  EXPECT_EQ(source_towards(two, MappedAddress::v4(ip("10.1.2.7"))),
            MappedAddress::v4(ip("10.1.2.1")));
  EXPECT_EQ(source_towards(two, MappedAddress::v4(ip("10.9.9.9"))),
            MappedAddress::v4(ip("10.1.1.1")));
  EXPECT_FALSE(source_towards({}, MappedAddress::v4(ip("10.9.9.9"))));
}

}  // namespace
}  // namespace bgw::control
