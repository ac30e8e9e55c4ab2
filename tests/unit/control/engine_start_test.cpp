// Starts: what is stored, what the file says, and which of them runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/commit/engine.h"
#include "daemon_fakes.h"

namespace bgw::test {
namespace {

using control::Engine;
using control::FibProgrammer;
using testing::ElementsAre;
using testing::HasSubstr;

// One life of a daemon.
struct Host {
  explicit Host(MemoryStore& store) : models(store), engine(plane, programmer, models) {}
  FakePlane plane;
  FibProgrammer programmer{nullptr, nullptr, {.max_bytes = 64 << 20, .huge_pages = false}, {}};
  control::ModelStore models;
  Engine engine;
};

TEST(EngineStart, TakesStoredHistory) {
  // att-b came first with 10.0.0.0/16 in commit 1; in document order att-a would win.
  const auto overlapping = [](const std::string& attached) {
    std::string text = "version: 1\nregion: r\nvpcs:\n";
    for (const char letter : {'a', 'b'}) {
      text += fmt::format(
          "  - {{name: vpc-{0}, cidrs: [10.0.0.0/16], subnets: [{{name: s, cidr: 10.0.0.0/24}}],\n"
          "     interface: {{port: p{0}, addresses: [10.0.0.1/24]}}}}\n",
          letter);
    }
    text += "ports: [{name: pa, device: net_null_a}, {name: pb, device: net_null_b}]\n";
    text += "gateways: [{name: bgw-1}]\nattachments:\n";
    for (const char letter : attached) {
      text += fmt::format("  - {{name: att-{0}, gateway: bgw-1, vpc: vpc-{0}}}\n", letter);
    }
    return text;
  };
  MemoryStore store;
  control::Rib before;
  {
    Host host(store);
    ASSERT_TRUE(host.engine.start({overlapping("b"), "bgw.yaml"}));
    ASSERT_TRUE(host.engine.apply({control::ConfigText{overlapping("ab"), "bgw.yaml"}}));
    before = host.engine.running().rib();
  }
  Host host(store);
  const auto same = host.engine.start({overlapping("ab"), "bgw.yaml"});
  ASSERT_TRUE(same);
  EXPECT_THAT(same->warnings, ElementsAre());
  EXPECT_EQ(host.engine.running().rib(), before);
  EXPECT_EQ(host.engine.running().generation, 2u);
  EXPECT_NE(control::compute_routes(host.engine.running().model, {}).rib, before)
      << "without the history the tables would differ, or this test shows nothing";
}

TEST(EngineStart, WhatWasCommittedRunsWhateverTheFileSays) {
  MemoryStore store;
  {
    Host host(store);
    ASSERT_TRUE(host.engine.start({yaml("ab", "a"), "bgw.yaml"}));
    ASSERT_TRUE(host.engine.apply({control::ConfigText{yaml("abc", "ab"), "new.yaml"}}));
  }
  for (const bool broken : {false, true}) {
    Host host(store);
    const std::string text = yaml("ab", "a");
    const auto started = host.engine.start({broken ? text + "  half: [" : text, "bgw.yaml"});
    ASSERT_TRUE(started);
    EXPECT_EQ(started->generation, 2u);
    EXPECT_EQ(host.engine.running().model, model_of(yaml("abc", "ab")));
    const std::string told = fmt::format("{}", fmt::join(started->warnings, "\n"));
    EXPECT_THAT(told, HasSubstr("what was committed last"));
    EXPECT_THAT(told, HasSubstr(broken ? "bgw.yaml:" : "bgw.yaml: vpc vpc-c removed"));
    EXPECT_EQ(store.newest(), 2u);
  }
  Host host(store);
  const auto replaced = host.engine.start({yaml("ab", "a"), "bgw.yaml"}, true);
  ASSERT_TRUE(replaced);
  EXPECT_EQ(replaced->generation, 3u);
  EXPECT_EQ(host.engine.running().model, model_of(yaml("ab", "a")));
  EXPECT_EQ(store.newest(), 3u);
}

// The device of what is stored is gone: the file that goes without it is what helps.
TEST(EngineStart, ReplacesWhatCannotRunAnyMore) {
  MemoryStore store;
  {
    Host host(store);
    ASSERT_TRUE(host.engine.start({yaml("ab", "ab"), "bgw.yaml"}));
  }
  Host broken(store);
  broken.plane.broken = {"net_null_b"};
  EXPECT_FALSE(broken.engine.start({yaml("a", "a"), "bgw.yaml"}));
  Host host(store);
  host.plane.broken = {"net_null_b"};
  const auto replaced = host.engine.start({yaml("a", "a"), "bgw.yaml"}, true);
  ASSERT_TRUE(replaced);
  EXPECT_EQ(replaced->generation, 2u);
  EXPECT_EQ(host.plane.count("publish"), 1);
  EXPECT_EQ(store.stored()->model, model_of(yaml("a", "a")));
  EXPECT_EQ(store.stored()->history, control::history_of(host.engine.running().routes));
  EXPECT_TRUE(host.engine.apply({control::ConfigText{yaml("ac", "ac"), "next.yaml"}}));
  EXPECT_EQ(store.stored()->history, control::history_of(host.engine.running().routes));
}

constexpr auto assertion_apart =
    "assertions:\n  - {name: apart, from: {vpcs: [vpc-a]}, to: {vpcs: [vpc-b]}, expect: "
    "unreachable}\n";

std::vector<std::string> forced_in(MemoryStore& store) {
  return store.stored()->info.forced;
}

// To refuse would lose all of it.
TEST(EngineStart, WithABrokenAssertionForwardsAndSaysSo) {
  MemoryStore store;
  {
    Host host(store);
    const auto started = host.engine.start({yaml("ab", "ab") + assertion_apart, "bgw.yaml"});
    ASSERT_TRUE(started) << started.error().message;
    EXPECT_THAT(started->forced, ElementsAre("apart"));
    EXPECT_THAT(started->assertions.warnings(), ElementsAre(HasSubstr("apart is broken by this")));
    EXPECT_THAT(forced_in(store), ElementsAre("apart"));
    EXPECT_EQ(host.engine.running().broken,
              (std::vector<control::BrokenPair>{{"apart", "vpc-a", "vpc-b"}}));
  }
  Host host(store);
  const auto again = host.engine.start({yaml("ab", "ab") + assertion_apart, "bgw.yaml"});
  ASSERT_TRUE(again);
  EXPECT_THAT(again->forced, testing::IsEmpty());
  EXPECT_THAT(again->assertions.warnings(), ElementsAre(HasSubstr("apart does not hold")));
  // What was broken already is no reason to refuse anything.
  const auto next =
      host.engine.apply({control::ConfigText{yaml("abc", "abc") + assertion_apart, "next.yaml"}});
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_THAT(next->assertions.warnings(), ElementsAre(HasSubstr("apart does not hold")));
}

TEST(EngineStart, ReplacesNothingByWhatBreaksAnAssertion) {
  MemoryStore store;
  {
    Host host(store);
    ASSERT_TRUE(host.engine.start({yaml("ab", "a") + assertion_apart, "bgw.yaml"}));
    EXPECT_THAT(forced_in(store), testing::IsEmpty());
  }
  Host host(store);
  const auto refused = host.engine.start({yaml("ab", "ab") + assertion_apart, "bgw.yaml"}, true);
  ASSERT_FALSE(refused);
  ASSERT_EQ(refused.error().violations.size(), 1u);
  EXPECT_EQ(refused.error().violations[0].pair.assertion, "apart");
  EXPECT_EQ(store.newest(), 1u);
  EXPECT_TRUE(host.engine.start({yaml("ab", "b") + assertion_apart, "bgw.yaml"}, true));
}

TEST(EngineStart, OnAFullDiskForwardsAndRefusesCommits) {
  MemoryStore store;
  {
    Host host(store);
    ASSERT_TRUE(host.engine.start({yaml("ab", "ab"), "bgw.yaml"}));
  }
  store.full = true;
  Host host(store);
  ASSERT_TRUE(host.engine.start({yaml("ab", "ab"), "bgw.yaml"}));
  EXPECT_EQ(host.plane.count("publish"), 1);
  const control::Request more{control::ConfigText{yaml("abc", "abc"), "next.yaml"}};
  const auto refused = host.engine.apply(more);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("the disk is full"));
  EXPECT_FALSE(host.plane.open.contains("net_null_c"));
  store.full = false;
  EXPECT_TRUE(host.engine.apply(more));
}

}  // namespace
}  // namespace bgw::test
