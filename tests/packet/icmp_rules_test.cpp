// P28–P32, P35: when a drop is answered with an ICMP error, and when not.
#include <gtest/gtest.h>

#include "tests/packet/lab.h"

namespace bgw::packet_test {
namespace {

// Each of these expires in transit, which would be answered but for a rule.
struct Unanswered {
  const char* name;
  Ipv4 packet;
};
class NoErrorAbout : public testing::TestWithParam<Unanswered> {};

TEST_P(NoErrorAbout, is_dropped_in_silence) {
  TwoVpcs lab;
  Ipv4 packet = GetParam().packet;
  packet.ttl = 1;
  expect_expires_in_silence(lab, lab.from_a(packet));
}
INSTANTIATE_TEST_SUITE_P(
    Packets, NoErrorAbout,
    testing::Values(Unanswered{"P28_destination_unreachable", {.protocol = 1, .payload = icmp(3)}},
                    Unanswered{"P28_source_quench", {.protocol = 1, .payload = icmp(4)}},
                    Unanswered{"P28_redirect", {.protocol = 1, .payload = icmp(5)}},
                    Unanswered{"P28_time_exceeded", {.protocol = 1, .payload = icmp(11)}},
                    Unanswered{"P28_parameter_problem", {.protocol = 1, .payload = icmp(12)}},
                    Unanswered{"P28_unknown_type", {.protocol = 1, .payload = icmp(200)}},
                    Unanswered{"P28_icmp_without_a_type", {.protocol = 1, .payload = {}}},
                    Unanswered{"P29_non_first_fragment", {.flags_fragment = 20}},
                    Unanswered{"P29_last_fragment_of_many", {.flags_fragment = 0x1ff0}}),
    [](const auto& given) { return given.param.name; });

struct Answered {
  const char* name;
  Ipv4 packet;
};
class ErrorAbout : public testing::TestWithParam<Answered> {};

TEST_P(ErrorAbout, is_answered) {
  TwoVpcs lab;
  Ipv4 packet = GetParam().packet;
  packet.ttl = 1;
  const Outcome outcome = lab.receive(lab.a, lab.from_a(packet));
  ASSERT_EQ(outcome.punted.size(), 1u);
  EXPECT_EQ(outcome.punted[0].note.punt, PuntClass::icmp_error);
  EXPECT_EQ(lab.counters(lab.a).icmp_suppressed, 0u);
}
INSTANTIATE_TEST_SUITE_P(
    Packets, ErrorAbout,
    testing::Values(Answered{"P28_echo_request", {.protocol = 1, .payload = icmp_echo(1)}},
                    Answered{"P28_echo_reply", {.protocol = 1, .payload = icmp_echo(1, 1, 0)}},
                    Answered{"P28_timestamp_request", {.protocol = 1, .payload = icmp(13)}},
                    Answered{"P29_first_fragment", {.flags_fragment = more_fragments}},
                    Answered{"P28_tcp", {.protocol = 6, .payload = ports(1, 2)}}),
    [](const auto& given) { return given.param.name; });

// As F1 lets no such source through, whatever would become of its packet.
TEST(IcmpRules, P32_P51_sources_that_no_host_has_are_never_answered) {
  for (const char* source : {"10.1.0.1", "10.1.0.0", "10.1.255.255"}) {
    for (const char* destination : {"10.2.0.20", "10.9.0.1", "10.1.0.1"}) {
      TwoVpcs lab;
      const Outcome outcome =
          lab.receive(lab.a, lab.from_a({.source = source, .destination = destination, .ttl = 1}));
      const bool own = source == std::string("10.1.0.1");
      expect_dropped(lab, lab.a, outcome,
                     own ? DropReason::source_own : DropReason::source_no_host);
      EXPECT_TRUE(outcome.punted.empty());
    }
  }
}

// P30 and P31 hold because such packets are dropped for reasons that are never answered.
TEST(IcmpRules, P30_P31_broadcast_and_multicast_are_never_answered) {
  TwoVpcs lab;
  const auto in_broadcast = [&](const char* destination) {
    return ethernet(Mac::broadcast(), lab.host_a, 0x0800,
                    ipv4({.destination = destination, .ttl = 1}));
  };
  for (const Bytes& frame : {lab.from_a({.destination = "10.1.255.255", .ttl = 1}),
                             lab.from_a({.destination = "10.2.255.255", .ttl = 1}),
                             lab.from_a({.destination = "255.255.255.255", .ttl = 1}),
                             lab.from_a({.destination = "224.0.0.1", .ttl = 1}),
                             in_broadcast("10.2.0.20"), in_broadcast("192.0.2.1")}) {
    const Outcome outcome = lab.receive(lab.a, frame);
    EXPECT_TRUE(outcome.sent.empty());
    EXPECT_TRUE(outcome.punted.empty());
  }
  EXPECT_EQ(lab.counters(lab.a).total_drops(), 6u);
  EXPECT_EQ(lab.drops(lab.a, DropReason::ttl_expired) + lab.drops(lab.a, DropReason::no_route), 0u);
}

// A burst of 50 passes; the rate is so low that the next tokens come a millisecond later.
TEST(IcmpRules, P35_errors_are_rate_limited_per_vpc) {
  TwoVpcs lab;
  std::size_t answered = 0;
  constexpr std::size_t packets = 640;
  for (std::size_t sent = 0; sent < packets; sent += 64)
    answered += lab.receive(lab.a, std::vector<Bytes>(64, lab.from_a({.ttl = 1}))).punted.size();
  EXPECT_GE(answered, 50u);
  EXPECT_LT(answered, packets / 2);
  EXPECT_EQ(lab.counters(lab.a).icmp_suppressed, packets - answered);
  EXPECT_EQ(lab.drops(lab.a, DropReason::ttl_expired), packets);
  // Another VPC has its own allowance.
  const Outcome other = lab.receive(
      lab.b, lab.frame(lab.b, {.source = "10.2.0.20", .destination = "10.1.0.10", .ttl = 1}));
  EXPECT_EQ(other.punted.size(), 1u);
  lab.expect_counters_add_up();
}

}  // namespace
}  // namespace bgw::packet_test
