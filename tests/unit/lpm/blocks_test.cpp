// Parts of the arena: handed out, given back, split and joined.
#include "lpm/blocks.h"

#include <algorithm>
#include <random>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/lpm/churn.h"

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

}  // namespace
}  // namespace bgw::lpm::test
