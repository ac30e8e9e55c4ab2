// Memory: what is handed out, retired, reused, and how it is told.
#include "lpm/blocks.h"
#include "lpm/poison.h"
#include "tests/unit/lpm/fixture.h"

namespace bgw::lpm::test {
namespace {

using ArenaTest = TableTest;

TEST(SizeClasses, HoldWhatTheyAreAskedForAndWasteAQuarterAtMost) {
  for (std::uint32_t units = 1; units <= units_of(class_count - 1); units += 1 + units / 50) {
    const SizeClass size_class = class_for(units);
    ASSERT_LT(size_class, class_count);
    EXPECT_GE(units_of(size_class), units);
    EXPECT_LE(units_of(size_class), units + units / 4);
    if (size_class > 0) {
      EXPECT_LT(units_of(size_class - 1), units) << "a smaller one would do";
    }
    EXPECT_EQ(class_for(units_of(size_class)), size_class);
  }
}

TEST(Blocks, AreDistinctAndReusedOnceFree) {
  Blocks blocks(1 << 20, false);
  const auto a = blocks.allocate(4);
  const auto b = blocks.allocate(4);
  ASSERT_TRUE(a && b);
  EXPECT_TRUE(a->zero);
  EXPECT_NE(a->unit, b->unit);
  EXPECT_EQ(blocks.used_bytes(), 8 * unit_bytes);
  blocks.free(a->unit, 4);
  const auto c = blocks.allocate(4);
  ASSERT_TRUE(c);
  EXPECT_EQ(c->unit, a->unit);
  EXPECT_FALSE(c->zero);
}

TEST(Blocks, LargeFreeOnesAreSplitBeforeTheArenaGrows) {
  Blocks blocks(1 << 20, false);
  const auto large = blocks.allocate(1000);
  ASSERT_TRUE(large);
  const std::size_t committed = blocks.committed_bytes();
  blocks.free(large->unit, large->units);
  std::vector<bool> taken(blocks.reserved_bytes() / unit_bytes);
  for (std::uint32_t units = 0; units < large->units; units += 8) {
    const auto part = blocks.allocate(8);
    ASSERT_TRUE(part);
    for (std::uint32_t u = part->unit; u < part->unit + 8; ++u) {
      EXPECT_FALSE(taken[u]);
      taken[u] = true;
    }
  }
  EXPECT_EQ(blocks.committed_bytes(), committed);
}

TEST(Blocks, ReadableFromTheFirstEntryOn) {
  const Blocks blocks(0, false);
  EXPECT_EQ(load_entry(blocks.entries(), 0), no_entry);
}

TEST(ArenaOptions, SpanIsCutToWhatIndicesReach) {
  const Arena arena({.max_bytes = SIZE_MAX, .huge_pages = false});
  EXPECT_EQ(arena.occupancy().reserved_bytes, std::size_t{16} << 30);
}

TEST(ArenaOptions, WorksWithAndWithoutHugePages) {
  for (const bool huge_pages : {false, true}) {
    Arena arena({.max_bytes = std::size_t{64} << 20, .huge_pages = huge_pages});
    std::vector<Ipv4Route> routes;
    for (std::uint32_t i = 0; i < 1u << 20; i += 3) routes.push_back(route(i << 8, 24, i));
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
  }
}

TEST_F(ArenaTest, BaseNeverMoves) {
  const std::uint32_t* base = arena.base();
  std::vector<Ipv4Table> tables;
  for (unsigned i = 0; i < 200; ++i) tables.push_back(build({route(i << 16, 8 + i % 9, 1)}));
  EXPECT_EQ(arena.base(), base);
}

TEST_F(ArenaTest, RetiredBlocksKeepTheirAnswersUntilReclaimed) {
  const std::vector<Ipv4Route> routes = {route(ip(10, 0, 0, 0), 16, 1),
                                         route(ip(10, 0, 7, 0), 28, 2)};
  TableDescriptor old;
  {
    const Ipv4Table table = build(routes);
    old = table.descriptor();
  }
  EXPECT_EQ(arena.occupancy().used_bytes, 0u);
  const std::size_t retired = arena.occupancy().retired_bytes;
  EXPECT_GT(retired, 0u);
  // Others come and go; nothing of the old table is touched before reclaim().
  const Ipv4Table other = build({route(ip(10, 0, 0, 0), 16, 8), route(ip(10, 0, 7, 0), 28, 9)});
  EXPECT_EQ(lookup(arena.base(), old, ip(10, 0, 7, 1)), 2u);
  EXPECT_EQ(lookup(arena.base(), old, ip(10, 0, 8, 1)), 1u);
  EXPECT_NE(other.descriptor().root, old.root);

  const std::size_t committed = arena.occupancy().committed_bytes;
  reclaim_all();
  EXPECT_EQ(arena.occupancy().retired_bytes, 0u);
  const Ipv4Table reuser = build(routes);
  EXPECT_EQ(arena.occupancy().committed_bytes, committed) << "reclaimed blocks were not reused";
}

TEST_F(ArenaTest, ReclaimFreesOnlyWhatWasRetiredBeforeTheEpoch) {
  { const Ipv4Table early = build({route(ip(10, 0, 0, 0), 16, 1)}); }
  const std::uint64_t epoch = arena.retire_epoch();
  const std::size_t early_bytes = arena.occupancy().retired_bytes;
  TableDescriptor late_descriptor;
  {
    const Ipv4Table late = build({route(ip(10, 0, 0, 0), 16, 2)});
    late_descriptor = late.descriptor();
  }
  const std::size_t both_bytes = arena.occupancy().retired_bytes;
  EXPECT_GT(early_bytes, 0u);
  arena.reclaim(epoch);
  EXPECT_EQ(arena.occupancy().retired_bytes, both_bytes - early_bytes);
  arena.reclaim(epoch);
  EXPECT_EQ(arena.occupancy().retired_bytes, both_bytes - early_bytes);
  const Ipv4Table other = build({route(ip(10, 0, 0, 0), 16, 3)});
  EXPECT_EQ(lookup(arena.base(), late_descriptor, ip(10, 0, 1, 1)), 2u);
  reclaim_all();
  EXPECT_EQ(arena.occupancy().retired_bytes, 0u);
}

TEST_F(ArenaTest, ChurnWithReclaimDoesNotGrowTheArena) {
  Ipv4Table table = build({route(ip(10, 0, 0, 0), 8, 1)});
  bool republish = false;
  const auto churn = [&] {
    for (std::uint32_t i = 0; i < 500; ++i) {
      const Ipv4Route r = route(ip(10, 0, 0, 0) + i * 977, 25 + i % 8, i);
      ASSERT_TRUE(table.add(r, &republish));
      ASSERT_TRUE(table.remove(r.address, r.length, &republish));
      if (i % 50 == 49) reclaim_all();
    }
  };
  churn();
  const std::size_t committed = arena.occupancy().committed_bytes;
  for (int i = 0; i < 20; ++i) churn();
  EXPECT_EQ(arena.occupancy().committed_bytes, committed);
}

TEST_F(ArenaTest, FailedBuildGivesEverythingBack) {
  const std::vector<Ipv4Route> routes = {route(ip(10, 0, 0, 0), 30, 1), {ip(10, 0, 0, 1), 30, 2}};
  EXPECT_EQ(Ipv4Table::build(arena, routes, {}).error(), Error::bad_route);
  EXPECT_EQ(arena.occupancy().used_bytes, 0u);
  EXPECT_EQ(arena.occupancy().retired_bytes, 0u);
}

#ifdef BGW_LPM_ASAN  // what only AddressSanitizer sees
using ArenaDeathTest = TableTest;

TEST_F(ArenaDeathTest, AddressSanitizerSeesReclaimedBlocks) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  TableDescriptor stale;
  {
    const Ipv4Table table = build({route(ip(10, 0, 0, 0), 16, 1)});
    stale = table.descriptor();
  }
  EXPECT_EQ(lookup(arena.base(), stale, ip(10, 0, 1, 1)), 1u) << "readers may still be there";
  reclaim_all();
  EXPECT_DEATH(lookup(arena.base(), stale, ip(10, 0, 1, 1)), "use-after-poison");
}

TEST_F(ArenaDeathTest, AddressSanitizerSeesWhatWasNeverHandedOut) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  const Ipv4Table table = build({route(ip(10, 0, 0, 0), 16, 1)});
  TableDescriptor wrong = table.descriptor();
  wrong.size = 100'000;
  EXPECT_DEATH(lookup(arena.base(), wrong, ip(10, 200, 1, 1)), "use-after-poison");
}
#endif

}  // namespace
}  // namespace bgw::lpm::test
