// The first stage: which part of the address space it spans, how coarse it is, what lies below it.
#include "tests/unit/lpm/fixture.h"

namespace bgw::lpm::test {
namespace {

template <typename Address>
class WindowTest : public TableTest<Address> {};
TYPED_TEST_SUITE(WindowTest, Families, FamilyNames);

TYPED_TEST(WindowTest, GrowsBothWays) {
  const Ipv4Address middle = ip(10, 128, 0, 0);
  const auto start = place<TypeParam>(middle, 24, 1);
  Table<TypeParam> table = this->build({start});
  Oracle<TypeParam> oracle(this->none, {start});
  unsigned moves = 0;
  for (std::uint32_t i = 1; i < 3000; ++i) {
    for (const Ipv4Address address : {middle + (i << 8), middle - (i << 8)}) {
      const auto r = place<TypeParam>(address, 24, i);
      bool republish = false;
      ASSERT_TRUE(table.add(r, &republish));
      oracle.add(r);
      moves += republish;
    }
  }
  this->expect_same_at_boundaries(table, oracle);
  EXPECT_LE(moves, 40u) << "growth copies too often";
  EXPECT_GE(moves, 4u);
}

TYPED_TEST(WindowTest, ReachesTheEndsOfTheAddressSpace) {
  constexpr unsigned bits = address_bits<TypeParam>;
  constexpr TypeParam last = ~TypeParam{0};
  constexpr TypeParam half = last / 2 + 1;
  const auto start = route<TypeParam>(half, place_bits<TypeParam> + 24, 1);
  Table<TypeParam> table = this->build({start});
  Oracle<TypeParam> oracle(this->none, {start});
  bool republish = false;
  for (const auto& r :
       {route<TypeParam>(0, bits, 2), route<TypeParam>(last, bits, 3), route<TypeParam>(0, 1, 4),
        route<TypeParam>(half, 1, 5), route<TypeParam>(last, place_bits<TypeParam> + 24, 6)}) {
    ASSERT_TRUE(table.add(r, &republish));
    oracle.add(r);
    this->expect_same_at_boundaries(table, oracle);
  }
  EXPECT_LT(table.used_bytes(), 16u << 10) << "sparse and wide: a coarse first stage";
}

// The private ranges of RFC 1918, and in IPv6 what lies as far apart within a /32.
TYPED_TEST(WindowTest, SparseWideTablesAreSmall) {
  const std::vector<Route<TypeParam>> routes = {
      place<TypeParam>(ip(10, 0, 0, 0), 8, 1), place<TypeParam>(ip(172, 16, 0, 0), 12, 2),
      place<TypeParam>(ip(192, 168, 0, 0), 16, 3), place<TypeParam>(ip(192, 168, 5, 4), 30, 4)};
  const Table<TypeParam> table = this->build(routes);
  EXPECT_GT(table.descriptor().shift, 8u);
  EXPECT_LT(table.used_bytes(), 4u << 10);
  this->expect_same_at_boundaries(table, Oracle<TypeParam>(this->none, routes));
}

// From the global range to the link-local one: all that a host's or a router's IPv6 table may have.
TEST(Ipv6Window, SpansAllRangesInUse) {
  Arena arena({.max_bytes = std::size_t{64} << 20, .huge_pages = false});
  const std::vector<Ipv6Route> routes = {route<Ipv6Address>(ip6(0, 1), 128, 1),
                                         route<Ipv6Address>(ip6(0x2001'0db8'0001'0000), 48, 2),
                                         route<Ipv6Address>(ip6(0xfd00'0000'0000'0001), 64, 3),
                                         route<Ipv6Address>(ip6(0xfe80'0000'0000'0000), 10, 4),
                                         route<Ipv6Address>(ip6(0xff02'0000'0000'0000, 1), 128, 5)};
  const auto table = Ipv6Table::build(arena, routes, {.none = 9});
  ASSERT_TRUE(table);
  const Oracle<Ipv6Address> oracle(9, routes);
  Ways<Ipv6Address> ways(arena.base());
  for (const Ipv6Route& r : routes) {
    for (const Ipv6Address address : boundaries(r)) {
      EXPECT_EQ(ways.ask(table->descriptor(), address), oracle.lookup(address));
    }
  }
  EXPECT_LT(table->used_bytes(), 16u << 10);
}

TYPED_TEST(WindowTest, ShiftFollowsTheRoutes) {
  // Two far apart /24s: coarse. Then a /24 in each /16 between them: fine again, by itself.
  const auto start = place<TypeParam>(ip(10, 0, 0, 0), 24, 1);
  Table<TypeParam> table = this->build({start});
  Oracle<TypeParam> oracle(this->none, {start});
  EXPECT_LE(table.descriptor().shift, 8u);
  const unsigned fine = 8;
  bool republish = false;
  const auto add = [&](Ipv4Address address, Value value) {
    const auto r = place<TypeParam>(address, 24, value);
    ASSERT_TRUE(table.add(r, &republish));
    oracle.add(r);
  };
  add(ip(200, 0, 0, 0), 2);
  EXPECT_GT(table.descriptor().shift, fine);
  for (unsigned a = 10; a < 200; ++a) {
    for (unsigned b = 0; b < 256; ++b) add(ip(a, b, 9, 0), a * 256 + b);
  }
  EXPECT_LE(table.descriptor().shift, fine);
  this->expect_same_at_boundaries(table, oracle);
}

TYPED_TEST(WindowTest, WhatLiesBelowGoesWhenItsRoutesGo) {
  Table<TypeParam> table = this->build({place<TypeParam>(ip(10, 0, 0, 0), 16, 1)});
  const std::size_t empty_bytes = table.used_bytes();
  const auto small = place<TypeParam>(ip(10, 0, 3, 4), 30, 2);
  const auto host = place<TypeParam>(ip(10, 0, 3, 77), 32, 3);
  bool republish = false;
  ASSERT_TRUE(table.add(small, &republish));
  EXPECT_GT(table.used_bytes(), empty_bytes);
  ASSERT_TRUE(table.add(host, &republish));
  ASSERT_TRUE(table.remove(host.address, host.length, &republish));
  ASSERT_TRUE(table.remove(small.address, small.length, &republish));
  EXPECT_EQ(table.used_bytes(), empty_bytes);
  EXPECT_FALSE(republish);
}

}  // namespace
}  // namespace bgw::lpm::test
