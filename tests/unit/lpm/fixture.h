// A table and its oracle, changed and asked together.
#pragma once

#include <gtest/gtest.h>

#include <stdexcept>
#include <utility>
#include <vector>

#include "lpm/lpm.h"
#include "tests/unit/lpm/oracle.h"
#include "tests/unit/lpm/ways.h"

namespace bgw::lpm::test {

// For TYPED_TEST_SUITE(…, Families, FamilyNames).
using Families = ::testing::Types<Ipv4Address, Ipv6Address>;
struct FamilyNames {
  template <typename Address>
  static std::string GetName(int) {
    return is_ipv4<Address> ? "Ipv4" : "Ipv6";
  }
};

template <typename Address>
class TableTest : public ::testing::Test {
 protected:
  using Routes = std::vector<Route<Address>>;
  using Descriptor = TableDescriptor<Address>;
  using Options = typename Table<Address>::Options;

  static constexpr Value none = 0xabcdef;

  explicit TableTest(std::size_t arena_bytes = std::size_t{1} << 30)
      : arena({.max_bytes = arena_bytes, .huge_pages = false}) {}

  Table<Address> build(const Routes& routes, Options options = {.none = none}) {
    auto built = Table<Address>::build(arena, routes, options);
    if (!built) throw std::runtime_error(to_string(built.error()));
    return std::move(*built);
  }

  // The answer of every way to look up, which must be one.
  Value lookup_all_ways(const Descriptor& table, Address address) {
    return ways.ask(table, address);
  }

  void expect_same(const Descriptor& table, const Oracle<Address>& oracle,
                   const std::vector<Address>& addresses) {
    const std::vector<Value> answers = ways.ask(table, addresses);
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      ASSERT_EQ(answers[i], oracle.lookup(addresses[i])) << text_of(addresses[i]);
    }
  }
  void expect_same(const Table<Address>& table, const Oracle<Address>& oracle,
                   const std::vector<Address>& addresses) {
    expect_same(table.descriptor(), oracle, addresses);
  }

  // At both ends of every route of the oracle.
  void expect_same_at_boundaries(const Table<Address>& table, const Oracle<Address>& oracle) {
    std::vector<Address> addresses = landmarks();
    for (const Route<Address>& r : oracle.routes()) append(addresses, boundaries(r));
    expect_same(table, oracle, addresses);
  }

  static std::vector<Address> landmarks() {
    constexpr Address last = ~Address{0};
    return {0, 1, last, last - 1, last / 2 + 1};
  }
  static void append(std::vector<Address>& all, const std::vector<Address>& more) {
    all.insert(all.end(), more.begin(), more.end());
  }

  void reclaim_all() { arena.reclaim(arena.retire_epoch()); }

  Arena arena;
  Ways<Address> ways{arena.base()};
};

}  // namespace bgw::lpm::test
