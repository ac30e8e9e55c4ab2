// Routes of a stream between commits: in force without a generation, in place where they can be,
// and never other than what the RIB says.
#include <chrono>
#include <functional>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/commit/engine.h"
#include "control/packets/addresses.h"
#include "daemon_fakes.h"
#include "dataplane/exchange/publication.h"
#include "tests/unit/fib/route_race.h"
#include "tests/unit/lpm/race_script.h"
#include "tests/unit/routes/model_builder.h"

namespace bgw::test {
namespace {

using namespace std::chrono_literals;
using control::Engine;
using control::FibProgrammer;
using control::Origin;
using control::RouteDelta;
using control::Status;
using dataplane::NextHop;
using dataplane::NextHopKind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Snapshots reach readers as they reach workers.
class LivePlane final : public FakePlane {
 public:
  bool publish(std::unique_ptr<dataplane::FibSnapshot> fib) override {
    calls.emplace_back("publish");
    return publication.publish(std::move(fib), 60s) && workers_pass;
  }
  bool grace_period(std::chrono::milliseconds) override {
    return rcu.wait(rcu.start(), 60s) && workers_pass;
  }
  const dataplane::FibSnapshot* current_fib() const override { return &publication.take(); }

  dataplane::Rcu rcu{2};
  dataplane::Publication publication{rcu};
};

// To one of the VPCs a to d or, with several letters, to any of them; "!": nowhere; "": no route.
RouteDelta told(const config::IpPrefix& to, std::string_view where) {
  RouteDelta delta{to, {}};
  if (where.empty()) return delta;
  control::Route route{to, Origin::ebgp, {}, Status::valid, {}};
  if (where == "!") {
    route.next_hops.emplace_back(control::ToBlackhole{});
  } else {
    for (const char vpc : where) {
      route.next_hops.emplace_back(control::ToAttachment{fmt::format("att-{}", vpc)});
    }
  }
  delta.candidates.push_back(std::move(route));
  return delta;
}
RouteDelta told(std::string_view to, std::string_view where) {
  return told(prefix(to), where);
}

// Four VPCs on one gateway.
class Box {
 public:
  explicit Box(FibProgrammer::Limits limits = {})
      : programmer(nullptr, nullptr, {.max_bytes = std::size_t{1} << 30, .huge_pages = false},
                   limits) {
    const auto started = engine.start({yaml("abcd", "abcd"), "bgw.yaml"});
    EXPECT_TRUE(started) << started.error().message;
    plane.calls.clear();
  }

  std::vector<std::string> stream(std::vector<RouteDelta> deltas) {
    const auto refused = engine.apply_stream("bgw-1", std::move(deltas));
    EXPECT_TRUE(refused) << refused.error().message;
    std::vector<std::string> words;
    if (!refused) return words;
    for (const auto& route : *refused) words.push_back(route.prefix.to_string());
    return words;
  }
  void commit(const std::string& text) {
    const auto committed = engine.apply({control::ConfigText{text, "next.yaml"}});
    ASSERT_TRUE(committed) << committed.error().message;
  }

  // What workers find in the gateway's table.
  std::string answer(const std::string& destination) const {
    const auto to = control::to_address(address(destination));
    const auto& fib = plane.publication.take();
    const auto table = table_index(fib);
    return words(fib, NextHop{to.is_v4() ? lpm::lookup(fib.lpm_base, fib.tables[table], to.as_v4())
                                         : lpm::lookup(fib.lpm_base, fib.tables_v6[table],
                                                       dataplane::lpm_key(to))});
  }
  std::uint32_t table_index(const dataplane::FibSnapshot& fib) const {
    return fib.attachments.at(programmer.attachment_index("bgw-1", "vpc-a")->value).gateway.value;
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
    for (const char vpc : {'a', 'b', 'c', 'd'}) {
      if (programmer.vpc_index(fmt::format("vpc-{}", vpc)) == into) return {vpc};
    }
    return "?";
  }
  // "ebgp 192.0.2.0/24 via att-b" of the RIB; "none".
  std::string routed(std::string_view to) const {
    for (const auto& route : engine.running().rib().find_gateway("bgw-1")->routes) {
      if (route.prefix == prefix(to) && route.status == Status::valid) return describe(route);
    }
    return "none";
  }

