// Skips of IPv6 tables: hosts in otherwise empty subnets, and what else ends along the same bits.
#include <algorithm>

#include "tests/unit/lpm/fixture.h"

namespace bgw::lpm::test {
namespace {

class SkipTest : public TableTest<Ipv6Address> {
 protected:
  static constexpr std::uint64_t subnet = 0x2001'0db8'0001'0010;
  static constexpr Ipv6Address some_host = ip6(subnet, 0x0123'4567'89ab'cdef);

  static Ipv6Route host(Ipv6Address address = some_host, Value value = 128) {
    return route<Ipv6Address>(address, 128, value);
  }
  static Ipv6Address flipped(Ipv6Address address, unsigned bit) {
    return address ^ (Ipv6Address{1} << (127 - bit));
  }

  bool republish = false;
};

TEST_F(SkipTest, AHostInASubnetCostsLittle) {
  Ipv6Table table = build({route<Ipv6Address>(ip6(subnet), 64, 1)});
  const std::size_t without = table.used_bytes();
  ASSERT_TRUE(table.add(host(), &republish));
  EXPECT_LE(table.used_bytes(), without + 32);
  ASSERT_TRUE(table.remove(some_host, 128, &republish));
  EXPECT_EQ(table.used_bytes(), without);
}

// Beside a host's route one more, of every length, that leaves the host's way at every bit or not
// at all: the answers of both, and when it has gone nothing is left of it.
TEST_F(SkipTest, ARouteLeavesAnywhereAndEndsAnywhere) {
  const std::vector<Ipv6Route> before = {route<Ipv6Address>(ip6(subnet), 64, 1), host()};
  Ipv6Table table = build(before);
  const std::size_t used = table.used_bytes();
  for (unsigned length = 65; length <= 128; ++length) {
    for (unsigned bit = 64; bit <= length; ++bit) {
      SCOPED_TRACE(testing::Message() << "bit " << bit << ", length " << length);
      const Ipv6Address where = bit == length ? some_host : flipped(some_host, bit);
      const auto other = route<Ipv6Address>(where, length, 2);
      if (other == host(some_host, 2)) continue;
      ASSERT_TRUE(table.add(other, &republish));
      Oracle<Ipv6Address> oracle(none, before);
      oracle.add(other);
      expect_same_at_boundaries(table, oracle);
      expect_same(table, oracle, {flipped(where, 127), flipped(where, 64), flipped(where, 95)});
      ASSERT_TRUE(table.remove(other.address, other.length, &republish));
      reclaim_all();
      EXPECT_EQ(table.used_bytes(), used);
      if (HasFatalFailure()) return;
    }
  }
  expect_same_at_boundaries(table, Oracle<Ipv6Address>(none, before));
  EXPECT_FALSE(republish);
}

// Some of the routes along one address come and go in any order.
TEST_F(SkipTest, RoutesAlongAnAddress) {
  Random random(5);
  for (unsigned round = 0; round < 200; ++round) {
    std::vector<Ipv6Route> along;
    for (unsigned length = 65; length <= 128; ++length) {
      if (random() % (1 + round % 16) == 0) {
        along.push_back(route<Ipv6Address>(some_host, length, length));
      }
    }
    const std::vector<Ipv6Route> before = {route<Ipv6Address>(ip6(subnet), 64, 1)};
    Ipv6Table table = build(before);
    Oracle<Ipv6Address> oracle(none, before);
    const std::size_t used = table.used_bytes();
    std::ranges::shuffle(along, random);
    for (const auto& r : along) {
      ASSERT_TRUE(table.add(r, &republish));
      oracle.add(r);
      if (round % 8 == 0) expect_same_at_boundaries(table, oracle);
    }
    expect_same_at_boundaries(table, oracle);
    std::ranges::shuffle(along, random);
    for (const auto& r : along) {
      ASSERT_TRUE(table.remove(r.address, r.length, &republish));
      oracle.remove(r.address, r.length);
      if (round % 8 == 0) expect_same_at_boundaries(table, oracle);
    }
    expect_same_at_boundaries(table, oracle);
    ASSERT_EQ(table.used_bytes(), used);
  }
}

// Next to each other, so that their leaves are equal: none of them is taken for a part of another.
TEST_F(SkipTest, NeighboursOfOneValueStayApart) {
  const std::vector<Ipv6Route> before = {route<Ipv6Address>(ip6(subnet), 64, 1)};
  for (const unsigned gone : {127u, 126u, 124u, 121u}) {
    Oracle<Ipv6Address> oracle(none, before);
    Ipv6Table table = build(before);
    for (const Ipv6Address address : {some_host, flipped(some_host, 127), flipped(some_host, 126),
                                      flipped(some_host, 124), flipped(some_host, 121)}) {
      ASSERT_TRUE(table.add(host(address), &republish));
      oracle.add(host(address));
    }
    for (const unsigned bit : {127u, 126u, 124u, 121u}) {
      if (bit == gone) continue;
      ASSERT_TRUE(table.remove(flipped(some_host, bit), 128, &republish));
      oracle.remove(flipped(some_host, bit), 128);
      expect_same_at_boundaries(table, oracle);
    }
  }
}

// An update that has made way for a route and then finds no memory for it puts everything back.
TEST_F(SkipTest, AFullArenaPutsTheSkipBack) {
  for (unsigned bit = 64; bit < 128; bit += 7) {
    unsigned refused = 0;
    for (std::size_t spare = 0;; spare += 8) {
      SCOPED_TRACE(testing::Message() << "bit " << bit << ", " << spare << " bytes to spare");
      const std::vector<Ipv6Route> routes = {route<Ipv6Address>(ip6(subnet), 64, 1), host()};
      // Unit 0; a first stage of one node, which begins a cache line; two skips.
      Arena small({.max_bytes = 64 + 128 + 32 + spare, .huge_pages = false});
      auto table = Ipv6Table::build(small, routes, {.none = none});
      ASSERT_TRUE(table);
      Ways<Ipv6Address> asked(small.base());
      const std::size_t used = table->used_bytes();
      const auto other = host(flipped(some_host, bit), 2);
      const bool done = table->add(other, &republish).has_value();
      Oracle<Ipv6Address> oracle(none, routes);
      if (done) oracle.add(other);
      for (const auto& r : {host(), other}) {
        for (const Ipv6Address address : boundaries(r)) {
          ASSERT_EQ(asked.ask(table->descriptor(), address), oracle.lookup(address));
        }
      }
      if (done) break;
      ++refused;
      EXPECT_EQ(table->used_bytes(), used);
      EXPECT_EQ(small.occupancy().used_bytes, used);
    }
    EXPECT_GE(refused, 2u);
  }
}

// In a version: what it has opened, written anew and given up again when memory runs out goes once.
// Tables that are built into what is free then must not lie over the first one.
class FullArenaSkipTest : public SkipTest {
 protected:
  using Tables = std::vector<Ipv6Table>;

