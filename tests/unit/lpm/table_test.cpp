// Small cases, each with every way to look up.
#include <algorithm>

#include "tests/unit/lpm/fixture.h"

namespace bgw::lpm::test {
namespace {

using Routes = std::vector<Ipv4Route>;

TEST_F(TableTest, ZeroDescriptorAnswersZeroEverywhere) {
  const TableDescriptor zero;
  for (const std::uint32_t address : {0u, 1u, 0x0a000001u, UINT32_MAX}) {
    EXPECT_EQ(lookup_all_ways(zero, address), 0u);
  }
}

TEST_F(TableTest, EmptyTableAnswersNoneAndTakesNoMemory) {
  const Ipv4Table table = build({});
  expect_same(table, Oracle(none), {0, 1, ip(10, 0, 0, 1), UINT32_MAX});
  EXPECT_EQ(table.route_count(), 0u);
  EXPECT_EQ(table.used_bytes(), 0u);
}

TEST_F(TableTest, DefaultRouteAloneTakesNoMemory) {
  const Ipv4Table table = build({route(0, 0, 7)});
  Oracle oracle(none);
  oracle.add(route(0, 0, 7));
  expect_same(table, oracle, {0, 1, ip(10, 0, 0, 1), UINT32_MAX});
  EXPECT_EQ(table.route_count(), 1u);
  EXPECT_EQ(table.used_bytes(), 0u);
}

TEST_F(TableTest, SmallTableFitsInTwoCacheLines) {
  const Ipv4Table table = build({route(ip(10, 1, 0, 0), 20, 1), route(ip(10, 1, 3, 16), 28, 2)});
  EXPECT_EQ(table.used_bytes(), 128u);
}

// One route of every length at the edges and in the middle of the address space.
TEST_F(TableTest, EveryLengthAlone) {
  for (unsigned length = 0; length <= 32; ++length) {
    for (const std::uint32_t address : {0u, ip(10, 129, 77, 201), UINT32_MAX}) {
      SCOPED_TRACE(testing::Message() << std::hex << address << '/' << std::dec << length);
      const Ipv4Route only = route(address, length, 0xffffff);
      Oracle oracle(none);
      oracle.add(only);
      const Ipv4Table built = build({only});
      expect_same_at_boundaries(built, oracle);
      Ipv4Table grown = build({});
      bool republish = false;
      ASSERT_TRUE(grown.add(only, &republish));
      EXPECT_TRUE(republish);
      expect_same_at_boundaries(grown, oracle);
      ASSERT_TRUE(grown.remove(only.address, only.length, &republish));
      expect_same(grown, Oracle(none), boundaries(only.address, length));
      EXPECT_EQ(grown.route_count(), 0u);
    }
    reclaim_all();
  }
}

// All 33 prefixes of one address nested in each other, in both orders, then peeled off in both.
TEST_F(TableTest, AllLengthsNested) {
  const std::uint32_t address = ip(172, 21, 90, 165);
  for (const bool longest_first : {false, true}) {
    for (const bool peel_longest_first : {false, true}) {
      Ipv4Table table = build({});
      Oracle oracle(none);
      bool republish = false;
      for (unsigned i = 0; i <= 32; ++i) {
        const unsigned length = longest_first ? 32 - i : i;
        ASSERT_TRUE(table.add(route(address, length, 100 + length), &republish));
        oracle.add(route(address, length, 100 + length));
        expect_same_at_boundaries(table, oracle);
      }
      EXPECT_EQ(table.route_count(), 33u);
      for (unsigned i = 0; i <= 32; ++i) {
        const unsigned length = peel_longest_first ? 32 - i : i;
        const Routes before = oracle.routes();
        ASSERT_TRUE(
            table.remove(address & mask_of(length), static_cast<std::uint8_t>(length), &republish));
        ASSERT_TRUE(oracle.remove(address & mask_of(length), length));
        for (const Ipv4Route& r : before) {
          expect_same(table, oracle, boundaries(r.address, r.length));
        }
      }
      EXPECT_EQ(table.route_count(), 0u);
    }
  }
}

// Every pair of prefixes within the last five bits, and across a /24's end.
TEST_F(TableTest, AllPairsWithinASmallRange) {
  Routes candidates;
  for (unsigned length = 27; length <= 32; ++length) {
    for (std::uint32_t i = 0; i < 1u << (length - 27); ++i) {
      candidates.push_back(route(ip(10, 0, 0, 240) + (i << (32 - length)), length, 0));
    }
  }
  candidates.push_back(route(ip(10, 0, 0, 0), 23, 0));
  candidates.push_back(route(ip(10, 0, 1, 0), 32, 0));
  Routes pair(2);
  for (const Ipv4Route& first : candidates) {
    for (const Ipv4Route& second : candidates) {
      Oracle oracle(none);
      pair = {first, second};
      pair[0].value = 1;
      pair[1].value = 2;
      for (const Ipv4Route& r : pair) oracle.add(r);
      const Ipv4Table table = build(pair);
      std::vector<std::uint32_t> all;
      for (std::uint32_t a = ip(10, 0, 0, 220); a < ip(10, 0, 1, 20); ++a) all.push_back(a);
      expect_same(table, oracle, all);
    }
    reclaim_all();
  }
}

TEST_F(TableTest, RepeatedRoutesTheLastOneCounts) {
  Ipv4Table table = build({route(ip(10, 1, 0, 0), 16, 1), route(ip(10, 1, 0, 0), 16, 2)});
  Oracle oracle(none);
  oracle.add(route(ip(10, 1, 0, 0), 16, 2));
  EXPECT_EQ(table.route_count(), 1u);
  expect_same_at_boundaries(table, oracle);
  bool republish = false;
  ASSERT_TRUE(table.add(route(ip(10, 1, 0, 0), 16, 3), &republish));
  ASSERT_TRUE(table.add(route(ip(10, 1, 0, 0), 16, 3), &republish));
  oracle.add(route(ip(10, 1, 0, 0), 16, 3));
  EXPECT_FALSE(republish) << "a new value is written in place";
  EXPECT_EQ(table.route_count(), 1u);
  expect_same_at_boundaries(table, oracle);
}

TEST_F(TableTest, DefaultRouteChangesTheDescriptorOnly) {
  Ipv4Table table = build({route(ip(10, 1, 0, 0), 16, 1), route(ip(10, 1, 2, 128), 25, 2)});
  const TableDescriptor before = table.descriptor();
  bool republish = false;
  ASSERT_TRUE(table.add(route(0, 0, 9), &republish));
  EXPECT_TRUE(republish);
  // Not published: readers go on with the old answer, inside the window and outside.
  EXPECT_EQ(lookup(arena.base(), before, ip(11, 0, 0, 0)), none);
  EXPECT_EQ(lookup(arena.base(), table.descriptor(), ip(11, 0, 0, 0)), 9u);
  EXPECT_EQ(lookup(arena.base(), table.descriptor(), ip(10, 1, 2, 128)), 2u);
  republish = false;
  ASSERT_TRUE(table.add(route(0, 0, 9), &republish));
  EXPECT_FALSE(republish);
  ASSERT_TRUE(table.remove(0, 0, &republish));
  EXPECT_TRUE(republish);
  EXPECT_EQ(table.descriptor(), before);
  EXPECT_EQ(table.remove(0, 0, &republish).error(), Error::not_found);
}

TEST_F(TableTest, WindowGrowsBothWays) {
  Ipv4Table table = build({route(ip(10, 128, 0, 0), 24, 1)});
  Oracle oracle(none);
  oracle.add(route(ip(10, 128, 0, 0), 24, 1));
  bool republish = false;
  unsigned moves = 0;
  for (std::uint32_t i = 1; i < 3000; ++i) {
    for (const std::uint32_t address :
         {ip(10, 128, 0, 0) + (i << 8), ip(10, 128, 0, 0) - (i << 8)}) {
      republish = false;
      ASSERT_TRUE(table.add(route(address, 24, i), &republish));
      oracle.add(route(address, 24, i));
      moves += republish;
    }
  }
  expect_same_at_boundaries(table, oracle);
  EXPECT_LE(moves, 40u) << "growth copies too often";
  EXPECT_GE(moves, 4u);
}

TEST_F(TableTest, WindowReachesTheEndsOfTheAddressSpace) {
  Ipv4Table table = build({route(ip(128, 0, 0, 0), 24, 1)});
  Oracle oracle(none);
  oracle.add(route(ip(128, 0, 0, 0), 24, 1));
  bool republish = false;
  for (const Ipv4Route& r : {route(0, 32, 2), route(UINT32_MAX, 32, 3), route(0, 1, 4),
                             route(1u << 31, 1, 5), route(UINT32_MAX, 24, 6)}) {
    ASSERT_TRUE(table.add(r, &republish));
    oracle.add(r);
    expect_same_at_boundaries(table, oracle);
  }
  EXPECT_LT(table.used_bytes(), 16u << 10) << "sparse and wide: a coarse first stage";
}

// The private ranges of RFC 1918 would be 48 MiB of /24 slots.
TEST_F(TableTest, SparseWideTablesAreSmall) {
  const Routes routes = {route(ip(10, 0, 0, 0), 8, 1), route(ip(172, 16, 0, 0), 12, 2),
                         route(ip(192, 168, 0, 0), 16, 3), route(ip(192, 168, 5, 4), 30, 4)};
  const Ipv4Table table = build(routes);
  Oracle oracle(none);
  for (const Ipv4Route& r : routes) oracle.add(r);
  EXPECT_GT(table.descriptor().shift, 8);
  EXPECT_LT(table.used_bytes(), 4u << 10);
  expect_same_at_boundaries(table, oracle);
}

TEST_F(TableTest, ShiftFollowsTheRoutes) {
  // Two far apart /24s: coarse. Then a /24 in each /16 between them: fine again, by itself.
  Ipv4Table table = build({route(ip(10, 0, 0, 0), 24, 1)});
  Oracle oracle(none);
  oracle.add(route(ip(10, 0, 0, 0), 24, 1));
  EXPECT_EQ(table.descriptor().shift, 8);
  bool republish = false;
  ASSERT_TRUE(table.add(route(ip(200, 0, 0, 0), 24, 2), &republish));
  oracle.add(route(ip(200, 0, 0, 0), 24, 2));
  EXPECT_GT(table.descriptor().shift, 8);
  for (unsigned a = 10; a < 200; ++a) {
    for (unsigned b = 0; b < 256; ++b) {
      ASSERT_TRUE(table.add(route(ip(a, b, 9, 0), 24, a * 256 + b), &republish));
      oracle.add(route(ip(a, b, 9, 0), 24, a * 256 + b));
    }
  }
  EXPECT_EQ(table.descriptor().shift, 8);
  expect_same_at_boundaries(table, oracle);
}

TEST_F(TableTest, GroupsGoWhenTheirRoutesGo) {
  Ipv4Table table = build({route(ip(10, 0, 0, 0), 16, 1)});
  const std::size_t empty_bytes = table.used_bytes();
  bool republish = false;
  ASSERT_TRUE(table.add(route(ip(10, 0, 3, 4), 30, 2), &republish));
  ASSERT_TRUE(table.add(route(ip(10, 0, 3, 77), 32, 3), &republish));
  EXPECT_EQ(table.used_bytes(), empty_bytes + 1024);
  ASSERT_TRUE(table.remove(ip(10, 0, 3, 77), 32, &republish));
  EXPECT_EQ(table.used_bytes(), empty_bytes + 256) << "64 entries are enough for a /30";
  ASSERT_TRUE(table.remove(ip(10, 0, 3, 4), 30, &republish));
  EXPECT_EQ(table.used_bytes(), empty_bytes);
  EXPECT_FALSE(republish);
}

TEST_F(TableTest, RefusesBadRoutes) {
  bool republish = false;
  Ipv4Table table = build({route(ip(10, 0, 0, 0), 8, 1)});
  const Routes bad = {{ip(10, 0, 0, 1), 31, 1},
                      {1, 0, 1},
                      {ip(10, 0, 0, 0), 33, 1},
                      {ip(10, 0, 0, 0), 255, 1},
                      {ip(10, 0, 0, 0), 24, max_value + 1}};
  for (const Ipv4Route& r : bad) {
    EXPECT_EQ(table.add(r, &republish).error(), Error::bad_route);
    EXPECT_EQ(Ipv4Table::build(arena, Routes{r}, {}).error(), Error::bad_route);
  }
  EXPECT_EQ(table.remove(ip(10, 0, 0, 1), 31, &republish).error(), Error::bad_route);
  EXPECT_EQ(table.remove(ip(10, 0, 0, 0), 33, &republish).error(), Error::bad_route);
  EXPECT_EQ(table.remove(ip(10, 0, 0, 0), 9, &republish).error(), Error::not_found);
  EXPECT_EQ(table.remove(ip(11, 0, 0, 0), 8, &republish).error(), Error::not_found);
  EXPECT_FALSE(republish);
  EXPECT_EQ(table.route_count(), 1u);
  EXPECT_STRNE(to_string(Error::bad_route), to_string(Error::not_found));
}

TEST_F(TableTest, ValuesOf24BitsAndAnyNone) {
  const Ipv4Table table =
      build({route(0, 1, max_value), route(1u << 31, 32, 0)}, {.none = UINT32_MAX});
  EXPECT_EQ(lookup_all_ways(table.descriptor(), 5), max_value);
  EXPECT_EQ(lookup_all_ways(table.descriptor(), 1u << 31), 0u);
  EXPECT_EQ(lookup_all_ways(table.descriptor(), UINT32_MAX), UINT32_MAX);
}

// Every size around the chunk's, tables mixed, nothing written beyond the end.
TEST_F(TableTest, BatchesOfAnySizeOverMixedTables) {
  std::vector<Ipv4Table> tables;
  std::vector<Oracle> oracles;
  std::vector<TableDescriptor> descriptors;
  Random random(3);
  for (unsigned t = 0; t < 20; ++t) {
    Routes routes;
    oracles.emplace_back(none);
    for (unsigned i = 0; i < 40 * t; ++i) {
      routes.push_back(route(random(), 1 + random() % 32, t * 1000 + i));
      oracles.back().add(routes.back());
    }
    tables.push_back(build(routes));
    descriptors.push_back(tables.back().descriptor());
  }
  for (std::size_t count = 0; count <= 200; ++count) {
    std::vector<std::uint32_t> index, addresses;
    for (std::size_t i = 0; i < count; ++i) {
      index.push_back(static_cast<std::uint32_t>(random() % tables.size()));
      addresses.push_back(random());
    }
    std::vector<Value> values(count + 1, 0x5555);
    lookup_batch(arena.base(), descriptors.data(), index.data(), addresses.data(), values.data(),
                 count);
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_EQ(values[i], oracles[index[i]].lookup(addresses[i]));
    }
    EXPECT_EQ(values[count], 0x5555u);
  }
}

TEST_F(TableTest, MovedTablesGoOn) {
  Ipv4Table first = build({route(ip(10, 0, 0, 0), 8, 1)});
  const TableDescriptor descriptor = first.descriptor();
  Ipv4Table second = std::move(first);
  EXPECT_EQ(second.descriptor(), descriptor);
  second = build({route(ip(11, 0, 0, 0), 8, 2)});
  EXPECT_EQ(lookup_all_ways(second.descriptor(), ip(11, 1, 1, 1)), 2u);
  EXPECT_GT(arena.occupancy().retired_bytes, 0u) << "the replaced table's blocks";
}

}  // namespace
}  // namespace bgw::lpm::test
