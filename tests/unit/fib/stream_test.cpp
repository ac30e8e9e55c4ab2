// Route streams change a running table in place, beside commits, while workers forward by it.
#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/fib/fib_programmer.h"
#include "control/packets/addresses.h"
#include "control/routes/compute_routes.h"
#include "dataplane/exchange/publication.h"
#include "tests/unit/fib/route_race.h"
#include "tests/unit/lpm/race_script.h"
#include "tests/unit/routes/model_builder.h"

namespace bgw::test {
namespace {

using namespace std::chrono_literals;
using control::FibProgrammer;
using control::Plan;
using control::StreamedRoute;
using dataplane::NextHop;
using dataplane::NextHopKind;
using testing::HasSubstr;

constexpr lpm::Arena::Options arena_options{.max_bytes = std::size_t{1} << 30, .huge_pages = false};

// Four VPCs on one gateway, whose table is all that changes.
class Box {
 public:
  explicit Box(FibProgrammer::Limits limits = {})
      : programmer(nullptr, nullptr, arena_options, limits) {
    config::Model model;
    model.gateways = {gateway("bgw-1")};
    for (const char* name : {"a", "b", "c", "d"}) {
      model.vpcs.push_back(vpc(name, {fmt::format("10.{:d}.0.0/16", name[0])}));
      model.vpcs.back().interface.reset();
      model.attachments.push_back(attachment(fmt::format("att-{}", name), "bgw-1", name));
    }
    table(model.vpcs.front()).static_routes = {to_gateway("0.0.0.0/0", "bgw-1"),
                                               to_gateway("::/0", "bgw-1")};
    model_ = valid(std::move(model));
    const auto rib = control::compute_routes(model_, {}).rib;
    publish(programmer.prepare(control::everything({}, model_, rib, 1), {}).value());
    const auto& fib = publication.take();
    const auto main = fib.vpcs[programmer.vpc_index("a")->value].main_table;
    const NextHop hop{lpm::lookup(fib.lpm_base, fib.tables[main.value], 0x08080808)};
    EXPECT_EQ(hop.kind(), NextHopKind::attachment);
    table_index = fib.attachments.at(hop.index()).gateway.value;
  }

  // As the engine does it.
  void publish(std::unique_ptr<dataplane::FibSnapshot> fib) {
    EXPECT_TRUE(publication.publish(std::move(fib), 60s));
    programmer.published();
    programmer.reclaim();
  }
  void change_gateway(control::GatewayTableChange change) {
    control::FibChange all{++generation, model_, model_, {}, {}, {}};
    all.gateways.push_back(std::move(change));
    publish(programmer.prepare(all, {}).value());
  }
  void grace_period() {
    EXPECT_TRUE(rcu.wait(rcu.start(), 60s));
    programmer.reclaim();
  }

  // In words; "" without a route.
  std::string answer(const std::string& destination) const {
    const auto& fib = publication.take();
    const auto to = control::to_address(address(destination));
    return words(fib,
                 NextHop{to.is_v4() ? lpm::lookup(fib.lpm_base, fib.tables[table_index], to.as_v4())
                                    : lpm::lookup(fib.lpm_base, fib.tables_v6[table_index],
                                                  dataplane::lpm_key(to))});
  }
  std::string words(const dataplane::FibSnapshot& fib, NextHop hop) const {
    if (hop.kind() == NextHopKind::discard) return "!";
    if (hop.kind() == NextHopKind::group) {
      std::string members;
      const auto& group = fib.groups.at(hop.index());
      for (std::uint32_t i = 0; i < group.count; ++i) members += words(fib, group.members[i]);
      return members;
    }
    if (hop.kind() != NextHopKind::attachment) return "";
    const auto into = fib.attachments.at(hop.index()).vpc;
    for (const char* name : {"a", "b", "c", "d"}) {
      if (programmer.vpc_index(name) == into) return name;
    }
    return "?";
  }

