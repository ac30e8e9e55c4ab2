// What exceeds a limit fails and leaves the table as it was, and usable.
#include "tests/unit/lpm/fixture.h"

namespace bgw::lpm::test {
namespace {

template <typename Address>
class LimitsTest : public TableTest<Address> {
 protected:
  LimitsTest() : TableTest<Address>(64 << 10) {}

  // In a range of 2^18 numbers, so that many nest; some of IPv6 are deeper.
  static Route<Address> random_route(Random& random) {
    const Ipv4Address where = ip(10, 0, 0, 0) | (random() & 0x3ffff);
    const Value value = random.value();
    if (is_ipv4<Address> || random() % 2 != 0) {
      return place<Address>(where, 1 + random() % 32, value);
    }
    return route<Address>(place<Address>(where), 64 + random() % 65, value);
  }
};
TYPED_TEST_SUITE(LimitsTest, Families, FamilyNames);

TYPED_TEST(LimitsTest, RouteLimit) {
  const auto ten = [](Value v) { return place<TypeParam>(ip(10, 0, 0, 0), 8, v); };
  const auto host = place<TypeParam>(ip(10, 1, 1, 1), 32, 3);
  const auto beyond = place<TypeParam>(ip(11, 0, 0, 0), 8, 4);
  const auto default_route = [](Value v) { return Route<TypeParam>{0, 0, v}; };
  bool republish = false;
  Table<TypeParam> table = this->build({ten(1)}, {.none = this->none, .max_routes = 3});
  const Oracle<TypeParam> oracle(this->none, {ten(1), default_route(2), host});
  ASSERT_TRUE(table.add(default_route(2), &republish));
  ASSERT_TRUE(table.add(host, &republish));
  const TableDescriptor<TypeParam> before = table.descriptor();
  republish = false;
  EXPECT_EQ(table.add(beyond, &republish).error(), Error::too_many);
  EXPECT_FALSE(republish);
  EXPECT_EQ(table.descriptor(), before);
  EXPECT_EQ(table.route_count(), 3u);
  this->expect_same_at_boundaries(table, oracle);
  // A known route is no further one; and removal makes room.
  ASSERT_TRUE(table.add(ten(5), &republish));
  ASSERT_TRUE(table.add(default_route(6), &republish));
  ASSERT_TRUE(table.remove(0, 0, &republish));
  ASSERT_TRUE(table.add(beyond, &republish));
  EXPECT_EQ(table.add(default_route(6), &republish).error(), Error::too_many);
}

TYPED_TEST(LimitsTest, RouteLimitOfBuildCountsEachPrefixOnce) {
  const std::vector<Route<TypeParam>> routes = {{0, 0, 1},
                                                {0, 0, 2},
                                                place<TypeParam>(ip(10, 0, 0, 0), 8, 1),
                                                place<TypeParam>(ip(10, 0, 0, 0), 8, 2),
                                                place<TypeParam>(ip(11, 0, 0, 0), 8, 2)};
  const auto build = [&](std::span<const Route<TypeParam>> of, std::size_t limit) {
    return Table<TypeParam>::build(this->arena, of, {.max_routes = limit});
  };
  EXPECT_EQ(build(routes, 2).error(), Error::too_many);
  EXPECT_TRUE(build(routes, 3));
  EXPECT_EQ(build(routes, 0).error(), Error::too_many);
  EXPECT_TRUE(build({}, 0));
}

TYPED_TEST(LimitsTest, BuildThatDoesNotFitLeavesTheArenaAsItWas) {
  std::vector<Route<TypeParam>> routes;
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    routes.push_back(place<TypeParam>(ip(10, 0, 0, 1) + (i << 8), 32, i));
  }
  EXPECT_EQ(Table<TypeParam>::build(this->arena, routes, {}).error(), Error::arena_full);
  EXPECT_EQ(this->arena.occupancy().used_bytes, 0u);
  EXPECT_EQ(this->arena.occupancy().retired_bytes, 0u);
  routes.resize(20);
  EXPECT_TRUE(Table<TypeParam>::build(this->arena, routes, {}));
}

// A route beyond the window that needs a group besides, in an arena that has room for the wider
// window but perhaps not for the group: both or neither. The first stage changes its form here.
TYPED_TEST(LimitsTest, AWindowThatGrowsInVainIsForgotten) {
  unsigned refused = 0;
  for (std::size_t bytes = 8; bytes < 65536; bytes += 8) {
    SCOPED_TRACE(testing::Message() << bytes << " bytes");
    Arena small({.max_bytes = bytes, .huge_pages = false});
    std::vector<Route<TypeParam>> routes;
    for (std::uint32_t i = 0; i < 32; ++i) {
      routes.push_back(place<TypeParam>(ip(10, 0, 8 * i, 0), 24, i));
    }
    auto table = Table<TypeParam>::build(small, routes, {.none = this->none});
    if (!table) continue;
    Oracle<TypeParam> oracle(this->none, routes);
    const std::size_t used = table->used_bytes();
    const auto beyond = place<TypeParam>(ip(10, 3, 0, 1), 32, 99);
    bool republish = false;
    const bool done = table->add(beyond, &republish).has_value();
    if (done) oracle.add(beyond);
    Ways<TypeParam> asked(small.base());
    for (const auto& r : oracle.routes()) {
      for (const TypeParam address : boundaries(r)) {
        ASSERT_EQ(asked.ask(table->descriptor(), address), oracle.lookup(address));
      }
    }
    if (done) break;
    ++refused;
    EXPECT_EQ(table->used_bytes(), used);
    EXPECT_EQ(small.occupancy().used_bytes, used);
  }
  EXPECT_GT(refused, 20u);
}

// Random updates in an arena far too small: each either happens or changes nothing at all. What
// needs no memory always happens.
TYPED_TEST(LimitsTest, FullArenaLeavesTablesAsTheyWere) {
  Random random(11);
  Table<TypeParam> table = this->build({});
  Oracle<TypeParam> oracle(this->none);
  unsigned refused = 0, replaced = 0;
  for (unsigned i = 0; i < 12'000; ++i) {
    auto r = this->random_route(random);
    bool republish = false;
    const TableDescriptor<TypeParam> before = table.descriptor();
    const std::size_t used = table.used_bytes();
    const bool known = oracle.contains(r);
    if (random() % 4 != 0) {
      if (table.add(r, &republish)) {
        oracle.add(r);
        replaced += known;
      } else {
        ++refused;
        EXPECT_FALSE(known);
        EXPECT_FALSE(republish);
        EXPECT_EQ(table.descriptor(), before);
        EXPECT_EQ(table.used_bytes(), used);
        this->expect_same(table, oracle, boundaries(r));
      }
    } else {
      EXPECT_EQ(table.remove(r.address, r.length, &republish).has_value(),
                oracle.remove(r.address, r.length));
    }
    ASSERT_EQ(table.route_count(), oracle.size());
    if (i % 64 == 0) this->reclaim_all();
    if (i % 1000 == 0) this->expect_same_at_boundaries(table, oracle);
  }
  EXPECT_GT(refused, 100u) << "the arena was never full";
  EXPECT_GT(replaced, 100u);
  this->expect_same_at_boundaries(table, oracle);
  // Emptied, it is as good as new.
  bool republish = false;
  for (const auto& r : oracle.routes()) {
    ASSERT_TRUE(table.remove(r.address, r.length, &republish));
  }
  table = this->build({});
  this->reclaim_all();
  EXPECT_EQ(this->arena.occupancy().used_bytes, 0u);
  EXPECT_TRUE(table.add(place<TypeParam>(ip(10, 0, 0, 0), 32, 1), &republish));
}

// Nothing is reclaimed, so retired blocks must not be reused: removals and new values of known
// routes go on without memory.
TYPED_TEST(LimitsTest, RemovalAndReplacementNeedNoMemory) {
  Random random(12);
  Table<TypeParam> table = this->build({});
  Oracle<TypeParam> oracle(this->none);
  bool republish = false;
  unsigned refused = 0;
  for (unsigned i = 0; i < 12'000; ++i) {
    const auto r = this->random_route(random);
    if (table.add(r, &republish)) {
      oracle.add(r);
    } else {
      ++refused;
    }
  }
  EXPECT_GT(refused, 100u) << "the arena was never full";
  for (auto r : oracle.routes()) {
    r.value = random.value();
    ASSERT_TRUE(table.add(r, &republish));
    oracle.add(r);
  }
  this->expect_same_at_boundaries(table, oracle);
  for (const auto& r : oracle.routes()) {
    ASSERT_TRUE(table.remove(r.address, r.length, &republish));
    oracle.remove(r.address, r.length);
    this->expect_same(table, oracle, boundaries(r));
  }
  EXPECT_EQ(table.route_count(), 0u);
}

}  // namespace
}  // namespace bgw::lpm::test
