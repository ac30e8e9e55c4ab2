// Small cases, each with every way to look up.
#include "tests/unit/lpm/fixture.h"

namespace bgw::lpm::test {
namespace {

TYPED_TEST_SUITE(TableTest, Families, FamilyNames);

TYPED_TEST(TableTest, ZeroDescriptorAnswersZeroEverywhere) {
  const TableDescriptor<TypeParam> zero;
  for (const TypeParam address : this->landmarks()) {
    EXPECT_EQ(this->lookup_all_ways(zero, address), 0u);
  }
}

TYPED_TEST(TableTest, EmptyTableAnswersNoneAndTakesNoMemory) {
  const Table<TypeParam> table = this->build({});
  this->expect_same(table, Oracle<TypeParam>(this->none), this->landmarks());
  EXPECT_EQ(table.route_count(), 0u);
  EXPECT_EQ(table.used_bytes(), 0u);
}

TYPED_TEST(TableTest, DefaultRouteAloneTakesNoMemory) {
  const Route<TypeParam> only{0, 0, 7};
  const Table<TypeParam> table = this->build({only});
  this->expect_same(table, Oracle<TypeParam>(this->none, {only}), this->landmarks());
  EXPECT_EQ(table.route_count(), 1u);
  EXPECT_EQ(table.used_bytes(), 0u);
}

// A VPC with a smaller prefix in it, and in IPv6 one beyond the first 64 bits.
TYPED_TEST(TableTest, SmallTableFitsInFourCacheLines) {
  std::vector<Route<TypeParam>> routes;
  if constexpr (is_ipv4<TypeParam>) {
    routes = {route<TypeParam>(ip(10, 1, 0, 0), 20, 1), route<TypeParam>(ip(10, 1, 3, 16), 28, 2)};
  } else {
    const std::uint64_t vpc = 0x2001'0db8'0001'0010;
    routes = {route<TypeParam>(ip6(vpc), 60, 1), route<TypeParam>(ip6(vpc + 3), 64, 2),
              route<TypeParam>(ip6(vpc + 3, 5), 72, 3)};
  }
  const Table<TypeParam> table = this->build(routes);
  EXPECT_GT(table.used_bytes(), 0u);
  EXPECT_LE(table.used_bytes(), 256u);
}

// One route of every length at the edges and in the middle of the address space.
TYPED_TEST(TableTest, EveryLengthAlone) {
  constexpr TypeParam last = ~TypeParam{0};
  const TypeParam middle = last / 255 * 77 + 12345;
  const Oracle<TypeParam> nothing(this->none);
  for (unsigned length = 0; length <= address_bits<TypeParam>; ++length) {
    for (const TypeParam address : {TypeParam{0}, middle, last}) {
      SCOPED_TRACE(testing::Message() << text_of(address) << '/' << length);
      const auto only = route<TypeParam>(address, length, max_value);
      const Oracle<TypeParam> oracle(this->none, {only});
      const Table<TypeParam> built = this->build({only});
      this->expect_same_at_boundaries(built, oracle);
      Table<TypeParam> grown = this->build({});
      bool republish = false;
      ASSERT_TRUE(grown.add(only, &republish));
      EXPECT_TRUE(republish);
      this->expect_same_at_boundaries(grown, oracle);
      ASSERT_TRUE(grown.remove(only.address, only.length, &republish));
      this->expect_same(grown, nothing, boundaries(only));
      EXPECT_EQ(grown.route_count(), 0u);
    }
    this->reclaim_all();
  }
}

// All prefixes of one address nested in each other, in both orders, then peeled off in both.
TYPED_TEST(TableTest, AllLengthsNested) {
  constexpr unsigned bits = address_bits<TypeParam>;
  const TypeParam address = ~TypeParam{0} / 255 * 0xa5 + 0x1234'5678;
  for (const bool longest_first : {false, true}) {
    for (const bool peel_longest_first : {false, true}) {
      Table<TypeParam> table = this->build({});
      Oracle<TypeParam> oracle(this->none);
      bool republish = false;
      for (unsigned i = 0; i <= bits; ++i) {
        const unsigned length = longest_first ? bits - i : i;
        const auto r = route<TypeParam>(address, length, 100 + length);
        ASSERT_TRUE(table.add(r, &republish));
        oracle.add(r);
        this->expect_same_at_boundaries(table, oracle);
      }
      EXPECT_EQ(table.route_count(), bits + 1);
      for (unsigned i = 0; i <= bits; ++i) {
        const unsigned length = peel_longest_first ? bits - i : i;
        const auto r = route<TypeParam>(address, length, 0);
        ASSERT_TRUE(table.remove(r.address, r.length, &republish));
        ASSERT_TRUE(oracle.remove(r.address, r.length));
        this->expect_same_at_boundaries(table, oracle);
        this->expect_same(table, oracle, boundaries(r));
      }
      EXPECT_EQ(table.route_count(), 0u);
    }
    this->reclaim_all();
  }
}

// Every pair of prefixes within the last five bits, and across a group's end. In IPv6 the group is
// one of the last that a lookup can come to.
TYPED_TEST(TableTest, AllPairsWithinASmallRange) {
  constexpr unsigned bits = address_bits<TypeParam>;
  const TypeParam group = ~TypeParam{0} / 255 * 10 & ~TypeParam{0x1ff};
  std::vector<Route<TypeParam>> candidates;
  for (unsigned length = bits - 5; length <= bits; ++length) {
    for (TypeParam i = 0; i < TypeParam{1} << (length - (bits - 5)); ++i) {
      candidates.push_back(route<TypeParam>(group + 240 + (i << (bits - length)), length, 0));
    }
  }
  candidates.push_back(route<TypeParam>(group, bits - 9, 0));
  candidates.push_back(route<TypeParam>(group + 256, bits, 0));
  std::vector<TypeParam> all;
  for (unsigned i = 220; i < 276; ++i) all.push_back(group + i);
  for (const Route<TypeParam>& first : candidates) {
    for (const Route<TypeParam>& second : candidates) {
      std::vector<Route<TypeParam>> pair = {first, second};
      pair[0].value = 1;
      pair[1].value = 2;
      const Table<TypeParam> table = this->build(pair);
      this->expect_same(table, Oracle<TypeParam>(this->none, pair), all);
    }
    this->reclaim_all();
  }
}

TYPED_TEST(TableTest, RepeatedRoutesTheLastOneCounts) {
  const auto with_value = [](Value v) { return place<TypeParam>(ip(10, 1, 0, 0), 16, v); };
  Table<TypeParam> table = this->build({with_value(1), with_value(2)});
  Oracle<TypeParam> oracle(this->none, {with_value(2)});
  EXPECT_EQ(table.route_count(), 1u);
  this->expect_same_at_boundaries(table, oracle);
  bool republish = false;
  ASSERT_TRUE(table.add(with_value(3), &republish));
  ASSERT_TRUE(table.add(with_value(3), &republish));
  oracle.add(with_value(3));
  EXPECT_FALSE(republish) << "a new value is written in place";
  EXPECT_EQ(table.route_count(), 1u);
  this->expect_same_at_boundaries(table, oracle);
}

TYPED_TEST(TableTest, DefaultRouteChangesTheDescriptorOnly) {
  Table<TypeParam> table = this->build(
      {place<TypeParam>(ip(10, 1, 0, 0), 16, 1), place<TypeParam>(ip(10, 1, 2, 128), 25, 2)});
  const std::uint32_t* const base = this->arena.base();
  const TypeParam outside = place<TypeParam>(11, 0, 0, 0);
  const TypeParam inside = place<TypeParam>(10, 1, 2, 128);
  const TableDescriptor<TypeParam> before = table.descriptor();
  const Route<TypeParam> default_route{0, 0, 9};
  bool republish = false;
  ASSERT_TRUE(table.add(default_route, &republish));
  EXPECT_TRUE(republish);
  // Not published: readers go on with the old answer, inside the window and outside.
  EXPECT_EQ(lookup(base, before, outside), this->none);
  EXPECT_EQ(this->lookup_all_ways(table.descriptor(), outside), 9u);
  EXPECT_EQ(this->lookup_all_ways(table.descriptor(), inside), 2u);
  republish = false;
  ASSERT_TRUE(table.add(default_route, &republish));
  EXPECT_FALSE(republish);
  ASSERT_TRUE(table.remove(0, 0, &republish));
  EXPECT_TRUE(republish);
  EXPECT_EQ(table.descriptor(), before);
  EXPECT_EQ(table.remove(0, 0, &republish).error(), Error::not_found);
}

TYPED_TEST(TableTest, RefusesBadRoutes) {
  using R = Route<TypeParam>;
  constexpr unsigned bits = address_bits<TypeParam>;
  const TypeParam ten = place<TypeParam>(10, 0, 0, 0);
  const auto eight = static_cast<std::uint8_t>(place_bits<TypeParam> + 8);
  bool republish = false;
  Table<TypeParam> table = this->build({R{ten, eight, 1}});
  const std::vector<R> bad = {{ten + 1, bits - 1, 1},      {1, 0, 1},
                              {ten, bits + 1, 1},          {ten, 255, 1},
                              {ten, eight, max_value + 1}, {ten, eight, UINT32_MAX}};
  for (const R& r : bad) {
    EXPECT_EQ(table.add(r, &republish).error(), Error::bad_route);
    EXPECT_EQ(Table<TypeParam>::build(this->arena, std::vector{r}, {}).error(), Error::bad_route);
  }
  EXPECT_EQ(table.remove(ten + 1, bits - 1, &republish).error(), Error::bad_route);
  EXPECT_EQ(table.remove(ten, bits + 1, &republish).error(), Error::bad_route);
  EXPECT_EQ(table.remove(ten, eight + 1, &republish).error(), Error::not_found);
  EXPECT_EQ(table.remove(place<TypeParam>(11, 0, 0, 0), eight, &republish).error(),
            Error::not_found);
  EXPECT_FALSE(republish);
  EXPECT_EQ(table.route_count(), 1u);
  EXPECT_EQ(this->lookup_all_ways(table.descriptor(), ten), 1u);
  EXPECT_STRNE(to_string(Error::bad_route), to_string(Error::not_found));
}

// 2^24 − 1 is no route's value, but may be the answer where no route matches.
TYPED_TEST(TableTest, ValuesUpToTheLargestAndAnyNone) {
  constexpr unsigned bits = address_bits<TypeParam>;
  const TypeParam half = TypeParam{1} << (bits - 1);
  const Table<TypeParam> table = this->build(
      {route<TypeParam>(0, 1, max_value), route<TypeParam>(half, bits, 0)}, {.none = 0xff'ffff});
  EXPECT_EQ(this->lookup_all_ways(table.descriptor(), 5), max_value);
  EXPECT_EQ(this->lookup_all_ways(table.descriptor(), half), 0u);
  EXPECT_EQ(this->lookup_all_ways(table.descriptor(), half + 1), 0xff'ffffu);
  EXPECT_EQ(this->lookup_all_ways(table.descriptor(), ~TypeParam{0}), 0xff'ffffu);
}

TYPED_TEST(TableTest, MovedTablesGoOn) {
  Table<TypeParam> first = this->build({place<TypeParam>(ip(10, 0, 0, 0), 8, 1)});
  const TableDescriptor<TypeParam> descriptor = first.descriptor();
  Table<TypeParam> second = std::move(first);
  EXPECT_EQ(second.descriptor(), descriptor);
  second = this->build({place<TypeParam>(ip(11, 0, 0, 0), 8, 2)});
  EXPECT_EQ(this->lookup_all_ways(second.descriptor(), place<TypeParam>(11, 1, 1, 1)), 2u);
  EXPECT_GT(this->arena.occupancy().retired_bytes, 0u) << "the replaced table's blocks";
}

// What distinguishes two address types at compile time can't mix them up at run time: both families
// side by side in one arena.
TEST(BothFamilies, ShareAnArena) {
  Arena arena({.max_bytes = std::size_t{64} << 20, .huge_pages = false});
  Ways<Ipv4Address> ways4(arena.base());
  Ways<Ipv6Address> ways6(arena.base());
  std::vector<Ipv4Route> routes4;
  std::vector<Ipv6Route> routes6;
  Random random(6);
  for (unsigned i = 0; i < 300; ++i) {
    routes4.push_back(random.any_route<Ipv4Address>());
    routes6.push_back(random.any_route<Ipv6Address>());
  }
  const auto table4 = Ipv4Table::build(arena, routes4, {});
  const auto table6 = Ipv6Table::build(arena, routes6, {});
  ASSERT_TRUE(table4 && table6);
  EXPECT_EQ(arena.occupancy().used_bytes, table4->used_bytes() + table6->used_bytes());
  const Oracle<Ipv4Address> oracle4(0, routes4);
  const Oracle<Ipv6Address> oracle6(0, routes6);
  for (unsigned i = 0; i < 300; ++i) {
    for (const Ipv4Address a : boundaries(routes4[i])) {
      ASSERT_EQ(ways4.ask(table4->descriptor(), a), oracle4.lookup(a));
    }
    for (const Ipv6Address a : boundaries(routes6[i])) {
      ASSERT_EQ(ways6.ask(table6->descriptor(), a), oracle6.lookup(a));
    }
  }
}

}  // namespace
}  // namespace bgw::lpm::test
