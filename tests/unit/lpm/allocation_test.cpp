// Every allocation from the heap fails once; tables stay as they were.
#include "tests/unit/lpm/failing_heap.h"
#include "tests/unit/lpm/fixture.h"

namespace bgw::lpm::test {
namespace {

class AllocationTest : public TableTest {
 protected:
  static std::vector<Ipv4Route> some_routes() {
    Random random(8);
    std::vector<Ipv4Route> routes;
    for (unsigned i = 0; i < 200; ++i) {
      routes.push_back(route(ip(10, 0, 0, 0) | (random() & 0x30ffff), 8 + random() % 25, i));
    }
    return routes;
  }
};

TEST_F(AllocationTest, BuildFailsCleanly) {
  const std::vector<Ipv4Route> routes = some_routes();
  long successes = 0;
  for (;; ++successes) {
    const auto built = [&] {
      const FailingAllocations failing(successes);
      return Ipv4Table::build(arena, routes, {.none = none});
    }();
    if (built) break;
    EXPECT_EQ(built.error(), Error::arena_full);
    EXPECT_EQ(arena.occupancy().used_bytes, 0u);
    EXPECT_EQ(arena.occupancy().retired_bytes, 0u);
  }
  EXPECT_GE(successes, 4) << "table, RIB, notes of blocks to retire";
}

TEST_F(AllocationTest, AddFailsCleanlyAndWorksLater) {
  Ipv4Table table = build({});
  Oracle oracle(none);
  unsigned failures = 0;
  for (const Ipv4Route& r : some_routes()) {
    bool added = false;
    for (long successes = 0; !added; ++successes) {
      const TableDescriptor before = table.descriptor();
      bool republish = false;
      {
        const FailingAllocations failing(successes);
        added = table.add(r, &republish).has_value();
      }
      if (added) continue;
      ++failures;
      EXPECT_FALSE(republish);
      ASSERT_EQ(table.descriptor(), before);
      ASSERT_EQ(table.route_count(), oracle.size());
      expect_same_at_boundaries(table, oracle);
    }
    oracle.add(r);
    expect_same(table, oracle, boundaries(r.address, r.length));
  }
  EXPECT_GE(failures, 8u);
  expect_same_at_boundaries(table, oracle);
}

TEST_F(AllocationTest, RemoveAndReclaimNeedNoHeap) {
  const std::vector<Ipv4Route> routes = some_routes();
  Ipv4Table table = build(routes);
  bool republish = false;
  {
    const FailingAllocations failing(0);
    for (const Ipv4Route& r : routes) {
      static_cast<void>(table.remove(r.address, r.length, &republish));
    }
    arena.reclaim(arena.retire_epoch());
  }
  EXPECT_EQ(table.route_count(), 0u);
  expect_same(table, Oracle(none), {0, ip(10, 0, 0, 0), ip(10, 0, 255, 255), UINT32_MAX});
}

}  // namespace
}  // namespace bgw::lpm::test
