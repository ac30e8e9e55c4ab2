// What neighbours say is handed to the control thread by what it is worth (P60), and what many VPCs
// hand over together leaves each its share.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "tests/packet/lab.h"

namespace bgw::packet_test {
namespace {

using dataplane::mac_bits;

constexpr Mac loud{{2, 0xaa, 0, 0, 0, 1}};
constexpr Mac quiet{{2, 0xbb, 0, 0, 0, 1}};

Bytes arp_reply(const Mac& sender, const std::string& sender_ip, const std::string& target_ip) {
  Bytes frame = arp_request(sender, sender_ip, target_ip);
  frame[21] = 2;
  return frame;
}

// A neighbour message: `target` is asked for, or advertised.
Bytes neighbour(std::uint8_t type, const Mac& sender, const std::string& source,
                const std::string& target) {
  Bytes message(24);
  message[0] = type;
  const Bytes addresses = ipv6({.source = target, .payload = {}});
  std::copy_n(addresses.begin() + 8, 16, message.begin() + 8);
  return ethernet(Mac{{0x33, 0x33, 0xff, 0, 0, 1}}, sender, 0x86dd,
                  ipv6({.source = source,
                        .destination = "ff02::1:ff00:1",
                        .next_header = 58,
                        .hop_limit = 255,
                        .payload = message}));
}

// The same in both families.
struct Family {
  std::string name;
  PuntClass ordinary;
  std::string gateway, host, other;
  Bytes ask(const Mac& sender, const std::string& from) const {
    return ordinary == PuntClass::arp ? arp_request(sender, from, gateway)
                                      : neighbour(135, sender, from, gateway);
  }
  Bytes answer(const Mac& sender, const std::string& from) const {
    return ordinary == PuntClass::arp ? arp_reply(sender, from, gateway)
                                      : neighbour(136, sender, from, from);
  }
};

class Lanes : public testing::TestWithParam<Family> {
 protected:
  void flood(const Bytes& frame, int frames = 4096) {
    for (int sent = 0; sent < frames; sent += 64) {
      for (const auto& punted : lab.receive(lab.a, std::vector<Bytes>(64, frame)).punted) {
        ++by_class[static_cast<std::size_t>(punted.note.punt)];
      }
    }
  }
  void expect_by(PuntClass lane, const Bytes& frame) {
    const Outcome outcome = lab.receive(lab.a, frame);
    ASSERT_EQ(outcome.punted.size(), 1u);
    EXPECT_EQ(outcome.punted[0].note.punt, lane);
    EXPECT_EQ(outcome.punted[0].data, frame);
  }
  std::size_t count(PuntClass punt) const { return by_class[static_cast<std::size_t>(punt)]; }

