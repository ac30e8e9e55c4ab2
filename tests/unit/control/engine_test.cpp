// The control walk: in order, all or nothing, with what runs shared and what ran kept until no
// worker uses it.
#include "control/commit/engine.h"

#include <array>

#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon_fakes.h"

namespace bgw::test {
namespace {

using control::Engine;
using control::FibProgrammer;
using testing::ElementsAre;
using testing::HasSubstr;

class EngineTest : public testing::Test {
 protected:
  explicit EngineTest(FibProgrammer::Limits limits = {})
      : programmer(nullptr, nullptr, arena(), limits) {}
  static lpm::Arena::Options arena() {
    return {.max_bytes = std::size_t{64} << 20, .huge_pages = false};
  }

  static control::Request config(const std::string& text) {
    return {control::ConfigText{text, "next.yaml"}};
  }
  void start(const std::string& text) {
    const auto started = engine.start({text, "bgw.yaml"});
    ASSERT_TRUE(started) << started.error().message;
    plane.calls.clear();
  }
  control::Committed commit(const std::string& text) {
    const auto committed = engine.apply(config(text));
    EXPECT_TRUE(committed) << committed.error().message;
    return committed ? *committed : control::Committed{};
  }
  const lpm::Ipv4Descriptor& main_table(const std::string& vpc) {
    const auto& fib = *plane.current_fib();
    return fib.tables[fib.vpcs[engine.programmer().vpc_index(vpc)->value].main_table.value];
  }
  std::uint32_t slot(const std::string& vpc) { return engine.programmer().vpc_index(vpc)->value; }