  // All of them, as the engine does it.
  void stream(std::span<const StreamedRoute> updates) {
    while (!updates.empty()) {
      auto streamed = programmer.stream("bgw-1", updates);
      ASSERT_EQ(streamed.refusal, "");
      ASSERT_TRUE(streamed.snapshot || streamed.applied == updates.size());
      updates = updates.subspan(streamed.applied);
      if (streamed.snapshot) publish(std::move(streamed.snapshot));
    }
  }
  void stream(std::vector<StreamedRoute> updates) {
    stream(std::span<const StreamedRoute>(updates));
  }

  dataplane::Rcu rcu{2};
  dataplane::Publication publication{rcu};
  FibProgrammer programmer;
  std::uint32_t table_index = 0;
  std::uint64_t generation = 1;

 private:
  config::ValidModel model_;
};

// "ab": either of two VPCs; "!": nowhere; "": gone.
std::vector<control::PlanTarget> to(std::string_view where) {
  if (where == "!") return {control::Discard{control::DiscardReason::blackhole}};
  std::vector<control::PlanTarget> targets;
  for (const char vpc : where) targets.push_back(control::DeliverIntoVpc{std::string(1, vpc)});
  return targets;
}
StreamedRoute update(std::string_view text, std::string_view where) {
  return {prefix(text), to(where)};
}

TEST(Stream, RoutesComeChangeAndGo) {
  Box box;
  box.stream({update("192.0.2.0/24", "a"), update("192.0.2.128/25", "b"),
              update("2001:db8::/32", "c"), update("198.51.100.0/24", "!")});
  EXPECT_EQ(box.answer("192.0.2.1"), "a");
  EXPECT_EQ(box.answer("192.0.2.200"), "b");
  EXPECT_EQ(box.answer("2001:db8::1"), "c");
  EXPECT_EQ(box.answer("198.51.100.1"), "!");
  box.stream(
      {update("192.0.2.128/25", ""), update("192.0.2.0/24", "d"), update("203.0.113.0/24", "")});
  EXPECT_EQ(box.answer("192.0.2.200"), "d");
  EXPECT_EQ(box.programmer.occupancy().routes, 3u + 2u + 4u * 2u)
      << "and those of a's and of every VPC's tables";
}

TEST(Stream, AGroupIsInASnapshotBeforeARouteLeadsToIt) {
  Box box;
  box.stream({update("192.0.2.0/24", "a"), update("198.51.100.0/24", "d")});
  const std::vector<StreamedRoute> updates{
      update("192.0.2.0/24", "b"), update("198.51.100.0/24", "ab"), update("192.0.2.0/24", "cd")};
  auto first = box.programmer.stream("bgw-1", updates);
  EXPECT_EQ(first.applied, 1u);
  ASSERT_TRUE(first.snapshot);
  EXPECT_EQ(first.snapshot->groups.size(), 2u) << "those of all that is to come";
  EXPECT_EQ(box.programmer.stream("bgw-1", updates).applied, 0u) << "nothing before it is in force";
  box.publish(std::move(first.snapshot));
  const auto rest = box.programmer.stream("bgw-1", std::span(updates).subspan(1));
  EXPECT_EQ(rest.applied, 2u);
  EXPECT_FALSE(rest.snapshot);
  EXPECT_EQ(box.answer("198.51.100.1"), "ab");
  EXPECT_EQ(box.answer("192.0.2.1"), "cd");
  EXPECT_EQ(box.programmer.occupancy().groups, 2u);
  box.stream({update("198.51.100.0/24", "a"), update("192.0.2.0/24", "")});
  EXPECT_EQ(box.programmer.occupancy().groups, 0u);
}

TEST(Stream, CommitsAndStreamsLeaveEachOthersRoutesAlone) {
  Box box;
  box.stream({update("192.0.2.0/24", "a"), update("198.51.100.0/24", "b")});
  box.change_gateway({"bgw-1", false, {{prefix("203.0.113.0/24"), to("cd")}}, {}});
  box.stream({update("192.0.2.0/24", "c")});
  box.change_gateway({"bgw-1", false, {{prefix("203.0.113.0/25"), to("d")}}, {}});
  EXPECT_EQ(box.answer("192.0.2.1"), "c");
  EXPECT_EQ(box.answer("198.51.100.1"), "b");
  EXPECT_EQ(box.answer("203.0.113.1"), "d");
  EXPECT_EQ(box.answer("203.0.113.200"), "cd");
  box.change_gateway({"bgw-1", false, {}, {prefix("203.0.113.0/25")}});
  EXPECT_EQ(box.answer("203.0.113.1"), "cd");
  EXPECT_EQ(box.answer("192.0.2.1"), "c");
}

TEST(Stream, WaitsWhileACommitIsUnderWay) {
  Box box;
  box.stream({update("192.0.2.0/24", "a")});
  const config::ValidModel nothing;
  const std::vector<StreamedRoute> updates{update("192.0.2.0/24", "b")};
  control::FibChange change{2, nothing, nothing, {}, {}, {}};
  change.gateways.push_back({"bgw-1", false, {{prefix("203.0.113.0/24"), to("c")}}, {}});
  auto fib = box.programmer.prepare(change, {}).value();
  EXPECT_EQ(box.programmer.stream("bgw-1", updates).applied, 0u);
  box.programmer.abandon();
  EXPECT_EQ(box.programmer.stream("bgw-1", updates).applied, 1u);
  EXPECT_EQ(box.answer("192.0.2.1"), "b");
  fib = box.programmer.prepare(change, {}).value();
  ASSERT_TRUE(box.publication.publish(std::move(fib), 60s));
  box.programmer.published();
  EXPECT_EQ(box.programmer.stream("bgw-1", updates).applied, 0u) << "until workers have passed";
  box.programmer.reclaim();
  EXPECT_EQ(box.programmer.stream("bgw-1", updates).applied, 1u);
  EXPECT_EQ(box.answer("203.0.113.1"), "c");
}

TEST(Stream, WhatCannotBeIsRefusedAndTheRestStands) {
  Box box({.groups = 1, .routes_per_table = 3});
  const auto refusal = [&](const StreamedRoute& wrong) {
    return box.programmer.stream("bgw-1", std::span(&wrong, 1)).refusal;
  };
  box.stream({update("192.0.2.0/24", "ab")});
  EXPECT_THAT(refusal(update("198.51.100.0/24", "bc")),
              HasSubstr("bgw-1: 198.51.100.0/24: no room in the FIB for another ECMP group"));
  EXPECT_THAT(refusal(update("198.51.100.0/24", "x")), HasSubstr("VPC x"));
  EXPECT_THAT(box.programmer.stream("bgw-2", std::vector{update("10.0.0.0/8", "a")}).refusal,
              HasSubstr("bgw-2: no such gateway"));
  box.stream({update("198.51.100.0/24", "a"), update("198.51.101.0/24", "a")});
  EXPECT_THAT(refusal(update("198.51.102.0/24", "a")), HasSubstr("route limit"));
  EXPECT_EQ(box.answer("198.51.101.1"), "a");
  EXPECT_EQ(box.answer("192.0.2.1"), "ab");
  EXPECT_EQ(box.programmer.occupancy().groups, 1u);
}

// On a table of 100,000 routes; commits are of the same table.
class Live {
 public:
  using Script = lpm::test::Script<lpm::Ipv4Address>;
  static constexpr std::uint32_t background_routes = 100'000;