  // One node each; as many as fit.
  static Tables fill(Arena& arena) {
    Tables tables;
    const std::vector<Ipv6Route> routes = {route<Ipv6Address>(ip6(7), 64, 7)};
    for (;;) {
      auto table = Ipv6Table::build(arena, routes, {.none = none});
      if (!table) return tables;
      tables.push_back(std::move(*table));
    }
  }
};

TEST_F(FullArenaSkipTest, AVersionGivesBackOnce) {
  std::vector<Ipv6Route> routes;
  for (unsigned i = 1; i <= 60; ++i) routes.push_back(host(ip6(subnet, i), i));
  const Oracle<Ipv6Address> oracle(none, routes);
  unsigned refused = 0;
  for (unsigned length = 68; length < 124; length += 4) {
    for (std::size_t bytes = 2048; bytes < 4096; bytes += 88) {
      for (std::size_t room = 0; room < 8; ++room) {
        SCOPED_TRACE(testing::Message() << "/" << length << ", " << bytes << ", " << room);
        Arena small({.max_bytes = bytes, .huge_pages = false});
        auto table = Ipv6Table::build(small, routes, {.none = none});
        if (!table) continue;
        Tables others = fill(small);
        for (std::size_t i = 0; i < room && !others.empty(); ++i) others.pop_back();
        small.reclaim(small.retire_epoch());
        const std::size_t used = table->used_bytes();
        const std::size_t all_used = small.occupancy().used_bytes;
        table->open_version();
        if (table->add(route<Ipv6Address>(ip6(subnet), length, 999), &republish)) continue;
        ++refused;
        ASSERT_EQ(table->used_bytes(), used);
        small.reclaim(small.retire_epoch());
        ASSERT_EQ(small.occupancy().used_bytes, all_used);
        const Tables more = fill(small);
        Ways<Ipv6Address> asked(small.base());
        for (unsigned i = 0; i <= 64; ++i) {
          const Ipv6Address address = ip6(subnet, i);
          ASSERT_EQ(asked.ask(table->descriptor(), address), oracle.lookup(address));
        }
      }
    }
  }
  EXPECT_GT(refused, 100u) << "hardly ever full";
}

}  // namespace
}  // namespace bgw::lpm::test
