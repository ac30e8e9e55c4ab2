// Memory: what is handed out, retired, reused, and how it is told.
#include <algorithm>
#include <optional>
#include <random>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "lpm/blocks.h"
#include "lpm/free_blocks.h"
#include "lpm/poison.h"
#include "lpm/unit_marks.h"
#include "tests/unit/lpm/fixture.h"

namespace bgw::lpm::test {
namespace {

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
  EXPECT_GE(blocks.heap_bytes(), committed / 64) << "a bit per unit";
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

// Fresh ones, reused ones and parts of larger ones.
TEST(Blocks, CrossNoMoreCacheLinesThanTheyMust) {
  Blocks blocks(8 << 20, false);
  std::mt19937 random(7);
  std::vector<Blocks::Block> held;
  for (unsigned step = 0; step < 20'000; ++step) {
    if (held.size() > 200) {
      std::swap(held[random() % held.size()], held.back());
      blocks.free(held.back().unit, held.back().units);
      held.pop_back();
    }
    const std::uint32_t most = step % 8 == 0 ? 300 : 2 * line_units;
    const auto block = blocks.allocate(static_cast<std::uint32_t>(1 + random() % most));
    ASSERT_TRUE(block);
    held.push_back(*block);
    const std::uint32_t into_line = block->unit % line_units;
    if (block->units > line_units) {
      ASSERT_EQ(into_line, 0u) << block->units << " units";
    } else {
      ASSERT_LE(into_line + block->units, line_units);
    }
  }
}

TEST(Blocks, WhatIsLeftOfALineIsHandedOutToo) {
  Blocks blocks(1 << 20, false);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(blocks.allocate(5));
  const std::size_t committed = blocks.committed_bytes();
  for (const std::uint32_t left : {3, 2}) ASSERT_TRUE(blocks.allocate(left));
  EXPECT_EQ(blocks.committed_bytes(), committed);
}

// Allocates as long as the arena has room; the units asked for are drawn from 1 to `most`.
std::vector<Blocks::Block> fill(Blocks& blocks, std::uint32_t most, std::mt19937& random) {
  std::vector<Blocks::Block> held;
  for (unsigned failures = 0; failures < 100;) {
    const auto block = blocks.allocate(static_cast<std::uint32_t>(1 + random() % most));
    if (block) held.push_back(*block);
    failures += !block;
  }
  return held;
}

void free_all(Blocks& blocks, std::vector<Blocks::Block>& held, std::mt19937& random) {
  std::ranges::shuffle(held, random);
  for (const auto& block : held) blocks.free(block.unit, block.units);
  held.clear();
}

TEST(Blocks, SmallFreeOnesBecomeLargeOnesBeforeTheArenaGrows) {
  Blocks blocks(4 << 20, false);
  std::mt19937 random(3);
  std::vector<Blocks::Block> held;
  while (blocks.used_bytes() < 1 << 20) {
    const auto small = blocks.allocate(static_cast<std::uint32_t>(1 + random() % 20));
    ASSERT_TRUE(small);
    held.push_back(*small);
  }
  free_all(blocks, held, random);
  const std::size_t committed = blocks.committed_bytes();
  const auto large = blocks.allocate((768 << 10) / unit_bytes);
  ASSERT_TRUE(large);
  EXPECT_EQ(blocks.committed_bytes(), committed);
  EXPECT_FALSE(large->zero);
}

TEST(Blocks, AFullArenaServesAnySizeAgainOnceAllIsFree) {
  constexpr std::size_t bytes = 1 << 20;
  Blocks blocks(bytes, false);
  std::mt19937 random(5);
  for (const std::uint32_t most : {1u, 5u, 8u, 40u, 3'000u, 100'000u}) {
    auto held = fill(blocks, most, random);
    EXPECT_GT(blocks.used_bytes(), bytes / 2) << most;
    free_all(blocks, held, random);
    EXPECT_EQ(blocks.used_bytes(), 0u);
    const auto whole = blocks.allocate(units_of(class_for(100'000)));
    ASSERT_TRUE(whole) << "after blocks of up to " << most;
    blocks.free(whole->unit, whole->units);
  }
}

// All blocks of `units` that there is room for, in order of their place.
std::vector<Blocks::Block> fill_with(Blocks& blocks, std::uint32_t units) {
  std::vector<Blocks::Block> held;
  while (const auto block = blocks.allocate(units)) held.push_back(*block);
  std::ranges::sort(held, {}, &Blocks::Block::unit);
  return held;
}

TEST(Blocks, AreAsManyAsTheArenaHolds) {
  constexpr std::uint32_t units = 4'096;
  Blocks blocks(units * unit_bytes, false);
  const auto held = fill_with(blocks, 1);
  EXPECT_EQ(held.size(), units - 1) << "all but unit 0";
  EXPECT_EQ(held.back().unit, units - 1);
}

TEST(Blocks, AFullArenaJoinsTheFewThatAreFree) {
  Blocks blocks(2 << 20, false);
  const auto held = fill_with(blocks, 8);
  const auto freed = std::span(held).subspan(held.size() / 2, 100);
  for (const auto& block : freed) blocks.free(block.unit, block.units);
  const auto block = blocks.allocate(768);
  ASSERT_TRUE(block);
  EXPECT_GE(block->unit, freed.front().unit);
  EXPECT_LE(block->unit + block->units, freed.back().unit + freed.back().units);
}

// What was freed last is still in the caches.
TEST(Blocks, TheArenaRatherGrowsWhileLittleIsFree) {
  Blocks blocks(4 << 20, false);
  std::vector<Blocks::Block> held;
  while (blocks.used_bytes() < 1 << 20) held.push_back(*blocks.allocate(8));
  auto free_next = [&held, &blocks, at = std::size_t{0}](std::size_t bytes) mutable {
    for (const std::size_t end = at + bytes / 64; at < end; ++at) {
      blocks.free(held[at].unit, held[at].units);
    }
  };
  free_next(128 << 10);
  const std::size_t committed = blocks.committed_bytes();
  ASSERT_TRUE(blocks.allocate(1'024));
  EXPECT_EQ(blocks.committed_bytes(), committed + 1'024 * unit_bytes);
  free_next(192 << 10);
  ASSERT_TRUE(blocks.allocate(1'024));
  EXPECT_EQ(blocks.committed_bytes(), committed + 1'024 * unit_bytes);
}

// What is left of a block lies beside others again.
TEST(Blocks, WhatIsLeftOfAFreeBlockIsJoinedToo) {
  Blocks blocks(10 << 20, false);
  for (const auto& block : fill_with(blocks, 1)) blocks.free(block.unit, block.units);
  ASSERT_TRUE(blocks.allocate(1 << 19));
  EXPECT_TRUE(blocks.allocate(655'360));
}

// Runs of more units than a block can have: 128 MiB.
TEST(Blocks, ALargeArenaIsJoinedPieceByPiece) {
  Blocks blocks(std::size_t{300} << 20, false);
  for (const auto& block : fill_with(blocks, 1 << 16)) blocks.free(block.unit, block.units);
  ASSERT_TRUE(blocks.allocate(1 << 24));
  EXPECT_TRUE(blocks.allocate(1 << 24));
}

// Blocks of few and of many units are handed out in turns and given back in any order, until the
// memory is full again and again; none may be handed out twice. Returns how often it was full.
template <typename Allocate, typename GiveBack>
unsigned churn(unsigned steps, std::vector<bool>& free, Allocate allocate, GiveBack give_back) {
  std::mt19937 random(13);
  std::vector<Blocks::Block> held;
  unsigned refused = 0;
  for (unsigned step = 0; step < steps; ++step) {
    const std::uint32_t most = step / 500 % 2 == 0 ? 12 : 900;
    const std::optional<Blocks::Block> block =
        allocate(static_cast<std::uint32_t>(1 + random() % most));
    refused += !block;
    if (block) {
      for (std::uint32_t u = block->unit; u < block->unit + block->units; ++u) {
        if (!free.at(u)) throw std::logic_error("handed out twice");
        free[u] = false;
      }
      held.push_back(*block);
    }
    for (std::size_t gone = block ? random() % 3 : 20; gone > 0 && !held.empty(); --gone) {
      std::swap(held[random() % held.size()], held.back());
      const Blocks::Block old = held.back();
      std::fill_n(free.begin() + old.unit, old.units, true);
      give_back(old);
      held.pop_back();
    }
  }
  return refused;
}

// All but unit 0.
std::vector<bool> free_units(std::uint32_t units) {
  std::vector<bool> free(units, true);
  free[0] = false;
  return free;
}

TEST(FreeBlocks, AreWhatWasAddedAndNotTaken) {
  constexpr std::uint32_t units = 1 << 15;
  std::vector<std::uint32_t> entries(units * unit_entries);
  FreeBlocks blocks(entries.data());
  ASSERT_TRUE(blocks.make_room(units));
  EXPECT_GE(blocks.heap_bytes(), units / 8);
  blocks.add_gap(1, units - 1);
  std::vector<bool> free = free_units(units);
  unsigned joined = 0;
  const unsigned refused = churn(
      50'000, free,
      [&](std::uint32_t wanted) -> std::optional<Blocks::Block> {
        EXPECT_EQ(blocks.units(), static_cast<std::uint64_t>(std::ranges::count(free, true)));
        const SizeClass size_class = class_for(wanted);
        auto unit = blocks.take(size_class);
        if (!unit) {
          unit = blocks.take_joined(size_class, 0);
          joined += unit.has_value();
        }
        if (!unit) return std::nullopt;
        return Blocks::Block{*unit, units_of(size_class)};
      },
      [&](const Blocks::Block& old) { blocks.add(old.unit, class_for(old.units)); });
  EXPECT_GT(joined, 100u);
  EXPECT_GT(refused, 10u);
  unpoison_units(entries.data(), 0, units);
}

// What a search has not found is not searched for again before enough has been added.
TEST(FreeBlocks, AreNotSearchedInVainAgainAndAgain) {
  constexpr std::uint32_t units = 1 << 12;
  std::vector<std::uint32_t> entries(units * unit_entries);
  FreeBlocks blocks(entries.data());
  ASSERT_TRUE(blocks.make_room(units));
  const SizeClass small = class_for(8);
  const SizeClass large = class_for(1'016);
  for (std::uint32_t unit = 8; unit < units; unit += 16) blocks.add(unit, small);
  EXPECT_FALSE(blocks.take_joined(large, 1'016));
  for (std::uint32_t unit = 16; unit < units / 2; unit += 16) blocks.add(unit, small);
  EXPECT_FALSE(blocks.take_joined(large, 1'016)) << "1,016 units have been added";
  EXPECT_TRUE(blocks.take_joined(class_for(512), 1'016)) << "less was not searched for";
  blocks.add(units / 2, small);
  EXPECT_TRUE(blocks.take_joined(large, 1'016));
  unpoison_units(entries.data(), 0, units);
}

TEST(UnitMarksProperty, FindWhatASearchUnitByUnitFinds) {
  constexpr std::uint32_t units = 2'000;
  constexpr std::uint32_t alignment = 8;
  std::mt19937 random(17);
  unsigned hits = 0;
  unsigned misses = 0;
  for (unsigned round = 0; round < 300; ++round) {
    UnitMarks marks;
    ASSERT_TRUE(marks.make_room(units));
    std::vector<bool> marked(units);
    for (unsigned step = 0; step < 60; ++step) {
      const auto first = static_cast<std::uint32_t>(random() % units);
      const auto count = std::min(static_cast<std::uint32_t>(random() % 400), units - first);
      const bool value = random() % 2 == 0;
      marks.set(first, count, value);
      std::fill_n(marked.begin() + first, count, value);
      const auto wanted = 1 + static_cast<std::uint32_t>(random() % 300);
      std::uint32_t longest = 0;
      for (std::uint32_t u = 0, run = 0; u < units; ++u) {
        run = marked[u] ? run + 1 : 0;
        longest = std::max(longest, run);
      }
      const auto found = marks.find(wanted, alignment, 100);
      if (!found) {
        ++misses;
        EXPECT_LT(longest, std::max(wanted + alignment, 127u));
        continue;
      }
      ++hits;
      EXPECT_TRUE(found->begin == 0 || !marked[found->begin - 1]);
      EXPECT_EQ(found->aligned, (found->begin + alignment - 1) / alignment * alignment);
      EXPECT_GE(found->end, found->aligned + wanted);
      EXPECT_LE(found->end, found->begin + wanted + alignment + 100 + 2 * 64);
      EXPECT_EQ(std::count(marked.begin() + found->begin, marked.begin() + found->end, false), 0);
    }
  }
  EXPECT_GT(hits, 1'000u);
  EXPECT_GT(misses, 1'000u);
}

TEST(Blocks, NeverOverlapNorLeaveTheArena) {
  constexpr std::size_t bytes = 256 << 10;
  Blocks blocks(bytes, false);
  std::vector<bool> free = free_units(bytes / unit_bytes);
  const unsigned refused = churn(
      200'000, free,
      [&](std::uint32_t units) {
        const auto block = blocks.allocate(units);
        // AddressSanitizer: all of it may be written.
        if (block)
          std::fill_n(&blocks.entries()[block->unit * unit_entries], block->units * unit_entries,
                      ~0u);
        return block;
      },
      [&](const Blocks::Block& old) { blocks.free(old.unit, old.units); });
  EXPECT_GT(refused, 10u);
}

TEST(Blocks, ReadableFromTheFirstEntryOn) {
  const Blocks blocks(0, false);
  EXPECT_EQ(*reinterpret_cast<const std::uint32_t*>(blocks.entries()), 0u);
}

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