  explicit Live(std::size_t steps) : script_(steps, no_route), race_(box_.rcu, steps, 1ms) {
    std::vector<StreamedRoute> background;
    for (std::uint32_t i = 0; i < background_routes; ++i) {
      background.push_back({config::IpPrefix::around(config::IpAddress::v4(background_at(i)), 24),
                            to(places[i % 4])});
    }
    box_.stream(background);
    EXPECT_GE(box_.programmer.occupancy().routes, background_routes);
  }

  void run() {
    race_.run([&](std::size_t done, std::size_t end) { take(done, end); }, [&] { commit(); },
              [&](lpm::test::Random& random) { burst(random); });
  }

  void expect_right() {
    race_.expect_right();
    for (std::size_t i = 0; i < script_.watched().size(); ++i) {
      EXPECT_EQ(box_.answer(config::IpAddress::v4(script_.watched()[i]).to_string()),
                place(script_.answer(race_.done(), i)));
    }
    testing::Test::RecordProperty("commits", std::to_string(box_.generation));
  }

 private:
  static constexpr lpm::Value no_route = 0xabcdef;
  static constexpr const char* places[] = {"a", "b", "c", "d", "ab", "bcd", "!"};
  static constexpr std::uint32_t committed_at = 0xac100000;  // 172.16.0.0