  TwoVpcs lab;
  const Family& family = GetParam();
  std::array<std::size_t, punt_class_count> by_class{};
};

INSTANTIATE_TEST_SUITE_P(Families, Lanes,
                         testing::Values(Family{"arp", PuntClass::arp, "10.1.0.1", "10.1.0.50",
                                                "10.1.0.51"},
                                         Family{"nd", PuntClass::nd, "2001:db8:1::1",
                                                "2001:db8:1::50", "2001:db8:1::51"}),
                         [](const auto& of) { return of.param.name; });

TEST_P(Lanes, P60_an_awaited_answer_passes_whatever_others_ask) {
  lab.neighbours.set_awaited(lab.a, any_ip(family.host), true);
  flood(family.ask(loud, family.other));
  EXPECT_GT(lab.drops(lab.a, DropReason::punt_policed), 0u);
  EXPECT_EQ(count(PuntClass::answer), 0u);
  expect_by(PuntClass::answer, family.answer(quiet, family.host));
  lab.neighbours.set_awaited(lab.a, any_ip(family.host), false);
  lab.expect_counters_add_up();
}

TEST_P(Lanes, P60_an_awaited_answer_passes_whatever_others_answer) {
  lab.neighbours.set_awaited(lab.a, any_ip(family.host), true);
  flood(family.answer(loud, family.other));
  EXPECT_EQ(count(PuntClass::answer), 0u) << "nobody asked";
  expect_by(PuntClass::answer, family.answer(quiet, family.host));
  lab.neighbours.set_awaited(lab.a, any_ip(family.host), false);
  for (const auto& late : lab.receive(lab.a, family.answer(quiet, family.host)).punted) {
    EXPECT_EQ(late.note.punt, family.ordinary) << "by a token that came meanwhile, at most";
  }
  lab.expect_counters_add_up();
}

TEST_P(Lanes, P60_an_answer_is_awaited_in_its_own_vpc_alone) {
  lab.neighbours.set_awaited(lab.b, any_ip(family.host), true);
  expect_by(family.ordinary, family.answer(quiet, family.host));
}

TEST_P(Lanes, P60_who_has_answered_before_is_heard_whatever_strangers_say) {
  lab.neighbours.set_answered(lab.a, any_ip(family.host), mac_bits(quiet), true);
  flood(family.ask(loud, family.other));
  for (int i = 0; i < 3; ++i) expect_by(PuntClass::known, family.ask(quiet, family.host));
  for (const auto& forged : lab.receive(lab.a, family.ask(loud, family.host)).punted) {
    EXPECT_EQ(forged.note.punt, family.ordinary) << "another MAC";
  }
}

TEST_P(Lanes, P60_who_has_answered_before_and_floods_is_one_of_many) {
  lab.neighbours.set_answered(lab.a, any_ip(family.host), mac_bits(quiet), true);
  lab.neighbours.set_answered(lab.a, any_ip(family.other), mac_bits(loud), true);
  const auto start = std::chrono::steady_clock::now();
  flood(family.ask(loud, family.other));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  EXPECT_LE(static_cast<double>(count(PuntClass::known)), 20 + 10 * took.count() + 1);
  expect_by(PuntClass::known, family.ask(quiet, family.host));
}

TEST(PuntLanes, a_cut_advertisement_goes_the_ordinary_way) {
  TwoVpcs lab;
  const std::string host = "2001:db8:1::50";
  Bytes cut = neighbour(136, quiet, host, host);
  cut.resize(14 + 40 + 8);
  cut[14 + 5] = 8;
  lab.neighbours.set_awaited(lab.a, any_ip(host), true);
  const Outcome outcome = lab.receive(lab.a, cut);
  ASSERT_EQ(outcome.punted.size(), 1u);
  EXPECT_EQ(outcome.punted[0].note.punt, PuntClass::nd);
}

TEST_P(Lanes, O1_many_vpcs_that_flood_leave_each_its_share) {
  const bool v4 = family.ordinary == PuntClass::arp;
  std::vector<VpcIndex> loud_vpcs;
  for (int n = 3; n < 23; ++n)
    loud_vpcs.push_back(
        lab.add_vpc(fmt::format("10.{}.0.1/16", n), 1500, fmt::format("2001:db8:{:x}::1/48", n)));
  lab.publish();
  const Bytes ask = v4 ? arp_request(loud, "10.99.0.9", "10.99.0.1")
                       : neighbour(135, loud, "2001:db8:99::9", "2001:db8:99::1");
  const auto start = std::chrono::steady_clock::now();
  std::size_t together = 0;
  for (int round = 0; round < 40; ++round) {
    for (const VpcIndex vpc : loud_vpcs) {
      together += lab.receive(vpc, std::vector<Bytes>(64, ask)).punted.size();
    }
  }
  // Each VPC's sure part, and what all get beyond it, for as long as that took.
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const double bursts = 20 * 64 + 10 * 512;
  const double rate = 20 * 100 + 10 * 1000;
  EXPECT_LE(static_cast<double>(together), bursts + rate * took.count() + 64);
  std::size_t ours = 0;
  for (int host = 0; host < 60; ++host) {
    ours += lab.receive(lab.a, family.ask(quiet, family.host)).punted.size();
  }
  EXPECT_EQ(ours, 60u);
  lab.expect_counters_add_up();
}

}  // namespace
}  // namespace bgw::packet_test
