// Packets to the gateway, ICMP errors and pings through SlowPath::poll().
#include <numeric>

#include "slow_path_fixture.h"

namespace bgw::test {
namespace {

ByteVector echo_request(const std::string& source, const std::string& destination,
                        std::size_t payload = 56) {
  return icmp_packet({.source = source, .destination = destination}, 8, 0, 0x12340001,
                     ByteVector(payload, 0x5a));
}

TEST_F(SlowPathTest, P36_echo_to_our_address_is_answered) {
  punt_local(vpc_a, vpc_a, echo_request("10.1.1.5", "10.1.1.1"));
  ASSERT_EQ(io->injected.size(), 1u);
  const auto& [reply, note] = io->injected[0];
  EXPECT_EQ(note.inject, InjectKind::originate);
  EXPECT_EQ(note.vpc, vpc_a);
  EXPECT_EQ(icmp_type(reply), 0u);
  EXPECT_EQ(source_of(reply), ip("10.1.1.1"));
  EXPECT_EQ(destination_of(reply), ip("10.1.1.5"));
  EXPECT_EQ(get32(reply, 24), 0x12340001u);
  EXPECT_EQ(ByteVector(reply.begin() + 28, reply.end()), ByteVector(56, 0x5a));
  EXPECT_TRUE(checksum_right(reply, 20, reply.size()));
  EXPECT_EQ(slow->counters(vpc_a).consumed, 1u);
}

TEST_F(SlowPathTest, P36_echo_to_our_address_in_another_vpc_is_answered_from_there) {
  punt_local(vpc_a, vpc_b, echo_request("10.1.1.5", "10.2.1.1"));
  ASSERT_EQ(io->injected.size(), 1u);
  EXPECT_EQ(io->injected[0].note.vpc, vpc_b);
  EXPECT_EQ(source_of(io->injected[0].bytes), ip("10.2.1.1"));
}

TEST_F(SlowPathTest, P36_a_bad_icmp_checksum_is_not_answered) {
  auto request = echo_request("10.1.1.5", "10.1.1.1");
  request.back() ^= 1;
  punt_local(vpc_a, vpc_a, request);
  EXPECT_TRUE(io->injected.empty());
  EXPECT_EQ(drops(vpc_a, DropReason::icmp_malformed), 1u);
}

TEST_F(SlowPathTest, fragments_to_us_wait_and_are_given_up_in_time) {
  punt_local(vpc_a, vpc_a, icmp_packet({.destination = "10.1.1.1", .more_fragments = true}, 8));
  punt_local(vpc_a, vpc_a, udp_packet({.destination = "10.1.1.1", .offset_units = 100}));
  EXPECT_TRUE(io->injected.empty());
  EXPECT_EQ(slow->counters(vpc_a).held, 2u);
  after(61s);
  EXPECT_EQ(drops(vpc_a, DropReason::reassembly_failed), 2u);
  EXPECT_EQ(slow->counters(vpc_a).held, 0u);
}

TEST_F(SlowPathTest, an_address_that_is_ours_no_longer_is_no_route) {
  punt_local(vpc_a, vpc_a, echo_request("10.1.1.5", "10.1.1.77"));
  EXPECT_TRUE(io->injected.empty());
  EXPECT_EQ(drops(vpc_a, DropReason::no_route), 1u);
}

TEST_F(SlowPathTest, ports_and_protocols_that_we_do_not_serve_are_told) {
  punt_local(vpc_a, vpc_a, udp_packet({.source = "10.1.1.5", .destination = "10.1.2.1"}));
  punt_local(vpc_a, vpc_a,
             ipv4_packet({.source = "10.1.1.5", .destination = "10.1.2.1", .protocol = 47},
                         ByteVector(8)));
  ASSERT_EQ(io->injected.size(), 2u);
  EXPECT_EQ(icmp_code(io->injected[0].bytes), 3u);
  EXPECT_EQ(icmp_code(io->injected[1].bytes), 2u);
  EXPECT_EQ(source_of(io->injected[0].bytes), ip("10.1.2.1"));
  EXPECT_EQ(drops(vpc_a, DropReason::port_unreachable), 2u);
}

TEST_F(SlowPathTest, P34_errors_come_from_an_address_of_the_senders_vpc) {
  punt_local(vpc_a, vpc_b, udp_packet({.source = "10.1.2.5", .destination = "10.2.1.1"}));
  punt_error(DropReason::ttl_expired, udp_packet({.source = "10.1.2.5"}));
  punt_error(DropReason::ttl_expired, udp_packet({.source = "172.16.0.5"}));
  ASSERT_EQ(io->injected.size(), 3u);
  EXPECT_EQ(source_of(io->injected[0].bytes), ip("10.1.2.1"));
  EXPECT_EQ(source_of(io->injected[1].bytes), ip("10.1.2.1"));
  EXPECT_EQ(source_of(io->injected[2].bytes), ip("10.1.1.1"));
  for (const auto& i : io->injected) EXPECT_EQ(i.note.vpc, vpc_a);
}

TEST_F(SlowPathTest, P13_P18_P22_errors_have_their_types) {
  punt_error(DropReason::ttl_expired, udp_packet());
  punt_error(DropReason::no_route, udp_packet());
  punt_error(DropReason::mtu_exceeded, udp_packet({.dont_fragment = true}), 1400);
  ASSERT_EQ(io->injected.size(), 3u);
  EXPECT_EQ(get16(io->injected[0].bytes, 20), 0x0b00u);
  EXPECT_EQ(get16(io->injected[1].bytes, 20), 0x0300u);
  EXPECT_EQ(get16(io->injected[2].bytes, 20), 0x0304u);
  EXPECT_EQ(get32(io->injected[2].bytes, 24), 1400u);
  EXPECT_EQ(slow->counters(vpc_a).icmp_sent, 3u);
}

TEST_F(SlowPathTest, packets_punted_for_an_error_are_not_counted_a_second_time) {
  punt_error(DropReason::ttl_expired, udp_packet());
  const auto counters = slow->counters(vpc_a);
  EXPECT_EQ(counters.consumed, 0u);
  EXPECT_EQ(std::accumulate(counters.drops.begin(), counters.drops.end(), std::uint64_t{0}), 0u);
}

TEST_F(SlowPathTest, P23_too_big_without_df_is_not_answered) {
  punt_error(DropReason::mtu_exceeded, udp_packet(), 1400);
  EXPECT_TRUE(io->injected.empty());
}

TEST_F(SlowPathTest, P28_P29_P30_P31_P32_are_checked_again) {
  punt_error(DropReason::ttl_expired, icmp_packet({}, 11));
  punt_error(DropReason::ttl_expired, udp_packet({.offset_units = 9}));
  punt_error(DropReason::ttl_expired, udp_packet({.destination = "224.0.0.1"}));
  punt_error(DropReason::ttl_expired, udp_packet(), 0, dataplane::Mac::broadcast());
  punt_error(DropReason::ttl_expired, udp_packet({.source = "10.1.1.255"}));
  EXPECT_TRUE(io->injected.empty());
  EXPECT_EQ(slow->counters(vpc_a).icmp_suppressed, 5u);
}

TEST_F(SlowPathTest, P35_errors_are_rate_limited_per_vpc_and_the_excess_counted) {
  const auto error_from = [&](VpcIndex vpc, const std::string& source) {
    queue(PuntClass::icmp_error, ethernet(udp_packet({.source = source})),
          {.reason = DropReason::ttl_expired, .in_vpc = vpc, .vpc = vpc, .ip_offset = 14});
  };
  for (int i = 0; i < 200; ++i) error_from(vpc_a, "10.1.1.5");
  error_from(vpc_b, "10.2.1.5");
  poll();
  EXPECT_EQ(slow->counters(vpc_a).icmp_sent, 50u);
  EXPECT_EQ(slow->counters(vpc_a).icmp_suppressed, 150u);
  EXPECT_EQ(slow->counters(vpc_b).icmp_sent, 1u);
  now += 10ms;
  for (int i = 0; i < 100; ++i) error_from(vpc_a, "10.1.1.5");
  poll();
  EXPECT_EQ(slow->counters(vpc_a).icmp_sent, 60u);
}

TEST_F(SlowPathTest, hostile_lengths_and_offsets_are_harmless) {
  const auto frame = ethernet(echo_request("10.1.1.5", "10.1.1.1"));
  for (std::size_t cut = 0; cut < frame.size(); ++cut) {
    const ByteVector part(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(cut));
    queue(PuntClass::local, part, {.in_vpc = vpc_a, .vpc = vpc_a, .ip_offset = 14});
    queue(PuntClass::icmp_error, part,
          {.reason = DropReason::no_route, .in_vpc = vpc_a, .vpc = vpc_a, .ip_offset = 14});
    poll();
  }
  EXPECT_TRUE(io->injected.empty());
  EXPECT_EQ(drops(vpc_a, DropReason::icmp_malformed), frame.size());
}

class PingTest : public SlowPathTest {
 protected:
  void ping(const std::string& destination, std::chrono::milliseconds timeout = 1s,
            VpcIndex vpc = vpc_b) {
    const auto started =
        slow->ping(vpc, config::IpAddress::parse(destination).value(), 56, timeout,
                   [this](const control::PingReply& reply) { replies.push_back(reply); });
    ASSERT_TRUE(started) << started.error();
    poll();
  }
  std::string refusal(VpcIndex vpc, const std::string& destination, std::size_t payload = 56,
                      std::chrono::milliseconds timeout = 1s) {
    const auto started = slow->ping(vpc, config::IpAddress::parse(destination).value(), payload,
                                    timeout, [](const control::PingReply&) { FAIL(); });
    return started ? "" : started.error();
  }
  ByteVector request() const { return injected(InjectKind::originate).at(0).bytes; }
  // What the destination sends back.
  ByteVector reply_to(const ByteVector& sent) const {
    return icmp_packet(
        {.source = text(destination_of(sent)), .destination = text(source_of(sent)), .ttl = 61}, 0,
        0, get32(sent, 24), ByteVector(sent.begin() + 28, sent.end()));
  }
  static std::string text(std::uint32_t address) {
    return config::IpAddress::v4(address).to_string();
  }

