// The gateway as a listener to the groups of its links, through SlowPath::poll().
#include <fmt/format.h>

#include "slow_path_mld.h"

namespace bgw::test {
namespace {

using Groups = std::set<std::string>;

constexpr unsigned is_exclude = 2, to_include = 3, to_exclude = 4;

// Of config6_a(): its link-local address, its two others and their anycast addresses, all routers.
const Groups groups_of_a = {"ff02::2", "ff02::1:ff00:0", "ff02::1:ff00:1", "ff02::1:ff00:fe"};

class MldTest : public SlowPath6Test {
 protected:
  // What was said in the VPC since this was last asked, in order.
  std::vector<MldReport> said(VpcIndex vpc = vpc_a) {
    std::vector<MldReport> found;
    std::erase_if(io->injected, [&](const Injected& one) {
      const auto report = one.note.vpc == vpc ? read_mld(one.bytes) : std::nullopt;
      if (report) found.push_back(*report);
      return report.has_value();
    });
    return found;
  }
  static Groups groups_in(const std::vector<MldReport>& reports, unsigned type, unsigned kind) {
    Groups groups;
    for (const auto& report : reports) {
      EXPECT_EQ(report.type, type);
      for (const auto& [found, group] : report.groups) {
        EXPECT_EQ(found, kind);
        groups.insert(group);
      }
    }
    return groups;
  }
  void query(const MldQueryFields& fields, VpcIndex vpc = vpc_a) {
    punt_nd(vpc, mld_query(fields));
  }
  void after_in_steps(std::chrono::milliseconds time, std::chrono::milliseconds step = 50ms) {
    for (auto done = 0ms; done < time; done += step) after(step);
  }
};

TEST_F(MldTest, P54_groups_are_reported_when_the_interface_comes_up_and_once_more) {
  start({});
  configure({config6_a(), config6_b()});
  poll();
  const auto first = said();
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].source, link_local_a);
  EXPECT_EQ(groups_in(first, 143, to_exclude), groups_of_a);
  after_in_steps(1s);
  EXPECT_EQ(groups_in(said(), 143, to_exclude), groups_of_a);
  after_in_steps(20s);
  EXPECT_TRUE(said().empty());
  EXPECT_EQ(slow->counters(vpc_a).mld_reports_sent, 2u);
}

TEST_F(MldTest, P54_no_ipv6_no_reports) {
  start({});
  configure({config_a()});
  after_in_steps(5s);
  EXPECT_TRUE(said().empty());
  query({});
  after_in_steps(5s);
  EXPECT_TRUE(said().empty());
}

TEST_F(MldTest, P54_addresses_that_come_and_go_are_told_and_nothing_else) {
  auto a = config6_a();
  a.addresses.push_back(interface_address("2001:db8:1:7::77", 64));
  configure({a, config6_b()});
  after_in_steps(2s);
  EXPECT_EQ(groups_in(said(), 143, to_exclude), Groups{"ff02::1:ff00:77"});
  configure({config6_a(), config6_b()});
  after_in_steps(2s);
  EXPECT_EQ(groups_in(said(), 143, to_include), Groups{"ff02::1:ff00:77"});
}

TEST_F(MldTest, P54_everything_is_told_again_when_the_interface_comes_back) {
  auto down = config6_a();
  down.enabled = false;
  configure({down, config6_b()});
  after_in_steps(2s);
  EXPECT_TRUE(said().empty());
  configure({config6_a(), config6_b()});
  poll();
  EXPECT_EQ(groups_in(said(), 143, to_exclude), groups_of_a);
}

TEST_F(MldTest, P54_a_general_query_is_answered_within_its_delay) {
  std::set<std::chrono::milliseconds> delays;
  for (int round = 0; round < 30; ++round) {
    query({.delay_code = 1000});
    auto waited = 0ms;
    std::vector<MldReport> answer = said();
    for (; answer.empty() && waited <= 1000ms; waited += 10ms) {
      after(10ms);
      answer = said();
    }
    EXPECT_LE(waited, 1010ms);
    EXPECT_EQ(groups_in(answer, 143, is_exclude), groups_of_a);
    delays.insert(waited);
    after_in_steps(2s);
    EXPECT_TRUE(said().empty()) << "it is answered once";
  }
  EXPECT_GT(delays.size(), 5u) << "and not by all listeners at the same time";
}