  LivePlane plane;
  FibProgrammer programmer;
  MemoryStore store;
  control::ModelStore models{store};
  Engine engine{plane, programmer, models};
};

TEST(EngineStream, RoutesAreInForceWithoutAGeneration) {
  Box box;
  EXPECT_THAT(box.stream({told("192.0.2.0/24", "b"), told("2001:db8::/32", "c"),
                          told("198.51.100.0/24", "!"), told("192.0.2.0/24", "d")}),
              IsEmpty());
  EXPECT_EQ(box.answer("192.0.2.1"), "d") << "what was told last counts";
  EXPECT_EQ(box.answer("2001:db8::1"), "c");
  EXPECT_EQ(box.answer("198.51.100.1"), "!");
  EXPECT_EQ(box.routed("192.0.2.0/24"), "ebgp 192.0.2.0/24 via att-d");
  box.plane.calls.clear();
  box.stream({told("192.0.2.0/24", ""), told("198.51.100.0/24", "a")});
  EXPECT_EQ(box.answer("192.0.2.1"), "");
  EXPECT_EQ(box.answer("198.51.100.1"), "a");
  EXPECT_EQ(box.routed("192.0.2.0/24"), "none");
  EXPECT_THAT(box.plane.calls, IsEmpty()) << "in place";
  EXPECT_EQ(box.engine.running().generation, 1u);
  EXPECT_EQ(box.store.newest(), 1u);
  EXPECT_EQ(box.stream({}), std::vector<std::string>{});
}

TEST(EngineStream, GroupsComeWithASnapshotInTheMiddleOfABatch) {
  Box box;
  box.stream({told("192.0.2.0/24", "a"), told("203.0.113.0/24", "b")});
  box.plane.calls.clear();
  box.stream(
      {told("192.0.2.0/24", "b"), told("198.51.100.0/24", "abc"), told("203.0.113.0/24", "cd")});
  EXPECT_EQ(box.answer("192.0.2.1"), "b");
  EXPECT_EQ(box.answer("198.51.100.1"), "abc");
  EXPECT_EQ(box.answer("203.0.113.1"), "cd");
  EXPECT_GE(box.plane.count("publish"), 1);
  EXPECT_EQ(box.plane.current_fib()->rx_queues.at(0).size(), 4u);
  EXPECT_FALSE(box.engine.is_streaming());
}

// vpc-a imports 10.0.0.0/8: whether what it imports leads back to it changes its own table.
TEST(EngineStream, VpcTablesThatFollowComeAtOnce) {
  Box box;
  const auto main_of_a = [&] {
    const auto& fib = *box.plane.current_fib();
    return fib.tables[fib.vpcs[box.programmer.vpc_index("vpc-a")->value].main_table.value].root;
  };
  const auto before = main_of_a();
  box.stream({told("10.9.0.0/16", "a"), told("192.0.2.0/24", "c")});
  EXPECT_NE(main_of_a(), before);
  EXPECT_EQ(box.plane.count("publish"), 1);
  EXPECT_EQ(box.plane.current_fib()->rx_queues.at(0).size(), 4u);
  EXPECT_EQ(box.answer("10.9.0.1"), "a");
  EXPECT_EQ(box.answer("192.0.2.1"), "c");
  box.stream({told("10.9.0.0/16", "")});
  EXPECT_EQ(box.answer("10.9.0.1"), "");
}

TEST(EngineStream, ACandidateFromBeforeABatchKeepsItsRoutes) {
  Box box;
  auto candidate = box.engine.evaluate({control::ConfigText{yaml("abcd", "abc"), "next.yaml"}});
  ASSERT_TRUE(candidate);
  box.stream({told("192.0.2.0/24", "c"), told("198.51.100.0/24", "d")});
  ASSERT_TRUE(box.engine.build(std::move(*candidate)));
  EXPECT_EQ(box.engine.publish().generation, 2u);
  box.engine.reclaim();
  EXPECT_EQ(box.answer("192.0.2.1"), "c");
  EXPECT_EQ(box.routed("192.0.2.0/24"), "ebgp 192.0.2.0/24 via att-c");
  EXPECT_EQ(box.routed("198.51.100.0/24"), "none") << "att-d is gone";
  EXPECT_EQ(box.answer("198.51.100.1"), "");
  box.commit(yaml("abcd", "abcd"));
  EXPECT_EQ(box.answer("198.51.100.1"), "d") << "the stream has not withdrawn it";
}

// What a candidate breaks only together with what a stream has told since.
TEST(EngineStream, ACandidateFromBeforeABatchIsJudgedAnew) {
  const auto replaced = [](std::string text, std::string_view what, std::string_view by) {
    return text.replace(text.find(what), what.size(), by);
  };
  const auto after = replaced(yaml("abcd", "abcd"), "vpc: vpc-d}", "vpc: vpc-d, advertise: none}") +
                     "assertions:\n  - {name: apart, from: {vpcs: [vpc-a]}, to: {vpcs: [vpc-d]}, "
                     "expect: unreachable}\n";
  Box box;
  box.commit(replaced(after, "{gateway: bgw-1, ranges: [10.0.0.0/8]}", ""));
  auto candidate = box.engine.evaluate({control::ConfigText{after, "next.yaml"}});
  ASSERT_TRUE(candidate) << candidate.error().message;
  box.stream({told("10.4.1.0/24", "d")});
  const auto built = box.engine.build(std::move(*candidate));
  ASSERT_FALSE(built);
  EXPECT_THAT(built.error().message, HasSubstr("breaks 1 assertion: apart"));
  box.engine.cancel();
  EXPECT_EQ(box.engine.running().generation, 2u);
}

TEST(EngineStream, WhatThereIsNoRoomForIsNamedAndNotRouted) {
  Box box({.groups = 1, .routes_per_table = 8});
  box.stream({told("192.0.2.0/24", "ab")});
  EXPECT_THAT(box.stream({told("192.0.2.0/25", "c"), told("198.51.100.0/24", "bc"),
                          told("203.0.113.0/24", "d")}),
              ElementsAre("198.51.100.0/24"));
  EXPECT_EQ(box.routed("198.51.100.0/24"), "none");
  EXPECT_EQ(box.answer("198.51.100.1"), "");
  EXPECT_EQ(box.answer("203.0.113.1"), "d");
  EXPECT_EQ(box.answer("192.0.2.1"), "c");
  // A route that can't be replaced does not go on by what is gone.
  EXPECT_THAT(box.stream({told("203.0.113.0/24", "bc")}), ElementsAre("203.0.113.0/24"));
  EXPECT_EQ(box.answer("203.0.113.1"), "");
  std::vector<RouteDelta> many;
  for (int i = 0; i < 20; ++i) many.push_back(told(fmt::format("10.200.{}.0/24", i), "!"));
  const auto refused = box.stream(many);
  EXPECT_GT(refused.size(), 0u);
  for (int i = 0; i < 20; ++i) {
    const auto to = fmt::format("10.200.{}.0/24", i);
    const bool is_refused = std::ranges::find(refused, to) != refused.end();
    EXPECT_EQ(box.routed(to) == "none", is_refused);
    EXPECT_EQ(box.answer(fmt::format("10.200.{}.1", i)), is_refused ? "" : "!");
  }
}

TEST(EngineStream, WaitsForAWorkerThatHangs) {
  Box box;
  box.stream({told("192.0.2.0/24", "a")});
  box.plane.workers_pass = false;
  box.engine.stream("bgw-1", {told("192.0.2.0/24", "b"), told("198.51.100.0/24", "cd"),
                              told("203.0.113.0/24", "d")});
  ASSERT_TRUE(box.engine.build_stream());
  box.engine.publish_stream();  // with the group, which the worker doesn't take
  box.engine.reclaim();
  ASSERT_TRUE(box.engine.is_streaming());
  const auto waits = box.engine.build_stream();
  ASSERT_FALSE(waits);
  EXPECT_THAT(waits.error().message, HasSubstr("the routes wait"));
  // A commit that takes what the batch leads to comes between.
  box.commit(yaml("abcd", "acd"));
  box.plane.workers_pass = true;
  box.engine.tidy();
  while (box.engine.is_streaming()) {
    ASSERT_TRUE(box.engine.build_stream());
    box.engine.publish_stream();
    box.engine.reclaim();
  }
  EXPECT_EQ(box.routed("192.0.2.0/24"), "none");
  EXPECT_EQ(box.answer("192.0.2.1"), "");
  EXPECT_EQ(box.answer("198.51.100.1"), "cd");
  EXPECT_EQ(box.answer("203.0.113.1"), "d");
}

class Observer final : public control::CommitObserver {
 public:
  void streamed(const control::Running& now, const control::RouteChanges& changes) override {
    told.push_back(
        fmt::format("{}: {} prefixes", now.generation, changes.gateways.at(0).prefixes.size()));
  }
  std::vector<std::string> told;
};

TEST(EngineStream, ObserversAreToldOfRouteChanges) {
  Box box;
  Observer observer;
  box.engine.observe(observer);
  box.stream({told("192.0.2.0/24", "a"), told("198.51.100.0/24", "bc")});
  EXPECT_THAT(observer.told, ElementsAre("1: 2 prefixes"));
}

constexpr lpm::Value no_route = 0xabcdef;
using Script = lpm::test::Script<lpm::Ipv4Address>;

std::string place(lpm::Value value) {
  static constexpr const char* places[] = {"a", "b", "c", "d", "ab", "bcd", "!"};
  return value == no_route ? "" : places[value % std::size(places)];
}

// What may be answered for an address while some of the updates between two steps are in force,
// whichever: within a batch their order is not the script's.
class Explanation {
 public:
  Explanation(const Script& script, lpm::Ipv4Address address) {
    std::size_t step = 0;
    for (const auto& [route, add] : script.updates()) {
      ++step;
      if ((address & lpm::test::mask_of<lpm::Ipv4Address>(route.length)) != route.address) continue;
      told_[route.length].push_back({step, add ? place(route.value) : ""});
    }
  }