  std::vector<control::PingReply> replies;
};

TEST_F(PingTest, sends_an_echo_request_from_our_address_and_reports_the_reply) {
  ping("10.2.1.9");
  const auto sent = request();
  EXPECT_EQ(icmp_type(sent), 8u);
  EXPECT_EQ(source_of(sent), ip("10.2.1.1"));
  EXPECT_EQ(sent.size(), 84u);
  EXPECT_EQ(io->injected[0].note.vpc, vpc_b);
  now += 3ms;
  punt_local(vpc_b, vpc_b, reply_to(sent));
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_TRUE(replies[0].answered);
  EXPECT_EQ(replies[0].detail, "reply");
  EXPECT_EQ(replies[0].ttl, 61);
  EXPECT_EQ(replies[0].rtt, 3ms);
  punt_local(vpc_b, vpc_b, reply_to(sent));
  after(5s);
  EXPECT_EQ(replies.size(), 1u);
}

TEST_F(PingTest, replies_that_are_not_to_it_do_not_complete_it) {
  ping("10.2.1.9");
  const auto sent = request();
  auto other_ident = sent;
  put32(other_ident, 24, get32(sent, 24) ^ 0x10000);
  punt_local(vpc_b, vpc_b, reply_to(other_ident));
  auto other_host = sent;
  put32(other_host, 16, ip("10.2.1.8"));
  punt_local(vpc_b, vpc_b, reply_to(other_host));
  EXPECT_TRUE(replies.empty());
}

TEST_F(PingTest, times_out_once) {
  ping("10.2.1.9", 500ms);
  after(499ms);
  EXPECT_TRUE(replies.empty());
  after(1ms);
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_FALSE(replies[0].answered);
  EXPECT_EQ(replies[0].detail, "timeout");
  punt_local(vpc_b, vpc_b, reply_to(request()));
  EXPECT_EQ(replies.size(), 1u);
}

TEST_F(PingTest, P20_reports_a_neighbour_that_does_not_answer) {
  ping("10.2.1.9", 10s);
  queue(PuntClass::glean, request(),
        {.in_vpc = vpc_b, .vpc = vpc_b, .address = addr("10.2.1.9"), .ip_offset = 0});
  poll();
  io->injected.clear();
  for (int i = 0; i < 3; ++i) after(1s);
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].detail, "destination host unreachable");
  EXPECT_TRUE(injected(InjectKind::originate).empty());
}

