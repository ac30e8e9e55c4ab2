// Places ascend, and as many as can keep theirs.
#include "control/store/places.h"

#include <algorithm>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bgw::test {
namespace {

using control::keep_places;
using Had = std::vector<std::optional<std::uint64_t>>;

unsigned kept(const Had& had, const std::vector<std::uint64_t>& places) {
  unsigned count = 0;
  for (std::size_t i = 0; i < had.size(); ++i) count += had[i] == places[i] ? 1 : 0;
  return count;
}

TEST(Places, WhatComesLastMovesNothing) {
  const Had had{5, 7, 1'000, std::nullopt, std::nullopt};
  EXPECT_EQ(kept(had, keep_places(had)), 3u);
}

TEST(Places, OneThatMovesIsTheOnlyOneThatDoes) {
  EXPECT_EQ(kept({500, 10, 20, 30}, keep_places({500, 10, 20, 30})), 3u);
  EXPECT_EQ(kept({20, 30, 40, 10}, keep_places({20, 30, 40, 10})), 3u);
}

TEST(Places, WhereThereIsNoRoomAllMove) {
  EXPECT_THAT(keep_places({1, std::nullopt, 2}),
              testing::ElementsAre(1ull << 32, 2ull << 32, 3ull << 32));
  const auto last = (std::uint64_t{1} << 63) - 1;
  const auto places = keep_places({last, std::nullopt});
  EXPECT_LT(places[0], places[1]);
  EXPECT_LT(places[1], last);
}

TEST(Places, AscendWhateverHappens) {
  std::mt19937_64 random(1);
  Had row;
  unsigned moved = 0, changes = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto at = static_cast<std::ptrdiff_t>(random() % (row.size() + 1));
    switch (row.size() < 3 ? 0 : random() % 3) {
      case 0:
        row.insert(row.begin() + at, std::nullopt);
        break;
      case 1:
        row.erase(row.begin() + at % static_cast<std::ptrdiff_t>(row.size()));
        break;
      default:
        std::swap(row[random() % row.size()], row[random() % row.size()]);
    }
    const auto places = keep_places(row);
    ASSERT_TRUE(std::ranges::is_sorted(places, std::ranges::less_equal{})) << "round " << i;
    ASSERT_TRUE(places.empty() || (places.front() > 0 && places.back() >> 63 == 0));
    ASSERT_EQ(std::ranges::adjacent_find(places), places.end());
    moved += static_cast<unsigned>(row.size()) - kept(row, places);
    ++changes;
    row.assign(places.begin(), places.end());
  }
  EXPECT_LT(moved, 3 * changes);
}

}  // namespace
}  // namespace bgw::test