  static std::string place(lpm::Value value) {
    return value == no_route ? "" : places[value % std::size(places)];
  }
  static std::uint32_t background_at(std::uint32_t i) { return 0x14000000 + (i << 8); }

  StreamedRoute update_of(std::size_t step) const {
    const auto& [route, add] = script_.updates()[step];
    return {config::IpPrefix::around(config::IpAddress::v4(route.address), route.length),
            add ? to(place(route.value)) : std::vector<control::PlanTarget>{}};
  }

  void take(std::size_t done, std::size_t end) {
    std::vector<StreamedRoute> updates;
    for (std::size_t step = done; step < end; ++step) updates.push_back(update_of(step));
    box_.stream(updates);
    if (end % 256 < 16) box_.grace_period();
  }

  // What generation n has at committed_at: one of the first four places.
  void commit() {
    const auto next = box_.generation + 1;
    const auto prefix = config::IpPrefix::around(config::IpAddress::v4(committed_at), 24);
    box_.change_gateway({"bgw-1", false, {{prefix, to(places[next % 4])}}, {}});
  }

  void burst(lpm::test::Random& random) {
    const std::size_t oldest = race_.done();
    const auto& fib = box_.publication.take();
    const auto& watched = script_.watched();
    std::vector<std::string> said;
    for (const auto address : watched) said.push_back(ask(fib, address));
    const auto other = static_cast<std::uint32_t>(random() % background_routes);
    const auto in_background = ask(fib, background_at(other) + 7);
    const auto committed = ask(fib, committed_at + 9);
    const std::size_t newest = race_.begun();
    for (std::size_t i = 0; i < watched.size(); ++i) {
      bool known = false;
      for (std::size_t s = oldest; s <= newest && !known; ++s) {
        known = said[i] == place(script_.answer(s, i));
      }
      if (!known)
        report(fmt::format("{} for {:x} at {} to {}", said[i], watched[i], oldest, newest));
    }
    if (in_background != places[other % 4]) report("background: " + in_background);
    if (fib.generation > 1 && committed != places[fib.generation % 4]) {
      report(fmt::format("committed: {} in {}", committed, fib.generation));
    }
    race_.answered(watched.size() + 2);
  }

  std::string ask(const dataplane::FibSnapshot& fib, std::uint32_t address) const {
    return box_.words(fib,
                      NextHop{lpm::lookup(fib.lpm_base, fib.tables[box_.table_index], address)});
  }

  void report(std::string what) { race_.report(std::move(what)); }

  Box box_;
  const Script script_;
  RouteRace race_;
};

TEST(StreamRace, ReadersSeeEachRouteBeforeOrAfter) {
  Live live(RouteRace::usual_steps());
  live.run();
  live.expect_right();
}

}  // namespace
}  // namespace bgw::test
