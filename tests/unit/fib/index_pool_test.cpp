// Indices are counted, come back after a grace period, and a round can be taken back.
#include "control/fib/index_pool.h"

#include <map>
#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "control/fib/shared_map.h"

namespace bgw::test {
namespace {

using Pool = control::IndexPool<std::string>;

TEST(IndexPool, AnIndexStaysUntilItsLastReferenceIsGone) {
  Pool pool(1, 10);
  EXPECT_EQ(pool.acquire("a"), 1u);
  EXPECT_EQ(pool.acquire("a"), 1u);
  EXPECT_EQ(pool.acquire("b"), 2u);
  pool.keep();
  pool.release(1);
  pool.keep();
  EXPECT_EQ(pool.find("a"), 1u);
  pool.release(1);
  EXPECT_EQ(pool.find("a"), 1u) << "until the round is kept";
  pool.keep();
  EXPECT_EQ(pool.find("a"), std::nullopt);
  EXPECT_EQ(pool.acquire("c"), 3u) << "readers may still see index 1";
  EXPECT_EQ(pool.reclaim(), std::vector<std::uint32_t>{1});
  EXPECT_EQ(pool.acquire("d"), 1u);
}

TEST(IndexPool, GivesNoMoreThanItHas) {
  Pool pool(1, 3);
  EXPECT_TRUE(pool.acquire("a"));
  EXPECT_TRUE(pool.acquire("b"));
  EXPECT_EQ(pool.acquire("c"), std::nullopt);
  EXPECT_EQ(pool.acquire("b"), 2u);
  pool.abandon();
  EXPECT_EQ(pool.size(), 0u);
  EXPECT_TRUE(pool.acquire("c"));
}

TEST(IndexPool, AKeyReleasedAndAcquiredInOneRoundKeepsItsIndex) {
  Pool pool(0, 10);
  pool.acquire("a");
  pool.keep();
  pool.release(0);
  EXPECT_EQ(pool.acquire("a"), 0u);
  pool.keep();
  EXPECT_EQ(pool.find("a"), 0u);
  EXPECT_TRUE(pool.retired().empty());
}

// Against a map of counts.
TEST(IndexPool, RandomRounds) {
  std::mt19937 random(3);
  Pool pool(5, 40);
  std::map<std::string, unsigned> kept;
  std::set<std::uint32_t> waiting;  // for reclaim()
  for (unsigned round = 0; round < 20'000; ++round) {
    auto counts = kept;
    for (unsigned i = random() % 8; i > 0; --i) {
      const std::string key(1, static_cast<char>('a' + random() % 26));
      if (random() % 2 == 0) {
        const auto index = pool.acquire(key);
        if (!index) continue;
        ASSERT_FALSE(waiting.contains(*index));
        ++counts[key];
      } else if (counts[key] > 0) {
        pool.release(*pool.find(key));
        --counts[key];
      }
    }
    if (random() % 3 == 0) {
      pool.abandon();
    } else {
      pool.keep();
      kept = counts;
      waiting.insert(pool.retired().begin(), pool.retired().end());
    }
    if (random() % 4 == 0) {
      for (const auto index : pool.reclaim()) ASSERT_EQ(waiting.erase(index), 1u);
      ASSERT_TRUE(waiting.empty());
    }
    std::set<std::uint32_t> indices;
    for (const auto& [key, count] : kept) {
      const auto index = pool.find(key);
      ASSERT_EQ(index.has_value(), count > 0) << key;
      if (!index) continue;
      ASSERT_TRUE(indices.insert(*index).second);
      ASSERT_EQ(*pool.key_of(*index), key);
    }
    ASSERT_EQ(pool.size(), indices.size());
  }
}

TEST(SharedMap, CopiesAreApart) {
  using Map = control::SharedMap<std::string, int>;
  Map first;
  for (int i = 0; i < 1000; ++i) Map::Edit(first).put(std::to_string(i), i);
  Map second = first;
  {
    Map::Edit edit(second);
    for (int i = 0; i < 1000; i += 2) edit.erase(std::to_string(i));
    edit.erase("absent");
    edit.put("1", -1);
    edit.put("new", 7);
  }
  EXPECT_EQ(first.size(), 1000u);
  EXPECT_EQ(second.size(), 501u);
  EXPECT_EQ(*first.find("1"), 1);
  EXPECT_EQ(*first.find("2"), 2);
  EXPECT_EQ(*second.find("1"), -1);
  EXPECT_EQ(second.find("2"), nullptr);
  EXPECT_EQ(first.find("new"), nullptr);
  std::size_t seen = 0;
  second.for_each([&](const std::string& key, int value) {
    ++seen;
    EXPECT_EQ(*second.find(key), value);
  });
  EXPECT_EQ(seen, second.size());
}

}  // namespace
}  // namespace bgw::test
