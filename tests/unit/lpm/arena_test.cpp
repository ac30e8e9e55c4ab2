// The arena as tables use it: memory retired, reused, and how it is told.
#include <vector>

#include "lpm/poison.h"  // BGW_LPM_ASAN
#include "tests/unit/lpm/fixture.h"

namespace bgw::lpm::test {
namespace {

TEST(ArenaOptions, SpanIsCutToWhatIndicesReach) {
  const Arena arena({.max_bytes = SIZE_MAX, .huge_pages = false});
  EXPECT_EQ(arena.occupancy().reserved_bytes, std::size_t{4} << 30);
}

TEST(ArenaOptions, WorksWithAndWithoutHugePages) {
  for (const bool huge_pages : {false, true}) {
    Arena arena({.max_bytes = std::size_t{64} << 20, .huge_pages = huge_pages});
    std::vector<Ipv4Route> routes;
    for (std::uint32_t i = 0; i < 1u << 20; i += 3) {
      routes.push_back(route<Ipv4Address>(i << 8, 24, i));
    }
    const auto table = Ipv4Table::build(arena, routes, {});
    ASSERT_TRUE(table);
    for (std::uint32_t i = 0; i < 1u << 20; ++i) {
      ASSERT_EQ(lookup(arena.base(), table->descriptor(), i << 8 | 5), i % 3 == 0 ? i : 0);
    }
    const Arena::Occupancy occupancy = arena.occupancy();
    if (!huge_pages) {
      EXPECT_EQ(occupancy.huge_page_bytes, 0u);
    }
    EXPECT_GE(occupancy.reserved_bytes, occupancy.committed_bytes);
    EXPECT_GE(occupancy.committed_bytes, occupancy.used_bytes);
    EXPECT_EQ(occupancy.used_bytes, table->used_bytes());
    EXPECT_GT(occupancy.heap_bytes, 0u) << "notes about the table's blocks";
  }
}

template <typename Address>
class ArenaTest : public TableTest<Address> {
 protected:
  static Route<Address> subnet(unsigned length, Value value) {
    return place<Address>(ip(10, 0, 0, 0), length, value);
  }
};
TYPED_TEST_SUITE(ArenaTest, Families, FamilyNames);

TYPED_TEST(ArenaTest, BaseNeverMoves) {
  const std::uint32_t* base = this->arena.base();
  std::vector<Table<TypeParam>> tables;
  for (unsigned i = 0; i < 2000; ++i) {
    tables.push_back(this->build({place<TypeParam>(i << 16, 8 + i % 9, 1)}));
  }
  EXPECT_EQ(this->arena.base(), base);
}

TYPED_TEST(ArenaTest, RetiredBlocksKeepTheirAnswersUntilReclaimed) {
  const auto routes = [](Value wide, Value narrow) {
    return std::vector{place<TypeParam>(ip(10, 0, 0, 0), 16, wide),
                       place<TypeParam>(ip(10, 0, 7, 0), 28, narrow)};
  };
  TableDescriptor<TypeParam> old;
  {
    const Table<TypeParam> table = this->build(routes(1, 2));
    old = table.descriptor();
  }
  EXPECT_EQ(this->arena.occupancy().used_bytes, 0u);
  EXPECT_GT(this->arena.occupancy().retired_bytes, 0u);
  // Others come and go; nothing of the old table is touched before reclaim().
  const Table<TypeParam> other = this->build(routes(8, 9));
  EXPECT_EQ(this->lookup_all_ways(old, place<TypeParam>(10, 0, 7, 1)), 2u);
  EXPECT_EQ(this->lookup_all_ways(old, place<TypeParam>(10, 0, 8, 1)), 1u);
  EXPECT_NE(other.descriptor().root, old.root);

  const std::size_t committed = this->arena.occupancy().committed_bytes;
  this->reclaim_all();
  EXPECT_EQ(this->arena.occupancy().retired_bytes, 0u);
  const Table<TypeParam> reuser = this->build(routes(1, 2));
  EXPECT_EQ(this->arena.occupancy().committed_bytes, committed)
      << "reclaimed blocks were not reused";
}

TYPED_TEST(ArenaTest, ReclaimFreesOnlyWhatWasRetiredBeforeTheEpoch) {
  const TypeParam inside = place<TypeParam>(10, 0, 1, 1);
  { const Table<TypeParam> early = this->build({this->subnet(16, 1)}); }
  const std::uint64_t epoch = this->arena.retire_epoch();
  const std::size_t early_bytes = this->arena.occupancy().retired_bytes;
  TableDescriptor<TypeParam> late_descriptor;
  {
    const Table<TypeParam> late = this->build({this->subnet(16, 2)});
    late_descriptor = late.descriptor();
  }
  const std::size_t both_bytes = this->arena.occupancy().retired_bytes;
  EXPECT_GT(early_bytes, 0u);
  this->arena.reclaim(epoch);
  EXPECT_EQ(this->arena.occupancy().retired_bytes, both_bytes - early_bytes);
  this->arena.reclaim(epoch);
  EXPECT_EQ(this->arena.occupancy().retired_bytes, both_bytes - early_bytes);
  const Table<TypeParam> other = this->build({this->subnet(16, 3)});
  EXPECT_EQ(this->lookup_all_ways(late_descriptor, inside), 2u);
  this->reclaim_all();
  EXPECT_EQ(this->arena.occupancy().retired_bytes, 0u);
}

TYPED_TEST(ArenaTest, ChurnWithReclaimDoesNotGrowTheArena) {
  Table<TypeParam> table = this->build({this->subnet(8, 1)});
  bool republish = false;
  const auto churn = [&] {
    for (std::uint32_t i = 0; i < 500; ++i) {
      const auto r = place<TypeParam>(ip(10, 0, 0, 0) + i * 977, 25 + i % 8, i);
      ASSERT_TRUE(table.add(r, &republish));
      ASSERT_TRUE(table.remove(r.address, r.length, &republish));
      if (i % 50 == 49) this->reclaim_all();
    }
  };
  churn();
  const std::size_t committed = this->arena.occupancy().committed_bytes;
  for (int i = 0; i < 20; ++i) churn();
  EXPECT_EQ(this->arena.occupancy().committed_bytes, committed);
}

TYPED_TEST(ArenaTest, WhatSmallTablesLeaveServesALargeOne) {
  const auto many = [](std::uint32_t first, unsigned count) {
    std::vector<Route<TypeParam>> routes;
    for (unsigned i = 0; i < count; ++i) {
      routes.push_back(place<TypeParam>(first + (i << 8), 24 + i % 5, i));
    }
    return routes;
  };
  {
    std::vector<Table<TypeParam>> tables;
    for (std::uint32_t i = 0; i < 1'000; ++i) tables.push_back(this->build(many(i << 16, 200)));
  }
  this->reclaim_all();
  const std::size_t committed = this->arena.occupancy().committed_bytes;
  const Table<TypeParam> large = this->build(many(0, 100'000));
  EXPECT_EQ(this->arena.occupancy().committed_bytes, committed);
  EXPECT_GT(large.used_bytes(), committed / 4) << "too small to show anything";
}

TYPED_TEST(ArenaTest, FailedBuildGivesEverythingBack) {
  const std::vector<Route<TypeParam>> routes = {this->subnet(30, 1),
                                                {place<TypeParam>(10, 0, 0, 0) + 1, 30, 2}};
  EXPECT_EQ(Table<TypeParam>::build(this->arena, routes, {}).error(), Error::bad_route);
  EXPECT_EQ(this->arena.occupancy().used_bytes, 0u);
  EXPECT_EQ(this->arena.occupancy().retired_bytes, 0u);
}

#ifdef BGW_LPM_ASAN  // what only AddressSanitizer sees
template <typename Address>
class ArenaDeathTest : public ArenaTest<Address> {};
TYPED_TEST_SUITE(ArenaDeathTest, Families, FamilyNames);

TYPED_TEST(ArenaDeathTest, AddressSanitizerSeesReclaimedBlocks) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  TableDescriptor<TypeParam> stale;
  {
    const Table<TypeParam> table = this->build({this->subnet(16, 1)});
    stale = table.descriptor();
  }
  const TypeParam inside = place<TypeParam>(10, 0, 1, 1);
  EXPECT_EQ(lookup(this->arena.base(), stale, inside), 1u) << "readers may still be there";
  this->reclaim_all();
  EXPECT_DEATH(lookup(this->arena.base(), stale, inside), "use-after-poison");
}

TYPED_TEST(ArenaDeathTest, AddressSanitizerSeesWhatWasNeverHandedOut) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const Table<TypeParam> table = this->build({this->subnet(16, 1)});
  TableDescriptor<TypeParam> wrong = table.descriptor();
  wrong.size = 100'000;
  EXPECT_DEATH(lookup(this->arena.base(), wrong, place<TypeParam>(10, 200, 1, 1)),
               "use-after-poison");
}
#endif

}  // namespace
}  // namespace bgw::lpm::test
