// Tables as large and as many as promised; prints what they take (CPU seconds).
#include <cstdio>
#include <ctime>

#include "tests/unit/lpm/fixture.h"
#include "tests/unit/lpm/terrain.h"

namespace bgw::lpm::test {
namespace {

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

template <typename Address>
class Scale : public TableTest<Address> {
 protected:
  // Different ones.
  template <typename Draw>
  static std::vector<Route<Address>> draw_routes(std::size_t count, Draw draw) {
    Oracle<Address> drawn;
    std::vector<Route<Address>> routes;
    while (routes.size() < count) {
      const Route<Address> r = draw();
      if (drawn.contains(r)) continue;
      drawn.add(r);
      routes.push_back(r);
    }
    return routes;
  }

  // Built and grown; both must answer alike. Returns what the built one takes.
  double full_table_bytes(const std::vector<Route<Address>>& routes) {
    const Oracle<Address> oracle(this->none, routes);
    const Stopwatch building;
    const Table<Address> built = this->build(routes);
    const double build_s = building.seconds();

    Table<Address> grown = this->build({});
    bool republish = false;
    const Stopwatch adding;
    for (const Route<Address>& r : routes) static_cast<void>(grown.add(r, &republish));
    const double add_s = adding.seconds();
    EXPECT_EQ(built.route_count(), routes.size());
    EXPECT_EQ(grown.route_count(), routes.size());

    Random random(1);
    std::vector<Address> addresses;
    for (std::size_t i = 0; i < 20'000; ++i) {
      addresses.push_back(boundaries(routes[random() % routes.size()])[random() % 5]);
    }
    this->expect_same(built, oracle, addresses);
    this->expect_same(grown, oracle, addresses);

    const Stopwatch removing;
    for (const Route<Address>& r : routes) {
      static_cast<void>(grown.remove(r.address, r.length, &republish));
    }
    EXPECT_EQ(grown.route_count(), 0u);
    std::printf("%zu routes: build %.2f s, add %.2f s, remove %.2f s; arena %.1f MB, RIB %.1f MB\n",
                routes.size(), build_s, add_s, removing.seconds(),
                static_cast<double>(built.used_bytes()) / mb,
                static_cast<double>(built.rib_bytes()) / mb);
    return static_cast<double>(built.used_bytes() + built.rib_bytes());
  }
};

// Lengths as in a full BGP table: mostly /24, then /16–/23, few others.
using Ipv4Scale = Scale<Ipv4Address>;
TEST_F(Ipv4Scale, AMillionRoutes) {
  Random random(99);
  const auto routes = draw_routes(1'070'000, [&] {
    const unsigned kind = random() % 100;
    const unsigned length = kind < 58 ? 24 : kind < 98 ? 16 + random() % 8 : 8 + random() % 8;
    const Ipv4Address address = ip(1, 0, 0, 0) + random() % ip(222, 0, 0, 0);
    return route<Ipv4Address>(address, length, random.value());
  });
  EXPECT_LE(full_table_bytes(routes), 96 * mb);
}

// All over 2000::/3, which is farther apart than what registries give out.
using Ipv6Scale = Scale<Ipv6Address>;
TEST_F(Ipv6Scale, AFullTable) {
  Random random(98);
  const auto routes = draw_routes(220'000, [&] {
    const Ipv6Address address =
        ip6(std::uint64_t{1} << 61) | (random.address<Ipv6Address>() & ~Ipv6Address{0} >> 3);
    const unsigned length = bgp_length(random);
    return route<Ipv6Address>(address, length, random.value());
  });
  EXPECT_LE(full_table_bytes(routes), 64 * mb);
}

// 10–1,000 routes each: half /24, a quarter /20–/23, a quarter /25–/28, in one /16 per table.
TEST_F(Ipv4Scale, TenThousandTables) {
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
      const Ipv4Address subnet = vpc | (random() & 0xffff);
      table_routes.push_back(route<Ipv4Address>(subnet, length, random.value()));
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
  EXPECT_LE(per_table, 20 * 1024);
}

}  // namespace
}  // namespace bgw::lpm::test
