// Tables as large and as many as promised; prints what they take (CPU seconds).
#include <cstdio>
#include <ctime>

#include "tests/unit/lpm/fixture.h"

namespace bgw::lpm::test {
namespace {

class Scale : public TableTest {
 protected:
  // Lengths as in a full BGP table: mostly /24, then /16–/23, few others.
  static std::vector<Ipv4Route> full_table(std::size_t count) {
    Random random(99);
    std::vector<Ipv4Route> routes;
    routes.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      const unsigned kind = random() % 100;
      const unsigned length = kind < 58 ? 24 : kind < 98 ? 16 + random() % 8 : 8 + random() % 8;
      routes.push_back(route(ip(1, 0, 0, 0) + random() % ip(222, 0, 0, 0), length, i & max_value));
    }
    return routes;
  }
};

// CPU time, which other programs on the machine disturb least.
class Stopwatch {
 public:
  double seconds() const {
    return static_cast<double>(std::clock() - begin_) / static_cast<double>(CLOCKS_PER_SEC);
  }

 private:
  std::clock_t begin_ = std::clock();
};

constexpr double mb = 1e6;

TEST_F(Scale, AMillionRoutes) {
  const std::vector<Ipv4Route> routes = full_table(1'070'000);
  Oracle oracle(none);
  for (const Ipv4Route& r : routes) oracle.add(r);

  const Stopwatch building;
  const Ipv4Table built = build(routes);
  const double build_s = building.seconds();

  Ipv4Table grown = build({});
  bool republish = false;
  const Stopwatch adding;
  for (const Ipv4Route& r : routes) ASSERT_TRUE(grown.add(r, &republish));
  const double add_s = adding.seconds();
  ASSERT_EQ(built.route_count(), oracle.size());
  ASSERT_EQ(grown.route_count(), oracle.size());

  Random random(1);
  for (std::size_t i = 0; i < 20'000; ++i) {
    const Ipv4Route& r = routes[random() % routes.size()];
    const std::uint32_t address = boundaries(r.address, r.length)[random() % 5];
    const Value expected = oracle.lookup(address);
    ASSERT_EQ(lookup_all_ways(built.descriptor(), address), expected);
    ASSERT_EQ(lookup_all_ways(grown.descriptor(), address), expected);
  }

  const Stopwatch removing;
  for (const Ipv4Route& r : routes) {
    static_cast<void>(grown.remove(r.address, r.length, &republish));
  }
  std::printf("%zu routes: build %.2f s, add %.2f s, remove %.2f s; arena %.1f MB, RIB %.1f MB\n",
              oracle.size(), build_s, add_s, removing.seconds(),
              static_cast<double>(built.used_bytes()) / mb,
              static_cast<double>(built.rib_bytes()) / mb);
  EXPECT_EQ(grown.route_count(), 0u);
  EXPECT_EQ(built.descriptor().shift, 8);
  EXPECT_LT(static_cast<double>(built.used_bytes() + built.rib_bytes()), 96 * mb);
}

// 10–1,000 routes each: half /24, a quarter /20–/23, a quarter /25–/28, in one /16 per table.
TEST_F(Scale, TenThousandTables) {
  constexpr std::size_t tables = 10'000;
  Random random(7);
  std::vector<Ipv4Table> all;
  all.reserve(tables);
  std::size_t arena_bytes = 0, rib_bytes = 0, routes = 0;
  const Stopwatch building;
  for (std::size_t t = 0; t < tables; ++t) {
    const std::uint32_t vpc = ip(10, t & 255, 0, 0);
    const std::size_t size = 10u << random() % 7;  // roughly log-uniform
    std::vector<Ipv4Route> table_routes;
    for (std::size_t i = 0; i < size; ++i) {
      const unsigned kind = random() % 4;
      const unsigned length = kind < 2 ? 24 : kind == 2 ? 20 + random() % 4 : 25 + random() % 4;
      table_routes.push_back(route(vpc | (random() & 0xffff), length, random() & max_value));
    }
    all.push_back(build(table_routes));
    arena_bytes += all.back().used_bytes();
    rib_bytes += all.back().rib_bytes();
    routes += all.back().route_count();
  }
  const double per_table = static_cast<double>(arena_bytes + rib_bytes) / tables;
  std::printf("%zu tables, %zu routes: build %.2f s; arena %.1f KiB and RIB %.1f KiB a table\n",
              tables, routes, building.seconds(), static_cast<double>(arena_bytes) / tables / 1024,
              static_cast<double>(rib_bytes) / tables / 1024);
  EXPECT_EQ(arena.occupancy().used_bytes, arena_bytes);
  EXPECT_LT(per_table, 20 * 1024);
}

}  // namespace
}  // namespace bgw::lpm::test