  bool explains(const std::string& said, std::size_t oldest, std::size_t newest) const {
    for (const auto& [length, events] : told_) {
      bool always_there = true;
      auto event = std::ranges::upper_bound(events, oldest, {}, &Event::step);
      if (event == events.begin()) {
        always_there = false;
      } else {
        --event;
      }
      for (; event != events.end() && event->step <= newest; ++event) {
        if (event->place.empty()) always_there = false;
        if (!event->place.empty() && event->place == said) return true;
      }
      if (always_there) return false;
    }
    return said.empty();
  }

 private:
  struct Event {
    std::size_t step;
    std::string place;
  };
  std::map<unsigned, std::vector<Event>, std::greater<>> told_;  // by length of the prefix
};

// Beside 20,000 routes; commits attach a fifth VPC and detach it again.
class Live {
 public:
  static constexpr std::uint32_t background_routes = 20'000;

  explicit Live(std::size_t steps) : script_(steps, no_route), race_(box_.plane.rcu, steps, 2ms) {
    for (const auto address : script_.watched()) explanations_.emplace_back(script_, address);
    std::vector<RouteDelta> background;
    for (std::uint32_t i = 0; i < background_routes; ++i) {
      background.push_back(
          told(config::IpPrefix::around(config::IpAddress::v4(background_at(i)), 24), "!"));
    }
    box_.stream(std::move(background));
    EXPECT_GE(box_.programmer.occupancy().routes, background_routes);
  }

