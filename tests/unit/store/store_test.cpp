// What any store promises, of the one in memory and the one in a file.
#include "control/store/sqlite_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../control/temp_dir.h"
#include "store_workload.h"

namespace bgw::test {
namespace {

using control::GenerationDraft;
using control::Snapshot;
using control::Store;
using control::StoreFault;
using testing::HasSubstr;

enum class Kind { memory, file };

class StoreTest : public testing::TestWithParam<Kind> {
 protected:
  std::unique_ptr<Store> open(std::uint64_t keep = 1000) {
    if (GetParam() == Kind::memory) return control::make_memory_store(keep);
    auto store = control::open_sqlite_store(
        {.file = dir.file("state.db"), .witness = dir.file("acknowledged"), .keep = keep});
    EXPECT_TRUE(store) << store.error().message;
    return std::move(*store);
  }
  // Another process's view of the file; the same store if there is none.
  void reopen(std::unique_ptr<Store>& store) {
    if (GetParam() == Kind::memory) return;
    store.reset();
    store = open();
  }
  TempDir dir{memory_files()};
};

GenerationDraft draft(std::uint64_t base, std::vector<control::Record> put) {
  GenerationDraft made;
  made.base = base;
  made.info.number = base + 1;
  made.changes.put = std::move(put);
  return made;
}

TEST_P(StoreTest, IsEmptyAtFirst) {
  const auto store = open();
  const auto loaded = store->load();
  ASSERT_TRUE(loaded);
  EXPECT_FALSE(loaded->has_value());
  EXPECT_EQ(store->newest(), 0u);
  EXPECT_TRUE(store->list(10)->empty());
  EXPECT_EQ(store->load(1).error().fault, StoreFault::unknown);
  EXPECT_FALSE(store->trouble());
}

TEST_P(StoreTest, EveryGenerationComesBackAsItWasAppended) {
  auto store = open();
  Workload workload(7);
  std::vector<Snapshot> all;
  for (int i = 0; i < 120; ++i) {
    const auto appended = store->append(workload.next());
    ASSERT_TRUE(appended) << appended.error().message;
    all.push_back(workload.expected());
    ASSERT_EQ(store->newest(), all.size());
    if (i % 20 == 0) reopen(store);
    ASSERT_EQ(**store->load(), all.back());
  }
  for (const auto& one : all) ASSERT_EQ(*store->load(one.info.number), one);
}

TEST_P(StoreTest, ListsFromTheNewestOn) {
  const auto store = open();
  Workload workload(8);
  std::vector<control::GenerationInfo> all;
  for (int i = 0; i < 25; ++i) {
    ASSERT_TRUE(store->append(workload.next()));
    all.insert(all.begin(), workload.expected().info);
  }
  EXPECT_EQ(*store->list(100), all);
  EXPECT_EQ(*store->list(3), std::vector(all.begin(), all.begin() + 3));
  EXPECT_EQ(*store->list(3, all[2].number), std::vector(all.begin() + 3, all.begin() + 6));
}

TEST_P(StoreTest, WhatWasComputedFromAnOlderGenerationIsOvertaken) {
  const auto store = open();
  Workload workload(9);
  ASSERT_TRUE(store->append(workload.next()));
  auto other = workload;
  ASSERT_TRUE(store->append(workload.next()));
  const auto late = store->append(other.next());
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().fault, StoreFault::overtaken);
  EXPECT_THAT(late.error().message, HasSubstr("generation 2 came in between"));
  EXPECT_EQ(**store->load(), workload.expected());
  EXPECT_EQ(store->append(draft(7, {})).error().fault, StoreFault::overtaken);
}

TEST_P(StoreTest, WhatCannotBeIsRefusedAndChangesNothing) {
  const auto store = open();
  Workload workload(10);
  ASSERT_TRUE(store->append(workload.next()));
  auto missing = draft(1, {{{"vpc", "a", ""}, 1, "{}"}});
  missing.changes.removed.push_back({"vpc", "nobody", ""});
  auto no_route = draft(1, {});
  no_route.changes.arrivals_removed.push_back(
      {"bgw-1", {"nobody", *config::IpPrefix::parse("10.0.0.0/8"), 1, true}});
  auto large = draft(1, {{{"vpc", "a", ""}, 1, std::string(control::max_record_bytes + 1, 'x')}});
  auto gap = draft(1, {});
  gap.info.number = 3;
  for (const auto& wrong : {missing, no_route, large, gap}) {
    const auto appended = store->append(wrong);
    ASSERT_FALSE(appended);
    EXPECT_EQ(appended.error().fault, StoreFault::wrong) << appended.error().message;
    EXPECT_EQ(**store->load(), workload.expected());
  }
  large.changes.put[0].value.pop_back();
  EXPECT_TRUE(store->append(large));
}

TEST_P(StoreTest, FirstGenerationMayHaveAnyNumber) {
  auto store = open();
  auto first = draft(0, {});
  first.info.number = 41;
  ASSERT_TRUE(store->append(first));
  ASSERT_TRUE(store->append(draft(41, {})));
  EXPECT_EQ(store->newest(), 42u);
}

TEST_P(StoreTest, KeepsTheNewestGenerationsOnly) {
  const auto store = open(10);
  Workload workload(11);
  std::vector<Snapshot> all;
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(store->append(workload.next()));
    all.push_back(workload.expected());
  }
  EXPECT_EQ(store->list(1000)->size(), 10u);
  for (const auto& one : all) {
    const auto loaded = store->load(one.info.number);
    if (one.info.number > 50) {
      ASSERT_EQ(*loaded, one);
    } else {
      ASSERT_EQ(loaded.error().fault, StoreFault::unknown);
    }
  }
}

TEST_P(StoreTest, RouteThatIsRemovedAndPutArrivesAnew) {
  const auto store = open();
  const auto route = [](const char* attachment, bool accepted) {
    return control::GatewayArrival{
        "bgw-1", {attachment, *config::IpPrefix::parse("10.0.0.0/8"), 1, accepted}};
  };
  auto first = draft(0, {});
  first.changes.arrivals_put = {route("a", true), route("b", false)};
  ASSERT_TRUE(store->append(first));
  auto second = draft(1, {});
  second.changes.arrivals_put = {route("a", false)};
  ASSERT_TRUE(store->append(second));
  EXPECT_EQ((*store->load())->history.gateways[0].arrivals[0], route("a", false).arrival);
  auto third = draft(2, {});
  third.changes.arrivals_removed = third.changes.arrivals_put = {route("a", true)};
  ASSERT_TRUE(store->append(third));
  EXPECT_EQ((*store->load())->history.gateways[0].arrivals[1], route("a", true).arrival);
}

INSTANTIATE_TEST_SUITE_P(Every, StoreTest, testing::Values(Kind::memory, Kind::file),
                         [](const auto& kind) {
                           return kind.param == Kind::memory ? "memory" : "file";
                         });

}  // namespace
}  // namespace bgw::test
