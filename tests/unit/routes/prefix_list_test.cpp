// Long lists that share what did not change, against plain ones.
#include "control/routes/prefix_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace bgw::test {
namespace {

struct Thing {
  config::IpPrefix prefix;
  int value = 0;
  friend bool operator==(const Thing&, const Thing&) = default;
};
using Things = control::PrefixList<Thing>;

class RandomPrefixes {
 public:
  explicit RandomPrefixes(std::uint32_t seed) : random_(seed) {}
  std::size_t below(std::size_t bound) { return random_() % bound; }
  config::IpPrefix any() {
    const auto address = config::IpAddress::v4(static_cast<std::uint32_t>(below(2048)) << 8);
    return config::IpPrefix::around(address, static_cast<std::uint8_t>(13 + below(12)));
  }

 private:
  std::mt19937 random_;
};

std::vector<Thing> plain(const Things& things) {
  return {things.begin(), things.end()};
}

void expect_searches_agree(const Things& things, const std::vector<Thing>& expected,
                           const config::IpPrefix& prefix) {
  const auto position = [&](auto iterator) { return iterator - things.begin(); };
  const auto first = std::ranges::lower_bound(expected, prefix, {}, &Thing::prefix);
  const auto last = std::ranges::upper_bound(expected, prefix, {}, &Thing::prefix);
  ASSERT_EQ(position(things.lower_bound(prefix)), first - expected.begin());
  ASSERT_EQ(position(things.upper_bound(prefix)), last - expected.begin());
  ASSERT_TRUE(std::ranges::equal(things.at(prefix), std::vector<Thing>(first, last)));
  std::vector<Thing> inside;
  std::ranges::copy_if(expected, std::back_inserter(inside),
                       [&](const Thing& thing) { return prefix.contains(thing.prefix); });
  ASSERT_TRUE(std::ranges::equal(things.inside(prefix), inside));
}

TEST(PrefixList, random_edits_searches_and_differences) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    RandomPrefixes random(seed);
    std::vector<Thing> expected;
    for (std::size_t i = random.below(3000); i > 0; --i) expected.push_back({random.any(), 0});
    std::ranges::stable_sort(expected, {}, &Thing::prefix);
    Things things(expected);
    for (int round = 0; round < 60; ++round) {
      ASSERT_EQ(plain(things), expected);
      ASSERT_EQ(things.size(), expected.size());
      const Things before = things;
      const std::vector<Thing> expected_before = expected;
      std::map<config::IpPrefix, std::vector<Thing>> edits;
      // Now and then many, also such as leave whole chunks empty.
      for (std::size_t i = random.below(10) == 0 ? 2000 : random.below(6); i > 0; --i) {
        const auto prefix = random.any();
        auto& put = edits[prefix];
        put.clear();
        for (std::size_t n = random.below(3); n > 0; --n) {
          put.push_back({prefix, static_cast<int>(random.below(3))});
        }
      }
      std::vector<Things::Edit> list;
      for (const auto& edit : edits) {
        const auto& prefix = edit.first;
        list.push_back({prefix, edit.second});
        std::erase_if(expected, [&](const Thing& thing) { return thing.prefix == prefix; });
        const auto at = std::ranges::lower_bound(expected, prefix, {}, &Thing::prefix);
        expected.insert(at, edit.second.begin(), edit.second.end());
      }
      things = things.edited(std::move(list));
      ASSERT_EQ(plain(before), expected_before);
      ASSERT_NO_FATAL_FAILURE(expect_searches_agree(things, expected, random.any()));
      if (!expected.empty()) {
        const std::size_t at = random.below(expected.size());
        ASSERT_EQ(things[at], expected[at]);
        ASSERT_EQ(*std::prev(things.end()), expected.back());
      }

      std::vector<config::IpPrefix> differing;
      Things::for_each_difference(before, things, [&](const auto& prefix, auto&& a, auto&& b) {
        ASSERT_FALSE(std::ranges::equal(a, b));
        ASSERT_TRUE(std::ranges::equal(a, before.at(prefix)));
        ASSERT_TRUE(std::ranges::equal(b, things.at(prefix)));
        differing.push_back(prefix);
      });
      std::vector<config::IpPrefix> really;
      for (const auto& [prefix, put] : edits) {
        if (!std::ranges::equal(before.at(prefix), things.at(prefix))) really.push_back(prefix);
      }
      ASSERT_EQ(differing, really);
    }
  }
}

}  // namespace
}  // namespace bgw::test