  void run() {
    race_.run([&](std::size_t done, std::size_t end) { take(done, end); }, [&] { commit(); },
              [&](lpm::test::Random& random) { burst(random); });
  }

  void expect_right() {
    race_.expect_right();
    for (std::size_t i = 0; i < script_.watched().size(); ++i) {
      EXPECT_EQ(box_.answer(config::IpAddress::v4(shifted(script_.watched()[i])).to_string()),
                place(script_.answer(race_.done(), i)));
    }
    testing::Test::RecordProperty("commits", std::to_string(box_.engine.running().generation));
  }

 private:
  static std::uint32_t background_at(std::uint32_t i) { return 0x14000000 + (i << 8); }
  // Elsewhere than what attachments propagate.
  static std::uint32_t shifted(std::uint32_t address) { return address + 0x20000000; }

  RouteDelta delta_of(std::size_t step) const {
    const auto& [route, add] = script_.updates()[step];
    const auto at = route.length == 0 ? 0 : shifted(route.address);
    return told(config::IpPrefix::around(config::IpAddress::v4(at), route.length),
                add ? place(route.value) : "");
  }

  void take(std::size_t done, std::size_t end) {
    std::vector<RouteDelta> deltas;
    for (std::size_t step = done; step < end; ++step) deltas.push_back(delta_of(step));
    box_.stream(std::move(deltas));
  }
  void commit() {
    box_.commit(yaml("abcde", box_.engine.running().generation % 2 == 0 ? "abcd" : "abcde"));
  }