  FakePlane plane;
  FibProgrammer programmer;
  MemoryStore store;
  control::ModelStore models{store};
  Engine engine{plane, programmer, models};
};

TEST_F(EngineTest, StartsInOrder) {
  ASSERT_TRUE(engine.start({yaml("ab", "ab"), "bgw.yaml"}));
  EXPECT_THAT(plane.calls,
              ElementsAre("open net_null_a", "open net_null_b", "publish", "configure"));
  EXPECT_EQ(engine.running().generation, 1u);
  ASSERT_EQ(plane.configured.size(), 2u);
  EXPECT_EQ(plane.configured.at(dataplane::VpcIndex{1}).name, "vpc-b");
  EXPECT_EQ(plane.configured.at(dataplane::VpcIndex{1}).mac.bytes[5], 2);
  ASSERT_TRUE(store.stored());
  EXPECT_EQ(store.stored()->model, model_of(yaml("ab", "ab")));
  EXPECT_EQ(store.stored()->info.number, 1u);
}

TEST_F(EngineTest, SnapshotNamesPortsQueuesAndOwners) {
  start(yaml("ab", "ab"));
  const auto& fib = *plane.current_fib();
  ASSERT_EQ(fib.rx_queues.size(), 1u);
  EXPECT_EQ(fib.rx_queues[0].size(), 2u);
  ASSERT_EQ(fib.ports.size(), 2u);
  EXPECT_EQ(fib.ports[0].untagged.value, slot("vpc-a"));
  EXPECT_EQ(fib.vpcs[slot("vpc-b")].mac.bytes[5], 2);
  EXPECT_TRUE(fib.vpcs[slot("vpc-b")].enabled);
}

// The slow path knows by them whose hosts it sees.
TEST_F(EngineTest, SlowPathIsToldOfTheWire) {
  using Wire = std::array<std::uint32_t, 3>;  // VLAN id, outer one, VNI
  const auto text = [](const char* a, const char* below, int vni) {
    return fmt::format(
        "version: 1\nregion: r\nports: [{{name: p, device: net_null_p}}]\n"
        "underlays: [{{name: u, vlan: {{port: p, {}}}, addresses: [192.0.2.1/24]}}]\n"
        "vpcs:\n"
        "  - {{name: vpc-a, cidrs: [10.1.0.0/16], interface: {{{}, addresses: [10.1.1.1/24]}}}}\n"
        "  - {{name: vpc-b, cidrs: [10.2.0.0/16], interface: {{vxlan: {{vni: {}, underlay: u, "
        "remotes: [192.0.2.9]}}, addresses: [10.2.1.1/24]}}}}\n",
        below, a, vni);
  };
  const auto served = [&](const std::string& name) {
    for (const auto& [index, vpc] : plane.configured) {
      if (vpc.name == name) return Wire{vpc.vlan, vpc.outer_vlan, vpc.vni};
    }
    return Wire{};
  };
  start(text("port: p", "id: 30", 5001));
  EXPECT_EQ(served("vpc-a"), (Wire{0, 0, 0}));
  EXPECT_EQ(served("vpc-b"), (Wire{30, 0, 5001}));
  EXPECT_EQ(served(control::underlay_name("u")), (Wire{30, 0, 0}));
  commit(text("vlan: {port: p, id: 10}", "id: 30", 5001));
  EXPECT_EQ(served("vpc-a"), (Wire{10, 0, 0}));
  commit(text("vlan: {port: p, id: 10, outer: 20}", "id: 30", 5002));
  EXPECT_EQ(served("vpc-a"), (Wire{10, 20, 0}));
  EXPECT_EQ(served("vpc-b"), (Wire{30, 0, 5002}));
  commit(text("vlan: {port: p, id: 10, outer: 20}", "id: 31, outer: 7", 5002));
  EXPECT_EQ(served("vpc-b"), (Wire{31, 7, 5002})) << "its frames are the underlay's";
  EXPECT_EQ(served(control::underlay_name("u")), (Wire{31, 7, 0}));
}

TEST_F(EngineTest, CommitReportsObjectsAndRoutes) {
  start(yaml("ab", "a"));
  const auto committed = commit(yaml("abc", "ab"));
  EXPECT_EQ(committed.generation, 2u);
  EXPECT_THAT(committed.warnings, ElementsAre());
  std::vector<std::string> objects;
  for (const auto& object : committed.changes.objects) {
    objects.push_back(fmt::format("{} {} {}", to_string(object.change), object.kind, object.name));
  }
  EXPECT_THAT(objects, ElementsAre("added port pc", "changed vpc vpc-b", "added vpc vpc-c",
                                   "added attachment att-b"));
  EXPECT_THAT(committed.changes.objects[1].keys, ElementsAre("route_tables"));
  EXPECT_THAT(committed.changes.routes.created, ElementsAre("vpc-c/main"));
}

TEST_F(EngineTest, EvaluatingChangesNothing) {
  start(yaml("ab", "a"));
  auto candidate = engine.evaluate(config(yaml("ab", "ab")));
  ASSERT_TRUE(candidate);
  EXPECT_FALSE(candidate->changes.empty());
  EXPECT_THAT(plane.calls, ElementsAre());
  EXPECT_EQ(engine.running().model, model_of(yaml("ab", "a")));
  EXPECT_EQ(store.newest(), 1u);
  EXPECT_TRUE(engine.evaluate(config(yaml("ab", "a")))->changes.empty());
}

TEST_F(EngineTest, WhatIsBuiltIsDurableBeforeItIsInForce) {
  start(yaml("ab", "a"));
  auto candidate = engine.evaluate(config(yaml("ab", "ab")));
  ASSERT_TRUE(candidate);
  ASSERT_TRUE(engine.build(std::move(*candidate)));
  EXPECT_EQ(store.stored()->model, model_of(yaml("ab", "ab")));
  EXPECT_EQ(engine.running().generation, 1u);
  EXPECT_THAT(plane.calls, ElementsAre());
  EXPECT_EQ(engine.publish().generation, 2u);
  engine.reclaim();
  EXPECT_EQ(engine.running().model, model_of(yaml("ab", "ab")));
  EXPECT_THAT(plane.calls, ElementsAre("publish", "configure"));
}

TEST_F(EngineTest, CandidateOfAnOlderGenerationIsRefused) {
  start(yaml("abc", "a"));
  auto early = engine.evaluate(config(yaml("abc", "ab")));
  ASSERT_TRUE(early);
  commit(yaml("abc", "ac"));
  const auto built = engine.build(std::move(*early));
  ASSERT_FALSE(built);
  EXPECT_THAT(built.error().message, HasSubstr("commit it again"));
  EXPECT_EQ(engine.running().model, model_of(yaml("abc", "ac")));
  EXPECT_EQ(store.newest(), 2u);
}

TEST_F(EngineTest, TheSameAgainMakesNoGeneration) {
  start(yaml("ab", "ab"));
  const auto again = commit("# a comment\n" + yaml("ab", "ab"));
  EXPECT_EQ(again.generation, 1u);
  EXPECT_TRUE(again.changes.empty());
  EXPECT_EQ(store.newest(), 1u);
  EXPECT_THAT(plane.calls, ElementsAre());
}

TEST_F(EngineTest, ObjectsAreChangedOneByOne) {
  start(yaml("abc", "ab"));
  control::Request request{config::ModelChange{
      .put = {config::Attachment{"att-c", "bgw-1", "vpc-c", config::AdvertiseAll{}}}}};
  request.principal = "somebody";
  request.comment = "one more";
  const auto committed = engine.apply(request);
  ASSERT_TRUE(committed);
  EXPECT_EQ(committed->generation, 2u);
  ASSERT_EQ(committed->changes.objects.size(), 1u);
  EXPECT_EQ(committed->changes.objects[0].name, "att-c");
  EXPECT_EQ(engine.running().rib().find_gateway("bgw-1")->routes.size(), 3u);
  EXPECT_EQ(store.stored()->info.principal, "somebody");
  EXPECT_EQ(store.stored()->info.comment, "one more");
  EXPECT_EQ(store.stored()->model, engine.running().model);
  EXPECT_EQ(store.stored()->history, control::history_of(engine.running().routes));

  const auto refused =
      engine.apply({config::ModelChange{.removed = {{config::Kind::vpc, "vpc-c"}}}});
  ASSERT_FALSE(refused);
  ASSERT_EQ(refused.error().problems.size(), 1u);
  EXPECT_EQ(refused.error().problems[0].object.name, "att-c");
}

// Tells what it was told.
class Observer final : public control::CommitObserver {
 public:
  explicit Observer(const Engine& engine) : engine_(engine) {}
  void before_publication() override {
    told.push_back(fmt::format("before, {} runs", engine_.running().generation));
  }
  void committed(const control::Running& now, const control::Committed& commit,
                 const control::Request& request) override {
    told.push_back(fmt::format("{} by {}, {} objects", now.generation, request.principal,
                               commit.changes.objects.size()));
  }
  std::vector<std::string> told;

