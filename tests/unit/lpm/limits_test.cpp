// What exceeds a limit fails and leaves the table as it was, and usable.
#include "tests/unit/lpm/fixture.h"

namespace bgw::lpm::test {
namespace {

class LimitsTest : public TableTest {
 protected:
  LimitsTest() : TableTest(64 << 10) {}

  static Ipv4Route random_route(Random& random) {
    const unsigned length = 1 + random() % 32;
    return route(ip(10, 0, 0, 0) | (random() & 0x3ffff), length, random() & max_value);
  }
};

TEST_F(LimitsTest, RouteLimit) {
  bool republish = false;
  Ipv4Table table = build({route(ip(10, 0, 0, 0), 8, 1)}, {.none = none, .max_routes = 3});
  Oracle oracle(none);
  oracle.add(route(ip(10, 0, 0, 0), 8, 1));
  ASSERT_TRUE(table.add(route(0, 0, 2), &republish));
  ASSERT_TRUE(table.add(route(ip(10, 1, 1, 1), 32, 3), &republish));
  oracle.add(route(0, 0, 2));
  oracle.add(route(ip(10, 1, 1, 1), 32, 3));
  const TableDescriptor before = table.descriptor();
  republish = false;
  EXPECT_EQ(table.add(route(ip(11, 0, 0, 0), 8, 4), &republish).error(), Error::too_many);
  EXPECT_FALSE(republish);
  EXPECT_EQ(table.descriptor(), before);
  EXPECT_EQ(table.route_count(), 3u);
  expect_same_at_boundaries(table, oracle);
  // A known route is no further one; and removal makes room.
  ASSERT_TRUE(table.add(route(ip(10, 0, 0, 0), 8, 5), &republish));
  ASSERT_TRUE(table.add(route(0, 0, 6), &republish));
  ASSERT_TRUE(table.remove(0, 0, &republish));
  ASSERT_TRUE(table.add(route(ip(11, 0, 0, 0), 8, 4), &republish));
  EXPECT_EQ(table.add(route(0, 0, 6), &republish).error(), Error::too_many);
}

TEST_F(LimitsTest, RouteLimitOfBuildCountsEachPrefixOnce) {
  const std::vector<Ipv4Route> routes = {route(0, 0, 1), route(0, 0, 2),
                                         route(ip(10, 0, 0, 0), 8, 1), route(ip(10, 0, 0, 0), 8, 2),
                                         route(ip(11, 0, 0, 0), 8, 2)};
  EXPECT_EQ(Ipv4Table::build(arena, routes, {.max_routes = 2}).error(), Error::too_many);
  EXPECT_TRUE(Ipv4Table::build(arena, routes, {.max_routes = 3}));
  EXPECT_EQ(Ipv4Table::build(arena, routes, {.max_routes = 0}).error(), Error::too_many);
  EXPECT_TRUE(Ipv4Table::build(arena, {}, {.max_routes = 0}));
}

TEST_F(LimitsTest, BuildThatDoesNotFitLeavesTheArenaAsItWas) {
  std::vector<Ipv4Route> routes;
  for (std::uint32_t i = 0; i < 300; ++i)
    routes.push_back(route(ip(10, 0, 0, 1) + (i << 8), 32, i));
  EXPECT_EQ(Ipv4Table::build(arena, routes, {}).error(), Error::arena_full);
  EXPECT_EQ(arena.occupancy().used_bytes, 0u);
  EXPECT_EQ(arena.occupancy().retired_bytes, 0u);
  routes.resize(20);
  EXPECT_TRUE(Ipv4Table::build(arena, routes, {}));
}

// Random updates in an arena far too small: each either happens or changes nothing at all.
TEST_F(LimitsTest, FullArenaLeavesTablesAsTheyWere) {
  Random random(11);
  Ipv4Table table = build({});
  Oracle oracle(none);
  unsigned refused = 0;
  for (unsigned i = 0; i < 4000; ++i) {
    const Ipv4Route r = random_route(random);
    bool republish = false;
    const TableDescriptor before = table.descriptor();
    const std::size_t used = table.used_bytes();
    if (random() % 3 != 0) {
      if (table.add(r, &republish)) {
        oracle.add(r);
      } else {
        ++refused;
        EXPECT_FALSE(republish);
        EXPECT_EQ(table.descriptor(), before);
        EXPECT_EQ(table.used_bytes(), used);
        expect_same(table, oracle, boundaries(r.address, r.length));
      }
    } else {
      EXPECT_EQ(table.remove(r.address, r.length, &republish).has_value(),
                oracle.remove(r.address, r.length));
    }
    ASSERT_EQ(table.route_count(), oracle.size());
    if (i % 64 == 0) reclaim_all();
    if (i % 500 == 0) expect_same_at_boundaries(table, oracle);
  }
  EXPECT_GT(refused, 100u) << "the arena was never full";
  expect_same_at_boundaries(table, oracle);
  // Emptied, it is as good as new.
  bool republish = false;
  for (const Ipv4Route& r : oracle.routes()) {
    ASSERT_TRUE(table.remove(r.address, r.length, &republish));
  }
  table = build({});
  reclaim_all();
  EXPECT_EQ(arena.occupancy().used_bytes, 0u);
  EXPECT_TRUE(table.add(route(ip(10, 0, 0, 0), 32, 1), &republish));
}

// The same without reclaiming: retired blocks must not be reused, so removals go on without memory.
TEST_F(LimitsTest, RemovalNeedsNoMemory) {
  Random random(12);
  Ipv4Table table = build({});
  Oracle oracle(none);
  bool republish = false;
  for (unsigned i = 0; i < 2000; ++i) {
    const Ipv4Route r = random_route(random);
    if (table.add(r, &republish)) oracle.add(r);
  }
  for (const Ipv4Route& r : oracle.routes()) {
    ASSERT_TRUE(table.remove(r.address, r.length, &republish));
    oracle.remove(r.address, r.length);
    expect_same(table, oracle, boundaries(r.address, r.length));
  }
  EXPECT_EQ(table.route_count(), 0u);
}

}  // namespace
}  // namespace bgw::lpm::test