  void burst(lpm::test::Random& random) {
    const std::size_t oldest = race_.done();
    const auto& fib = box_.plane.publication.take();
    const auto& watched = script_.watched();
    std::vector<NextHop> said;
    for (const auto address : watched) said.push_back(ask(fib, shifted(address)));
    const auto other = static_cast<std::uint32_t>(random() % background_routes);
    const auto in_background = ask(fib, background_at(other) + 7);
    std::vector<std::string> in_words;
    for (const auto hop : said) in_words.push_back(box_.words(fib, hop));
    const std::size_t newest = race_.begun();
    for (std::size_t i = 0; i < watched.size(); ++i) {
      if (!explanations_[i].explains(in_words[i], oldest, newest)) {
        race_.report(
            fmt::format("{} for {:x} at {} to {}", in_words[i], watched[i], oldest, newest));
      }
    }
    if (box_.words(fib, in_background) != "!") race_.report("background");
    race_.answered(watched.size() + 1);
  }

  NextHop ask(const dataplane::FibSnapshot& fib, std::uint32_t address) const {
    return NextHop{lpm::lookup(fib.lpm_base, fib.tables[table_], address)};
  }

  Box box_;
  const std::uint32_t table_ = box_.table_index(box_.plane.publication.take());
  const Script script_;
  std::vector<Explanation> explanations_;  // of the watched addresses
  RouteRace race_;
};

TEST(EngineStreamRace, ReadersSeeEachRouteBeforeOrAfter) {
  Live live(RouteRace::usual_steps());
  live.run();
  live.expect_right();
}

// Gateways that streams have told of are worked out again, and what else leans on them.
TEST(EngineStream, WhoReachesWhomFollowsStreamsAndCommits) {
  Box box;
  const auto expect_followed = [&] {
    const auto& running = box.engine.running();
    auto reach = running.reach;
    complete(reach, running.model, running.rib());
    const auto expected = control::reachability(running.model, running.rib());
    for (const auto& vpc : expected.vpcs) EXPECT_EQ(*reach.vpcs.find(vpc.name), vpc);
    for (const auto& one : expected.gateways) EXPECT_EQ(*reach.gateways.find(one.name), one);
    EXPECT_EQ(reach.vpcs.size(), expected.vpcs.size());
  };
  expect_followed();
  box.stream({told("10.2.2.0/24", "b"), told("10.9.0.0/16", "c")});
  expect_followed();
  box.commit(yaml("abcd", "abc"));
  expect_followed();
  box.stream({told("10.2.2.0/24", ""), told("10.2.3.0/24", "!")});
  expect_followed();
  box.commit(yaml("abc", "abc"));
  expect_followed();
}

}  // namespace
}  // namespace bgw::test