 private:
  const Engine& engine_;
};

TEST_F(EngineTest, ObserversAreToldOfEachCommit) {
  start(yaml("ab", "a"));
  Observer observer(engine);
  engine.observe(observer);
  commit(yaml("ab", "ab"));
  store.full = true;
  EXPECT_FALSE(engine.apply(config(yaml("a", "a"))));
  EXPECT_THAT(observer.told, ElementsAre("before, 1 runs", "2 by local, 2 objects"));
}

TEST_F(EngineTest, SharesTablesThatDoNotChange) {
  start(yaml("abc", "ab"));
  const auto a = main_table("vpc-a"), c = main_table("vpc-c");
  commit(yaml("abc", "abc"));
  EXPECT_EQ(main_table("vpc-a"), a) << "the import of 10.0.0.0/8 forwards as before";
  EXPECT_NE(main_table("vpc-c").root, c.root);
}

TEST_F(EngineTest, ClosesRemovedPortsAfterPublication) {
  start(yaml("ab", "ab"));
  commit(yaml("a", "a"));
  EXPECT_THAT(plane.calls, ElementsAre("publish", "configure", "forget 1", "close net_null_b"));
}

TEST_F(EngineTest, ForgetsWhatAttachmentsThatAreGoneCounted) {
  start(yaml("ab", "ab"));
  const auto gone = engine.programmer().attachment_index("bgw-1", "vpc-b");
  ASSERT_TRUE(gone);
  commit(yaml("a", "a"));
  EXPECT_THAT(plane.forgotten_attachments, testing::Contains(*gone));
}

TEST_F(EngineTest, RenamedPortKeepsItsDevice) {
  start(yaml("a", "a"));
  auto renamed = yaml("a", "a");
  for (std::size_t at; (at = renamed.find("pa,")) != std::string::npos;) {
    renamed.replace(at, 3, "px,");
  }
  commit(renamed);
  EXPECT_THAT(plane.calls, ElementsAre("publish", "configure"));
  EXPECT_TRUE(engine.port_id("px"));
  EXPECT_FALSE(engine.port_id("pa"));
}

TEST_F(EngineTest, ChangedDeviceIsOpenedBesideThenTheOldOneClosed) {
  start(yaml("a", "a"));
  auto changed = yaml("a", "a");
  changed.replace(changed.find("net_null_a"), 10, "net_null_z");
  commit(changed);
  EXPECT_THAT(plane.calls,
              ElementsAre("open net_null_z", "publish", "configure", "close net_null_a"));
}

TEST_F(EngineTest, SlotIsNotReusedWhileAWorkerHangs) {
  start(yaml("ab", "ab"));
  const auto slot_of_b = slot("vpc-b");
  plane.workers_pass = false;
  const auto committed = commit(yaml("a", "a"));
  ASSERT_EQ(committed.warnings.size(), 1u);
  EXPECT_THAT(committed.warnings[0], HasSubstr("worker"));
  commit(yaml("ac", "ac"));
  EXPECT_NE(slot("vpc-c"), slot_of_b);
  EXPECT_EQ(plane.count("close net_null_b"), 0);
  EXPECT_EQ(plane.count(fmt::format("forget {}", slot_of_b)), 0);

  plane.workers_pass = true;
  engine.tidy();
  EXPECT_EQ(plane.count("close net_null_b"), 1);
  EXPECT_EQ(plane.count(fmt::format("forget {}", slot_of_b)), 1);
  commit(yaml("acd", "acd"));
  EXPECT_EQ(slot("vpc-d"), slot_of_b);
}

TEST_F(EngineTest, SlotIsNotReusedWhilePacketsForItWait) {
  start(yaml("ab", "ab"));
  const auto slot_of_b = slot("vpc-b");
  plane.rings_drain = false;
  EXPECT_EQ(commit(yaml("a", "a")).warnings.size(), 1u);
  commit(yaml("ac", "ac"));
  EXPECT_NE(slot("vpc-c"), slot_of_b);
  EXPECT_EQ(plane.count("close net_null_b"), 0);

  plane.rings_drain = true;
  engine.tidy();
  EXPECT_EQ(plane.count(fmt::format("forget {}", slot_of_b)), 1);
  EXPECT_EQ(plane.count("close net_null_b"), 1);
}

TEST_F(EngineTest, PortWantedAgainWhileAWorkerHangsStaysOpen) {
  start(yaml("ab", "ab"));
  plane.workers_pass = false;
  commit(yaml("a", "a"));
  plane.workers_pass = true;
  plane.calls.clear();
  commit(yaml("ab", "ab"));
  EXPECT_TRUE(plane.open.contains("net_null_b"));
}

TEST_F(EngineTest, MtuBeyondItsPortIsRefused) {
  start(yaml("a", "a"));
  plane.max_mtu = 1400;
  const auto committed = engine.apply(config(yaml("ab", "ab")));
  ASSERT_FALSE(committed);
  EXPECT_THAT(committed.error().message,
              HasSubstr("vpc-b: mtu 1500 is more than port pb (net_fake) carries: 1400; lower"));
  EXPECT_FALSE(plane.open.contains("net_null_b"));
  EXPECT_EQ(engine.running().generation, 1u);
}

// ---- all or nothing -----------------------------------------------------------------------------

struct Failure {
  const char* name;
  void (*inject)(FakePlane&, MemoryStore&);
  std::string text;
  const char* says;
};

class EngineRefuses : public EngineTest, public testing::WithParamInterface<Failure> {
 protected:
  EngineRefuses() : EngineTest({.vpcs = 4}) {}
};

TEST_P(EngineRefuses, AndChangesNothing) {
  start(yaml("ab", "ab"));
  const auto before = engine.running();
  const auto occupancy = programmer.occupancy();
  const auto* fib = plane.current_fib();
  const auto open = plane.open;
  const auto stored = store.newest();

  GetParam().inject(plane, store);
  const auto committed = engine.apply(config(GetParam().text));
  ASSERT_FALSE(committed);
  EXPECT_THAT(committed.error().message, HasSubstr(GetParam().says));

  EXPECT_EQ(plane.current_fib(), fib);
  EXPECT_EQ(plane.count("publish"), 0);
  EXPECT_EQ(plane.count("configure"), 0);
  EXPECT_EQ(plane.open, open);
  EXPECT_EQ(store.newest(), stored);
  EXPECT_EQ(engine.running().model, before.model);
  EXPECT_EQ(engine.running().rib(), before.rib());
  EXPECT_EQ(engine.running().routes.arrivals, before.routes.arrivals);
  EXPECT_EQ(engine.running().generation, before.generation);
  EXPECT_EQ(programmer.occupancy().arena.used_bytes, occupancy.arena.used_bytes);
  EXPECT_EQ(programmer.occupancy().vpcs, occupancy.vpcs);
  EXPECT_EQ(programmer.occupancy().tables, occupancy.tables);

  plane.broken.clear();
  store.full = false;
  EXPECT_EQ(commit(yaml("abcd", "abcd")).generation, before.generation + 1);
}

INSTANTIATE_TEST_SUITE_P(
    EveryStep, EngineRefuses,
    testing::Values(
        Failure{"WrongText", [](auto&, auto&) {}, "version: 1\nregion: r\nnonsense: 1\n", "error"},
        Failure{"DeviceThatCannotBeOpened",
                [](FakePlane& plane, auto&) { plane.broken = {"net_null_d"}; },
                yaml("abcd", "abcd"), "net_null_d broken"},
        Failure{"NoRoomInTheFib", [](auto&, auto&) {}, yaml("abcde", "abcde"), "limit 4"},
        Failure{"DiskFull", [](auto&, MemoryStore& store) { store.full = true; },
                yaml("abc", "abc"), "the disk is full"}),
    [](const auto& failure) { return failure.param.name; });

}  // namespace
}  // namespace bgw::test