TEST_F(PingTest, reports_an_error_that_quotes_it) {
  ping("10.9.1.9");
  auto quote = request();
  quote.resize(28);
  punt_local(vpc_b, vpc_b,
             icmp_packet({.source = "10.2.1.7", .destination = "10.2.1.1"}, 11, 0, 0, quote));
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].detail, "time to live exceeded");
}

TEST_F(PingTest, ends_when_its_vpc_goes) {
  ping("10.2.1.9");
  configure({config_a()});
  EXPECT_TRUE(replies.empty());
  poll();
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].detail, "the VPC was removed");
}

TEST_F(PingTest, reports_that_nothing_could_be_sent) {
  io->room = 0;
  ping("10.2.1.9");
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_FALSE(replies[0].answered);
}

TEST_F(PingTest, its_callback_may_ping_again) {
  int calls = 0;
  std::function<void(control::PingReply)> again = [&](const control::PingReply&) {
    if (++calls < 3) {
      ASSERT_TRUE(slow->ping(vpc_b, config::IpAddress::parse("10.2.1.9").value(), 8, 1s, again));
    }
  };
  again({});
  for (int i = 0; i < 6; ++i) after(1s);
  EXPECT_EQ(calls, 3);
}

TEST_F(PingTest, says_why_it_refuses) {
  EXPECT_NE(refusal(VpcIndex{77}, "10.2.1.9").find("no such VPC"), std::string::npos);
  EXPECT_NE(refusal(vpc_b, "2001:db8::1").find("no IPv6 address"), std::string::npos);
  EXPECT_NE(refusal(vpc_b, "224.0.0.1").find("not a unicast"), std::string::npos);
  EXPECT_NE(refusal(vpc_b, "10.2.1.9", 65508).find("at most 65507"), std::string::npos);
  EXPECT_NE(refusal(vpc_b, "10.2.1.9", 56, 0ms).find("timeout"), std::string::npos);
  auto b = config_b();
  b.addresses.clear();
  configure({config_a(), b});
  EXPECT_NE(refusal(vpc_b, "10.2.1.9").find("no IPv4 address"), std::string::npos);
  b.enabled = false;
  configure({config_a(), b});
  EXPECT_NE(refusal(vpc_b, "10.2.1.9").find("is down"), std::string::npos);
}

TEST_F(PingTest, pings_under_way_are_bounded) {
  const auto destination = config::IpAddress::parse("10.2.1.9").value();
  int done = 0;
  const auto count = [&](const control::PingReply&) { ++done; };
  for (int i = 0; i < 256; ++i) ASSERT_TRUE(slow->ping(vpc_b, destination, 8, 1s, count));
  EXPECT_FALSE(slow->ping(vpc_b, destination, 8, 1s, count));
  poll();
  after(1s);
  EXPECT_EQ(done, 256);
}

}  // namespace
}  // namespace bgw::test
