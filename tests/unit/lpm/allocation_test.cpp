// Every allocation from the heap fails once; tables stay as they were.
#include "tests/unit/lpm/failing_heap.h"
#include "tests/unit/lpm/fixture.h"

namespace bgw::lpm::test {
namespace {

template <typename Address>
class AllocationTest : public TableTest<Address> {
 protected:
  static std::vector<Route<Address>> some_routes() {
    Random random(8);
    std::vector<Route<Address>> routes;
    for (unsigned i = 0; i < 200; ++i) {
      const Ipv4Address address = ip(10, 0, 0, 0) | (random() & 0x30ffff);
      routes.push_back(place<Address>(address, 8 + random() % 25, i));
      if (is_ipv4<Address> || i % 3 != 0) continue;
      routes.back() = route<Address>(routes.back().address, 64 + random() % 65, i);
    }
    return routes;
  }

  // Lets the first allocation of `attempt()` fail, then the second, until none has failed: true
  // from attempt(). Between two attempts, `check()`. Returns how many failed.
  template <typename Attempt, typename Check>
  static long until_it_succeeds(Attempt attempt, Check check) {
    for (long successes = 0;; ++successes) {
      const bool done = [&] {
        const FailingAllocations failing(successes);
        return attempt();
      }();
      if (done) return successes;
      check();
      if (testing::Test::HasFatalFailure()) return successes;
    }
  }
};
TYPED_TEST_SUITE(AllocationTest, Families, FamilyNames);

TYPED_TEST(AllocationTest, BuildFailsCleanly) {
  const auto routes = this->some_routes();
  const long failures = this->until_it_succeeds(
      [&] {
        const auto built = Table<TypeParam>::build(this->arena, routes, {.none = this->none});
        return built.has_value() || built.error() != Error::arena_full;
      },
      [&] {
        EXPECT_EQ(this->arena.occupancy().used_bytes, 0u);
        EXPECT_EQ(this->arena.occupancy().retired_bytes, 0u);
      });
  EXPECT_GE(failures, 3) << "table, RIB, notes of blocks to retire";
}

TYPED_TEST(AllocationTest, AddFailsCleanlyAndWorksLater) {
  Table<TypeParam> table = this->build({});
  Oracle<TypeParam> oracle(this->none);
  long failures = 0;
  for (const auto& r : this->some_routes()) {
    const TableDescriptor<TypeParam> before = table.descriptor();
    bool republish = false;
    failures += this->until_it_succeeds([&] { return table.add(r, &republish).has_value(); },
                                        [&] {
                                          EXPECT_FALSE(republish);
                                          ASSERT_EQ(table.descriptor(), before);
                                          ASSERT_EQ(table.route_count(), oracle.size());
                                          this->expect_same_at_boundaries(table, oracle);
                                        });
    oracle.add(r);
    this->expect_same(table, oracle, boundaries(r));
  }
  EXPECT_GE(failures, 8);
  this->expect_same_at_boundaries(table, oracle);
}

TYPED_TEST(AllocationTest, RemoveReplaceAndReclaimNeedNoHeap) {
  const auto routes = this->some_routes();
  Table<TypeParam> table = this->build(routes);
  Oracle<TypeParam> oracle(this->none, routes);
  const auto once = oracle.routes();
  unsigned refused = 0;
  bool republish = false;
  {
    const FailingAllocations failing(0);
    for (auto r : once) {
      r.value = max_value - r.value;
      refused += table.add(r, &republish).has_value() ? 0 : 1;
    }
  }
  for (auto r : once) {
    r.value = max_value - r.value;
    oracle.add(r);
  }
  this->expect_same_at_boundaries(table, oracle);
  {
    const FailingAllocations failing(0);
    for (const auto& r : once) {
      refused += table.remove(r.address, r.length, &republish).has_value() ? 0 : 1;
    }
    this->reclaim_all();
  }
  EXPECT_EQ(refused, 0u);
  EXPECT_EQ(table.route_count(), 0u);
  const Oracle<TypeParam> nothing(this->none);
  for (const auto& r : once) this->expect_same(table, nothing, boundaries(r));
}

// A version of adds, a replaced value and a removal, until all of it fits: each failure takes the
// version with it, whatever it had changed before.
TYPED_TEST(AllocationTest, AFailureInAVersionDropsIt) {
  const auto routes = this->some_routes();
  const std::vector<Route<TypeParam>> present(routes.begin(), routes.begin() + 50);
  Table<TypeParam> table = this->build(present);
  const Oracle<TypeParam> before(this->none, present);
  const TableDescriptor<TypeParam> previous = table.descriptor();
  const std::size_t used = table.used_bytes();
  Oracle<TypeParam> after(this->none, routes);
  after.remove(routes[7].address, routes[7].length);
  std::vector<TypeParam> addresses = this->landmarks();
  for (const auto& r : routes) this->append(addresses, boundaries(r));

  bool republish = false;
  const long failures = this->until_it_succeeds(
      [&] {
        table.open_version();
        for (const auto& r : routes) {
          if (!table.add(r, &republish)) return false;
        }
        return table.remove(routes[7].address, routes[7].length, &republish).has_value();
      },
      [&] {
        ASSERT_FALSE(table.has_open_version());
        ASSERT_EQ(table.descriptor(), previous);
        ASSERT_EQ(table.route_count(), before.size());
        ASSERT_EQ(table.used_bytes(), used);
        this->expect_same(table, before, addresses);
      });
  EXPECT_GE(failures, 2);
  this->expect_same(previous, before, addresses);
  this->expect_same(table, after, addresses);
  {
    const FailingAllocations failing(0);
    table.keep_version();
    this->reclaim_all();
  }
  this->expect_same(table, after, addresses);
  EXPECT_EQ(this->arena.occupancy().used_bytes, table.used_bytes());
}

TYPED_TEST(AllocationTest, DroppingAVersionNeedsNoHeap) {
  const auto routes = this->some_routes();
  Table<TypeParam> table = this->build(routes);
  const Oracle<TypeParam> before(this->none, routes);
  const std::size_t used = table.used_bytes();
  bool republish = false;
  table.open_version();
  for (unsigned i = 0; i < 100; ++i) {
    static_cast<void>(table.remove(routes[i].address, routes[i].length, &republish));
    ASSERT_TRUE(table.add(place<TypeParam>(ip(11, 1, i, 0), 20 + i % 13, i), &republish));
  }
  {
    const FailingAllocations failing(0);
    table.drop_version();
    this->reclaim_all();
  }
  EXPECT_EQ(table.route_count(), before.size());
  this->expect_same_at_boundaries(table, before);
  EXPECT_EQ(this->arena.occupancy().used_bytes, used);
}

}  // namespace
}  // namespace bgw::lpm::test
