// What is free: blocks by size, and units by their bits.
#include "lpm/free_blocks.h"

#include <algorithm>
#include <optional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "lpm/poison.h"
#include "lpm/unit_marks.h"
#include "tests/unit/lpm/churn.h"

namespace bgw::lpm::test {
namespace {

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

}  // namespace
}  // namespace bgw::lpm::test
