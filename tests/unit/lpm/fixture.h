// A table and its oracle, changed and asked together.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "lpm/lookup.h"
#include "lpm/lpm.h"
#include "tests/unit/lpm/oracle.h"

namespace bgw::lpm::test {

class TableTest : public ::testing::Test {
 protected:
  static constexpr Value none = 0xabcdef;

  explicit TableTest(std::size_t arena_bytes = std::size_t{1} << 30)
      : arena({.max_bytes = arena_bytes, .huge_pages = false}) {}

  Ipv4Table build(const std::vector<Ipv4Route>& routes,
                  Ipv4Table::Options options = {.none = none}) {
    auto built = Ipv4Table::build(arena, routes, options);
    if (!built) throw std::runtime_error(to_string(built.error()));
    return std::move(*built);
  }

  // The answer of every way to look up, which must be one.
  Value lookup_all_ways(const TableDescriptor& table, std::uint32_t address) const {
    const Value single = lookup(arena.base(), table, address);
    EXPECT_EQ(lookup_inline(arena.base(), table, address), single);
    const std::uint32_t index = 0;
    Value batched = 0;
    lookup_batch(arena.base(), &table, &index, &address, &batched, 1);
    EXPECT_EQ(batched, single);
    return single;
  }

  void expect_same(const Ipv4Table& table, const Oracle& oracle,
                   const std::vector<std::uint32_t>& addresses) const {
    for (const std::uint32_t address : addresses) {
      ASSERT_EQ(lookup_all_ways(table.descriptor(), address), oracle.lookup(address))
          << std::hex << address;
    }
  }

  // At both ends of every route of the oracle.
  void expect_same_at_boundaries(const Ipv4Table& table, const Oracle& oracle) const {
    for (const Ipv4Route& r : oracle.routes()) {
      expect_same(table, oracle, boundaries(r.address, r.length));
    }
    expect_same(table, oracle, {0, 1, UINT32_MAX, UINT32_MAX - 1, 1u << 31});
  }

  void reclaim_all() { arena.reclaim(arena.retire_epoch()); }

  Arena arena;
};

}  // namespace bgw::lpm::test