TEST_F(MldTest, P54_an_answer_that_is_due_serves_later_queries_too) {
  query({.delay_code = 1000});
  for (int n = 0; n < 20; ++n) query({.delay_code = 60'000 / 8});
  after_in_steps(1s);
  EXPECT_EQ(said().size(), 1u);
}

TEST_F(MldTest, P54_a_query_about_a_group_is_answered_for_it_alone) {
  query({.destination = "ff02::1:ff00:1", .group = "ff02::1:ff00:1"});
  query({.destination = "ff02::1:ff00:9", .group = "ff02::1:ff00:9"});
  query({.group = "ff02::2", .sources = {"2001:db8::1"}});
  after_in_steps(1s);
  EXPECT_EQ(groups_in(said(), 143, is_exclude), (Groups{"ff02::2", "ff02::1:ff00:1"}));
}

TEST_F(MldTest, P54_a_querier_of_version_1_hears_version_1) {
  query({.version = 1, .delay_code = 1000});
  after_in_steps(1s);
  const auto answers = said();
  EXPECT_EQ(answers.size(), groups_of_a.size());
  EXPECT_EQ(groups_in(answers, 131, 0), groups_of_a);

  auto a = config6_a();
  a.addresses.push_back(interface_address("2001:db8:1:7::77", 64));
  configure({a, config6_b()});
  after_in_steps(11s);
  const auto joined = said();
  EXPECT_EQ(joined.size(), 2u);
  EXPECT_EQ(groups_in(joined, 131, 0), Groups{"ff02::1:ff00:77"});
  configure({config6_a(), config6_b()});
  after_in_steps(11s);
  EXPECT_EQ(groups_in(said(), 132, 0), Groups{"ff02::1:ff00:77"});
}

// RFC 3810 §8.2.1, §9.12: 2 × 125 s and the last delay.
TEST_F(MldTest, P54_version_2_is_spoken_again_when_the_old_querier_is_gone) {
  query({.version = 1, .delay_code = 10'000});
  after_in_steps(100s, 1s);
  said();
  query({.delay_code = 1000});
  after_in_steps(2s);
  EXPECT_EQ(groups_in(said(), 131, 0), groups_of_a) << "it may still be there";
  after_in_steps(160s, 1s);
  query({.delay_code = 1000});
  after_in_steps(2s);
  EXPECT_EQ(groups_in(said(), 143, is_exclude), groups_of_a);
}

TEST_F(MldTest, P54_reports_are_repeated_as_often_as_the_querier_asks) {
  query({.delay_code = 0, .robustness = 4});
  after(1ms);
  said();
  auto a = config6_a();
  a.addresses.push_back(interface_address("2001:db8:1:7::77", 64));
  configure({a, config6_b()});
  after_in_steps(5s);
  EXPECT_EQ(said().size(), 4u);
}

TEST_F(MldTest, P54_what_is_no_query_is_dropped_and_not_answered) {
  query({.source = "2001:db8:1::5"});
  query({.hop_limit = 64});
  after_in_steps(2s);
  EXPECT_TRUE(said().empty());
  EXPECT_EQ(drops(vpc_a, DropReason::mld_malformed), 2u);
}

TEST_F(MldTest, P54_an_answer_waits_for_room_and_no_other_vpc_for_it) {
  io->full = {vpc_a};
  query({.delay_code = 0});
  query({.delay_code = 0}, vpc_b);
  after_in_steps(1s);
  EXPECT_TRUE(said().empty());
  EXPECT_FALSE(said(vpc_b).empty());
  io->full = {};
  after_in_steps(1s);
  EXPECT_EQ(groups_in(said(), 143, is_exclude), groups_of_a);
}

// Solicited-node groups of its addresses; it routes nothing there.
TEST_F(MldTest, P54_an_underlay_listens_as_a_host) {
  SlowPathVpc dc{.index = VpcIndex{7},
                 .name = "dc",
                 .mac = mac(0xfc),
                 .addresses = {interface_address("2001:db8:9::9", 64)},
                 .underlay = true};
  configure({config6_a(), config6_b(), dc});
  poll();
  EXPECT_EQ(groups_in(said(VpcIndex{7}), 143, to_exclude),
            (Groups{"ff02::1:ff00:9", "ff02::1:ff00:fc"}));
}

TEST_F(MldTest, P54_a_vxlan_vpc_tells_each_of_its_remotes) {
  auto a = config6_a();
  a.vxlan = true;
  a.flood = {dataplane::TunnelIndex{1}, dataplane::TunnelIndex{2}};
  SlowPathVpc dc{.index = VpcIndex{7},
                 .name = "dc",
                 .mac = mac(0xfc),
                 .addresses = {interface_address("192.0.2.1", 24)},
                 .underlay = true};
  configure({a, config6_b(), dc});
  settle();
  punt_nd(vpc_a, mld_query({}), mac(5), 2);
  after_in_steps(1s);
  std::set<std::uint16_t> tunnels;
  for (const auto& one : io->injected) {
    if (read_mld(one.bytes)) tunnels.insert(one.note.tunnel.value);
  }
  EXPECT_EQ(tunnels, (std::set<std::uint16_t>{1, 2}));
}

TEST_F(MldTest, P54_many_groups_take_several_reports) {
  auto a = config6_a();
  a.mtu = 1280;
  for (int n = 0; n < 100; ++n) {
    a.addresses.push_back(
        interface_address(fmt::format("2001:db8:1:{:x}::{:x}", n + 16, n + 16), 64));
  }
  configure({a, config6_b()});
  poll();
  const auto reports = said();
  EXPECT_EQ(reports.size(), 2u);
  EXPECT_EQ(groups_in(reports, 143, to_exclude).size(), 100u);
}

}  // namespace
}  // namespace bgw::test
