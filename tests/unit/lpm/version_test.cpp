// Versions: what readers of the previous descriptor see meanwhile, and what is left afterwards.
#include <algorithm>

#include "tests/unit/lpm/failing_heap.h"
#include "tests/unit/lpm/fixture.h"

namespace bgw::lpm::test {
namespace {

template <typename Address>
class VersionTest : public TableTest<Address> {
 protected:
  explicit VersionTest(std::size_t arena_bytes = std::size_t{1} << 30)
      : TableTest<Address>(arena_bytes) {}

  // A /16 with a subnet, a host in it, and a default route.
  std::vector<Route<Address>> few_routes() const {
    return {Route<Address>{0, 0, 1}, place<Address>(ip(10, 1, 0, 0), 16, 2),
            place<Address>(ip(10, 1, 7, 0), 24, 3), place<Address>(ip(10, 1, 7, 9), 32, 4)};
  }
  // Of every kind: new values, new routes inside and outside of the window, removals.
  void change_all(Table<Address>& table, Oracle<Address>& oracle) {
    for (const Route<Address>& r :
         {Route<Address>{0, 0, 11}, place<Address>(ip(10, 1, 0, 0), 16, 12),
          place<Address>(ip(10, 1, 8, 128), 25, 13), place<Address>(ip(10, 44, 0, 0), 24, 14),
          route<Address>(place<Address>(10, 1, 7, 200), address_bits<Address>, 15)}) {
      bool republish = false;
      ASSERT_TRUE(table.add(r, &republish));
      oracle.add(r);
    }
    const auto gone = place<Address>(ip(10, 1, 7, 0), 24, 0);
    bool republish = false;
    ASSERT_TRUE(table.remove(gone.address, gone.length, &republish));
    ASSERT_TRUE(oracle.remove(gone.address, gone.length));
  }
  void expect_all(const TableDescriptor<Address>& table, const Oracle<Address>& oracle,
                  const Oracle<Address>& other) {
    std::vector<Address> addresses = this->landmarks();
    for (const Oracle<Address>* o : {&oracle, &other}) {
      for (const Route<Address>& r : o->routes()) this->append(addresses, boundaries(r));
    }
    this->expect_same(table, oracle, addresses);
  }
};
TYPED_TEST_SUITE(VersionTest, Families, FamilyNames);

TYPED_TEST(VersionTest, ThePreviousOneAnswersUntilItIsReclaimed) {
  Table<TypeParam> table = this->build(this->few_routes());
  const TableDescriptor<TypeParam> previous = table.descriptor();
  const Oracle<TypeParam> before(this->none, this->few_routes());
  Oracle<TypeParam> after = before;
  table.open_version();
  EXPECT_TRUE(table.has_open_version());
  this->change_all(table, after);
  EXPECT_NE(table.descriptor(), previous);
  this->expect_all(previous, before, after);
  this->expect_all(table.descriptor(), after, before);
  const TableDescriptor<TypeParam> published = table.descriptor();
  table.keep_version();
  EXPECT_FALSE(table.has_open_version());
  EXPECT_EQ(table.descriptor(), published);
  EXPECT_GT(this->arena.occupancy().retired_bytes, 0u);
  this->expect_all(previous, before, after);
  this->reclaim_all();
  this->expect_all(table.descriptor(), after, before);
  EXPECT_EQ(this->arena.occupancy().used_bytes, table.used_bytes());
}

TYPED_TEST(VersionTest, DroppedItWasNeverThere) {
  Table<TypeParam> table = this->build(this->few_routes());
  const TableDescriptor<TypeParam> previous = table.descriptor();
  const std::size_t used = table.used_bytes();
  const Oracle<TypeParam> before(this->none, this->few_routes());
  Oracle<TypeParam> after = before;
  table.open_version();
  this->change_all(table, after);
  table.drop_version();
  EXPECT_FALSE(table.has_open_version());
  EXPECT_EQ(table.descriptor(), previous);
  EXPECT_EQ(table.route_count(), before.size());
  EXPECT_EQ(table.used_bytes(), used);
  this->expect_all(previous, before, after);
  this->reclaim_all();
  EXPECT_EQ(this->arena.occupancy().used_bytes, used);
  // It goes on as if nothing had been: the same updates, in place now.
  after = before;
  this->change_all(table, after);
  this->expect_all(table.descriptor(), after, before);
}

// The writer's own view is of the version that it writes.
TYPED_TEST(VersionTest, TheRoutesAreThoseOfTheOpenOne) {
  Table<TypeParam> table = this->build(this->few_routes());
  const Oracle<TypeParam> before(this->none, this->few_routes());
  Oracle<TypeParam> after = before;
  const auto expect_routes = [&](const Oracle<TypeParam>& oracle, const Oracle<TypeParam>& other) {
    const auto in_order = [](auto routes) {
      std::ranges::sort(routes, {}, [](const auto& r) { return std::pair(r.address, r.length); });
      return routes;
    };
    EXPECT_TRUE(in_order(table.routes()) == in_order(oracle.routes()));
    for (const auto& r : oracle.routes()) EXPECT_EQ(table.find(r.address, r.length), r.value);
    for (const auto& r : other.routes()) {
      if (!oracle.contains(r)) {
        EXPECT_EQ(table.find(r.address, r.length), std::nullopt);
      }
    }
  };
  expect_routes(before, after);
  table.open_version();
  this->change_all(table, after);
  expect_routes(after, before);
  table.drop_version();
  expect_routes(before, after);
  EXPECT_EQ(table.find(1, 0), std::nullopt) << "host bits set";
  EXPECT_EQ(table.find(0, 255), std::nullopt);
}

TYPED_TEST(VersionTest, WithoutChangesItCostsNothing) {
  Table<TypeParam> table = this->build(this->few_routes());
  const TableDescriptor<TypeParam> previous = table.descriptor();
  const Oracle<TypeParam> oracle(this->none, this->few_routes());
  const std::size_t used = this->arena.occupancy().used_bytes;
  for (const bool keep : {false, true}) {
    table.open_version();
    if (keep) {
      table.keep_version();
    } else {
      table.drop_version();
    }
    this->expect_all(previous, oracle, oracle);
    this->expect_all(table.descriptor(), oracle, oracle);
    this->reclaim_all();
    this->expect_all(table.descriptor(), oracle, oracle);
    EXPECT_EQ(this->arena.occupancy().used_bytes, used);
  }
}

// Only what lacks memory ends a version.
TYPED_TEST(VersionTest, RefusedUpdatesLeaveItOpen) {
  Table<TypeParam> table = this->build(this->few_routes(), {.none = this->none, .max_routes = 5});
  const Oracle<TypeParam> before(this->none, this->few_routes());
  Oracle<TypeParam> after = before;
  const auto fifth = place<TypeParam>(ip(10, 1, 8, 0), 24, 5);
  const auto sixth = place<TypeParam>(ip(10, 1, 9, 0), 24, 6);
  const TableDescriptor<TypeParam> previous = table.descriptor();
  bool republish = false;
  table.open_version();
  ASSERT_TRUE(table.add(fifth, &republish));
  after.add(fifth);
  EXPECT_EQ(table.add(sixth, &republish).error(), Error::too_many);
  EXPECT_EQ(table.remove(sixth.address, sixth.length, &republish).error(), Error::not_found);
  EXPECT_EQ(table.add({1, 0, 0}, &republish).error(), Error::bad_route);
  EXPECT_TRUE(table.has_open_version());
  this->expect_all(previous, before, after);
  this->expect_all(table.descriptor(), after, before);
  // Nor does it end when a version has removed what it had added.
  ASSERT_TRUE(table.remove(fifth.address, fifth.length, &republish));
  after.remove(fifth.address, fifth.length);
  ASSERT_TRUE(table.add(sixth, &republish)) << "there was room again";
  after.add(sixth);
  table.keep_version();
  this->expect_all(previous, before, after);
  this->reclaim_all();
  this->expect_all(table.descriptor(), after, before);
}

TYPED_TEST(VersionTest, ATableMayGoWithItsVersionOpen) {
  const Oracle<TypeParam> before(this->none, this->few_routes());
  TableDescriptor<TypeParam> previous;
  {
    Table<TypeParam> table = this->build(this->few_routes());
    previous = table.descriptor();
    Oracle<TypeParam> after = before;
    table.open_version();
    this->change_all(table, after);
    Table<TypeParam> moved = std::move(table);
    EXPECT_TRUE(moved.has_open_version());
    this->expect_all(moved.descriptor(), after, before);
  }
  this->expect_all(previous, before, before);
  EXPECT_EQ(this->arena.occupancy().used_bytes, 0u);
  this->reclaim_all();
  EXPECT_EQ(this->arena.occupancy().retired_bytes, 0u);
}

TYPED_TEST(VersionTest, UnchangedPartsAreShared) {
  std::vector<Route<TypeParam>> routes;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    routes.push_back(place<TypeParam>(ip(10, 0, 0, 0) + (i << 8), 24, i));
    // Half of them have something below.
    if (i % 2 == 0) {
      routes.push_back(place<TypeParam>(ip(10, 0, 0, 16) + (i << 8), 28, i + 1));
    }
  }
  Table<TypeParam> table = this->build(routes);
  const std::size_t window_bytes = std::size_t{table.descriptor().size} * 8;
  EXPECT_GT(table.used_bytes(), window_bytes + 10'000u) << "there is little to share";
  Random random(4);
  for (unsigned i = 0; i < 50; ++i) {
    const std::size_t used = this->arena.occupancy().used_bytes;
    bool republish = false;
    table.open_version();
    Route<TypeParam> changed = routes[random() % routes.size()];
    if (i % 3 == 0) changed = route<TypeParam>(changed.address + 77, address_bits<TypeParam>, 0);
    changed.value = random.value();
    ASSERT_TRUE(table.add(changed, &republish));
    const std::size_t cost = this->arena.occupancy().used_bytes - used;
    EXPECT_GT(cost, 0u);
    // Blocks come in sizes a quarter apart.
    EXPECT_LE(cost, window_bytes + window_bytes / 4 + 2048);
    table.keep_version();
    this->reclaim_all();
    EXPECT_EQ(this->arena.occupancy().used_bytes, table.used_bytes());
  }
}

// A first stage that becomes coarse and fine again, all within a version: it is made anew each
// time.
TYPED_TEST(VersionTest, TheFirstStageMayChangeInIt) {
  const std::vector<Route<TypeParam>> start = {place<TypeParam>(ip(10, 0, 0, 0), 24, 1),
                                               place<TypeParam>(ip(10, 0, 1, 16), 28, 2)};
  Table<TypeParam> table = this->build(start);
  const Oracle<TypeParam> before(this->none, start);
  const TableDescriptor<TypeParam> previous = table.descriptor();
  const std::size_t used = table.used_bytes();
  std::vector<Route<TypeParam>> added = {place<TypeParam>(ip(200, 0, 0, 0), 24, 2)};
  for (unsigned a = 10; a < 200; ++a) {
    for (unsigned b = 0; b < 256; b += 2) {
      added.push_back(place<TypeParam>(ip(a, b, 9, 0), 24, a * 256 + b));
    }
  }
  for (const bool keep : {false, true}) {
    Oracle<TypeParam> after = before;
    unsigned coarsest = 0;
    table.open_version();
    for (const Route<TypeParam>& r : added) {
      bool republish = false;
      ASSERT_TRUE(table.add(r, &republish));
      after.add(r);
      coarsest = std::max<unsigned>(coarsest, table.descriptor().shift);
    }
    EXPECT_GT(coarsest, previous.shift);
    EXPECT_LT(table.descriptor().shift, coarsest);
    this->expect_all(previous, before, after);
    this->expect_all(table.descriptor(), after, before);
    if (keep) {
      table.keep_version();
    } else {
      table.drop_version();
      ASSERT_EQ(table.descriptor(), previous);
      ASSERT_EQ(table.used_bytes(), used);
    }
    this->expect_all(previous, before, after);
    this->reclaim_all();
    this->expect_all(table.descriptor(), keep ? after : before, before);
    EXPECT_EQ(this->arena.occupancy().used_bytes, table.used_bytes());
    EXPECT_EQ(this->arena.occupancy().retired_bytes, 0u);
  }
}

TYPED_TEST(VersionTest, KeepingAndDroppingDoesNotGrowTheArena) {
  Random random(9);
  const std::vector<Route<TypeParam>> base = this->few_routes();
  Table<TypeParam> table = this->build(base);
  std::vector<Route<TypeParam>> candidates;
  for (unsigned i = 0; i < 60; ++i) {
    candidates.push_back(place<TypeParam>(ip(10, 1, i % 16, i * 4), 25 + i % 8, i));
  }
  bool republish = false;
  const auto churn = [&] {
    for (unsigned i = 0; i < 300; ++i) {
      table.open_version();
      for (unsigned u = 0; u < 4; ++u) {
        const auto& r = candidates[random() % candidates.size()];
        if (table.remove(r.address, r.length, &republish)) continue;
        ASSERT_TRUE(table.add(r, &republish));
      }
      if (i % 3 == 0) {
        table.drop_version();
      } else {
        table.keep_version();
      }
      this->reclaim_all();
      ASSERT_EQ(this->arena.occupancy().used_bytes, table.used_bytes());
    }
  };
  for (const auto& r : candidates) ASSERT_TRUE(table.add(r, &republish));
  churn();
  const std::size_t committed = this->arena.occupancy().committed_bytes;
  for (int i = 0; i < 5; ++i) churn();
  EXPECT_LE(this->arena.occupancy().committed_bytes, committed + committed / 4);
}

// Removing or replacing routes needs memory in a version, since blocks are copied: when there is
// none, the whole version goes.
template <typename Address>
class VersionInFullArena : public VersionTest<Address> {
 protected:
  VersionInFullArena() : VersionTest<Address>(64 << 10) {}
};
TYPED_TEST_SUITE(VersionInFullArena, Families, FamilyNames);

TYPED_TEST(VersionInFullArena, AnUpdateWithoutMemoryDropsIt) {
  Table<TypeParam> table = this->build({});
  Oracle<TypeParam> before(this->none);
  for (std::uint32_t i = 0; i < 40; ++i) {
    for (const auto& r :
         {place<TypeParam>(ip(10, 1, i, 0), 24, i),
          route<TypeParam>(place<TypeParam>(10, 1, i, 9), address_bits<TypeParam>, i + 100)}) {
      bool republish = false;
      ASSERT_TRUE(table.add(r, &republish));
      before.add(r);
    }
  }
  this->reclaim_all();
  const TableDescriptor<TypeParam> previous = table.descriptor();
  const std::size_t used = table.used_bytes();
  unsigned dropped = 0;
  for (unsigned round = 0; round < 20; ++round) {
    Oracle<TypeParam> after = before;
    table.open_version();
    for (std::uint32_t i = 0;; ++i) {
      const auto r = route<TypeParam>(place<TypeParam>(ip(10, 1, 0, 5) + (i << 6)),
                                      address_bits<TypeParam>, 7);
      bool republish = false;
      const auto added = table.add(r, &republish);
      if (!added) {
        EXPECT_EQ(added.error(), Error::arena_full);
        break;
      }
      after.add(r);
    }
    EXPECT_GT(after.size(), before.size()) << "not even one route fitted";
    EXPECT_FALSE(table.has_open_version());
    EXPECT_EQ(table.descriptor(), previous);
    EXPECT_EQ(table.route_count(), before.size());
    EXPECT_EQ(table.used_bytes(), used);
    this->expect_all(previous, before, after);
    this->reclaim_all();
    ASSERT_EQ(this->arena.occupancy().used_bytes, used);
    ++dropped;
  }
  EXPECT_EQ(dropped, 20u);
}

}  // namespace
}  // namespace bgw::lpm::test
