// What VPCs share adds up: every share is there whenever it is asked for, and all together never
// take more than there is.
#include "control/slow_path/shared_bound.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <vector>

namespace bgw::control {
namespace {

using dataplane::VpcIndex;

std::size_t take_all(SharedBound& bound, VpcIndex vpc) {
  std::size_t taken = 0;
  while (bound.take(vpc)) ++taken;
  return taken;
}

TEST(SharedBound, P41_one_vpc_may_have_its_most_while_there_is_room) {
  SharedBound bound({.capacity = 524'288, .reserve = 4096, .share = 64, .most = 16'384});
  for (std::uint32_t v = 0; v < 5000; ++v) bound.add(VpcIndex{v});
  EXPECT_EQ(bound.share(), 64u);
  EXPECT_EQ(take_all(bound, VpcIndex{7}), 16'384u);
}

TEST(SharedBound, P41_whoever_takes_all_it_can_leaves_every_other_its_share) {
  SharedBound bound({.capacity = 524'288, .reserve = 4096, .share = 64, .most = 16'384});
  for (std::uint32_t v = 0; v < 5000; ++v) bound.add(VpcIndex{v});
  for (std::uint32_t v = 0; v < 64; ++v) take_all(bound, VpcIndex{v});
  for (std::uint32_t v = 64; v < 5000; ++v) {
    for (int n = 0; n < 64; ++n) ASSERT_TRUE(bound.take(VpcIndex{v})) << v;
  }
  EXPECT_LE(bound.used(), 524'288u);
}

TEST(SharedBound, many_who_take_all_they_can_leave_as_much_to_the_next) {
  SharedBound bound({.capacity = 10'000, .share = 10, .most = 4096});
  for (std::uint32_t v = 0; v < 5; ++v) bound.add(VpcIndex{v});
  // All of them at once, one after the other.
  for (bool any = true; any;) {
    any = false;
    for (std::uint32_t v = 0; v < 4; ++v) any |= bound.take(VpcIndex{v});
  }
  for (std::uint32_t v = 0; v < 4; ++v) {
    EXPECT_GE(bound.used(VpcIndex{v}), 1990u);
    EXPECT_LE(bound.used(VpcIndex{v}), 2020u);
  }
  EXPECT_GE(take_all(bound, VpcIndex{4}), 900u);
}

TEST(SharedBound, the_reserve_is_for_nobody_else) {
  SharedBound bound({.capacity = 100, .reserve = 10, .share = 5, .leaves_as_much = false});
  bound.add(VpcIndex{1});
  EXPECT_EQ(take_all(bound, VpcIndex{1}), 90u);
  for (int n = 0; n < 10; ++n) EXPECT_TRUE(bound.take_reserved());
  EXPECT_FALSE(bound.take_reserved());
  bound.give_back_reserved();
  EXPECT_FALSE(bound.take(VpcIndex{1}));
  EXPECT_TRUE(bound.take_reserved());
}

TEST(SharedBound, with_more_vpcs_than_planned_shares_become_smaller_and_the_pool_stays) {
  SharedBound bound({.capacity = 1000, .share = 64, .pool_least = 200, .most = 500});
  for (std::uint32_t v = 0; v < 100; ++v) bound.add(VpcIndex{v});
  EXPECT_EQ(bound.share(), 8u);
  EXPECT_EQ(bound.pool(), 200u);
}

TEST(SharedBound, a_share_that_is_promised_is_asked_back) {
  SharedBound bound({.capacity = 100, .share = 20, .most = 100, .leaves_as_much = false});
  bound.add(VpcIndex{0});
  take_all(bound, VpcIndex{0});
  bound.add(VpcIndex{1});
  ASSERT_TRUE(bound.overdrawn());
  bound.ask_back([&](VpcIndex vpc) {
    EXPECT_EQ(vpc, VpcIndex{0});
    bound.give_back(vpc);
    return true;
  });
  EXPECT_EQ(bound.used(VpcIndex{0}), 80u);
  EXPECT_EQ(take_all(bound, VpcIndex{1}), 20u);
}

// Against what is promised, through random sequences.
TEST(SharedBound, never_exceeds_its_capacity_and_never_refuses_a_share) {
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    std::mt19937 random{seed};
    const auto up_to = [&](std::size_t n) { return static_cast<std::size_t>(random()) % (n + 1); };
    const SharedBound::Limits limits{.capacity = 50 + up_to(500),
                                     .reserve = up_to(20),
                                     .share = up_to(40),
                                     .pool_least = up_to(60),
                                     .most = 1 + up_to(300),
                                     .leaves_as_much = up_to(1) == 0};
    SharedBound bound(limits);
    std::map<std::uint32_t, std::size_t> used;
    std::set<std::uint32_t> configured;
    std::size_t reserved = 0;
    for (int step = 0; step < 2000; ++step) {
      const auto v = static_cast<std::uint32_t>(up_to(11));
      const auto shed = [&] {
        bound.ask_back([&](VpcIndex vpc) {
          bound.give_back(vpc);
          --used[vpc.value];
          return true;
        });
        ASSERT_FALSE(bound.overdrawn());
      };
      switch (up_to(9)) {
        case 0:
          bound.add(VpcIndex{v});
          configured.insert(v);
          shed();
          break;
        case 1:
          bound.remove(VpcIndex{v});
          configured.erase(v);
          shed();
          break;
        case 2:
          reserved += bound.take_reserved();
          break;
        case 3:
          if (reserved > 0) {
            bound.give_back_reserved();
            --reserved;
          }
          break;
        case 4:
        case 5:
          if (used[v] > 0) {
            bound.give_back(VpcIndex{v});
            --used[v];
          }
          break;
        default: {
          const bool promised =
              configured.contains(v) && used[v] < std::min(bound.share(), limits.most);
          const bool taken = bound.take(VpcIndex{v});
          ASSERT_TRUE(taken || !promised) << "seed " << seed << " step " << step;
          used[v] += taken;
          ASSERT_LE(used[v], limits.most);
        }
      }
      std::size_t sum = reserved;
      std::size_t beyond = 0;
      for (const auto& [vpc, n] : used) {
        sum += n;
        const std::size_t share = configured.contains(vpc) ? bound.share() : 0;
        beyond += n > share ? n - share : 0;
      }
      ASSERT_EQ(bound.pool_used(), beyond) << "seed " << seed << " step " << step;
      ASSERT_EQ(bound.used(), sum) << "seed " << seed << " step " << step;
      ASSERT_LE(sum, limits.capacity) << "seed " << seed << " step " << step;
      ASSERT_LE(reserved, limits.reserve);
    }
  }
}

}  // namespace
}  // namespace bgw::control
