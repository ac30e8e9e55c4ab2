// Lists that share what did not change.
#include "config/objects.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "config/loader.h"
#include "load_file.h"

namespace bgw::config {
namespace {

struct Thing {
  std::string name;
  int value = 0;
  friend bool operator==(const Thing&, const Thing&) = default;
};
using Things = Objects<Thing>;

std::vector<Thing> values(const Things& things) {
  return {things.begin(), things.end()};
}

TEST(Objects, keep_their_order_and_are_found_by_name) {
  Things things(std::vector<Thing>{{"c", 1}, {"a", 2}});
  things.put({"b", 3});
  things.put({"c", 4});
  EXPECT_EQ(values(things), (std::vector<Thing>{{"c", 4}, {"a", 2}, {"b", 3}}));
  EXPECT_EQ(things.find("a")->value, 2);
  EXPECT_EQ(things.position("b"), 2u);
  EXPECT_EQ(things.find("d"), nullptr);
  EXPECT_TRUE(things.erase("c"));
  EXPECT_FALSE(things.erase("c"));
  EXPECT_EQ(things.position("b"), 1u);
}

TEST(Objects, a_copy_stays_as_it_was) {
  Things before(std::vector<Thing>{{"a", 1}, {"b", 2}});
  Things after = before;
  after.put({"a", 7});
  EXPECT_EQ(before.find("a")->value, 1);
  EXPECT_EQ(before.find("b"), after.find("b"));  // the same, not an equal one
}

// Against a vector and a map, with differences noted by comparing all.
TEST(Objects, random_changes_and_what_differs) {
  std::mt19937 random(1);
  Things things;
  std::vector<Thing> expected;
  for (int step = 0; step < 3000; ++step) {
    const Things before = things;
    for (std::size_t change = random() % 4; change > 0; --change) {
      const std::string name = "n" + std::to_string(random() % 40);
      const auto same = [&](const Thing& thing) { return thing.name == name; };
      if (random() % 3 == 0) {
        EXPECT_EQ(things.erase(name), std::erase_if(expected, same) > 0);
        continue;
      }
      const Thing thing{name, static_cast<int>(random() % 3)};
      things.put(thing);
      const auto at = std::ranges::find_if(expected, same);
      if (at == expected.end()) {
        expected.push_back(thing);
      } else {
        *at = thing;
      }
    }
    ASSERT_EQ(values(things), expected);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ(things.position(expected[i].name), i);
    }

    std::vector<std::string> told;
    const Things shared = shared_with(before, things);
    for_each_difference(before, shared, [&](const auto& a, const auto& b) {
      told.push_back(a ? a->name : b->name);
      ASSERT_TRUE(!a || !b || (a->name == b->name && *a != *b));
    });
    std::map<std::string, int> differing;
    for (const Thing& thing : before) {
      const Thing* now = things.find(thing.name);
      if (now == nullptr || *now != thing) ++differing[thing.name];
    }
    for (const Thing& thing : things) {
      if (before.find(thing.name) == nullptr) ++differing[thing.name];
    }
    std::vector<std::string> names;
    for (const auto& [name, count] : differing) names.push_back(name);
    ASSERT_EQ(told, names);
    ASSERT_TRUE(shared == things);
  }
}

TEST(ValidModel, shares_what_is_equal) {
  const auto load_example = [] { return *test::load_file(BGW_EXAMPLES_DIR "/full-language.yaml"); };
  const ValidModel before = load_example();
  auto model = load_example().to_model();
  model.vpcs.front().interface->enabled = !model.vpcs.front().interface->enabled;
  const auto after = validate(std::move(model))->shared_with(before);
  EXPECT_NE(before.vpcs().pointers()[0], after.vpcs().pointers()[0]);
  EXPECT_EQ(before.vpcs().pointers()[1], after.vpcs().pointers()[1]);
  EXPECT_EQ(before.gateways().pointers(), after.gateways().pointers());
  EXPECT_FALSE(before == after);
}

TEST(ValidModel, is_refused_with_problems) {
  auto model = test::load_file(BGW_EXAMPLES_DIR "/tutorial.yaml")->to_model();
  model.attachments.front().vpc = "nowhere";
  const auto refused = validate(model);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().size(), find_problems(model).size());
  EXPECT_EQ(refused.error().front().where, "attachments[0].vpc");
}

}  // namespace
}  // namespace bgw::config
