// Tables against the naive oracle under random updates. BGW_LPM_UPDATES sets the number of updates
// (the lookups are ten times as many): 10'000'000 is the long form.
#include <algorithm>
#include <cstdlib>
#include <string>

#include "tests/unit/lpm/fixture.h"

namespace bgw::lpm::test {
namespace {

std::size_t updates_wanted() {
  const char* text = std::getenv("BGW_LPM_UPDATES");
  return text == nullptr ? 100'000 : std::stoul(text);
}

// Where a table's routes and lookups fall. A few bits vary freely in each, so that routes nest,
// repeat and share groups.
struct Terrain {
  const char* name;
  std::uint32_t base;
  std::uint32_t varying;  // bits of the address that vary
  std::size_t routes;     // about so many at a time
};

std::ostream& operator<<(std::ostream& out, const Terrain& terrain) {
  return out << terrain.name;
}

const Terrain terrains[] = {
    {"OneSubnet", ip(10, 1, 2, 0), 0x0000'00ff, 60},
    {"OneVpc", ip(10, 77, 0, 0), 0x0000'ffff, 400},
    {"TenSlash8", ip(10, 0, 0, 0), 0x00ff'ffff, 2000},
    {"Everywhere", 0, 0xffff'ffff, 500},
    {"SparseAndWide", 0, 0xc303'000f, 800},
    {"TheLast", 0xffff'0000, 0x0000'ffff, 300},
};

class Property : public TableTest, public ::testing::WithParamInterface<Terrain> {
 protected:
  std::uint32_t address() { return GetParam().base | (random() & GetParam().varying); }
  // Mostly 8–32 long; now and then anything.
  Ipv4Route new_route() {
    const unsigned length = random() % 16 == 0 ? random() % 33 : 8 + random() % 25;
    return route(address(), length, random() & max_value);
  }
  // Half of them at the ends of the routes of late.
  std::uint32_t query() {
    if (recent.empty() || random() % 2 == 0) return random() % 32 == 0 ? random() : address();
    const Ipv4Route& r = recent[random() % recent.size()];
    return boundaries(r.address, r.length)[random() % 5];
  }
  void remember(const Ipv4Route& r) {
    if (recent.size() < 64) {
      recent.push_back(r);
    } else {
      recent[random() % recent.size()] = r;
    }
  }

  Random random{20};
  std::vector<Ipv4Route> recent;
};

TEST_P(Property, UpdatesInPlaceAgreeWithTheOracle) {
  const std::size_t updates = updates_wanted() / std::size(terrains);
  constexpr std::size_t lookups_per_update = 10;
  Ipv4Table table = build({});
  Oracle oracle(none);
  std::vector<Ipv4Route> present;
  TableDescriptor published = table.descriptor();
  for (std::size_t i = 0; i < updates; ++i) {
    bool republish = false;
    // Grows to the terrain's number of routes, then adds and removes in balance.
    const bool add = present.size() < GetParam().routes ? random() % 4 != 0 : random() % 2 == 0;
    if (add || present.empty()) {
      const Ipv4Route r = new_route();
      ASSERT_TRUE(table.add(r, &republish));
      oracle.add(r);
      present.push_back(r);
      remember(r);
    } else {
      const std::size_t pick = random() % present.size();
      const Ipv4Route r = present[pick];
      present[pick] = present.back();
      present.pop_back();
      ASSERT_EQ(table.remove(r.address, r.length, &republish).has_value(),
                oracle.remove(r.address, r.length));
      remember(r);
    }
    if (republish) published = table.descriptor();
    ASSERT_EQ(published, table.descriptor()) << "changed without saying so";
    ASSERT_EQ(table.route_count(), oracle.size());
    std::uint32_t addresses[lookups_per_update];
    const std::uint32_t tables[lookups_per_update] = {};
    Value values[lookups_per_update];
    for (std::uint32_t& a : addresses) a = query();
    lookup_batch(arena.base(), &published, tables, addresses, values, lookups_per_update);
    for (std::size_t q = 0; q < lookups_per_update; ++q) {
      ASSERT_EQ(values[q], oracle.lookup(addresses[q])) << std::hex << addresses[q];
      ASSERT_EQ(values[q], lookup(arena.base(), published, addresses[q]));
    }
    if (i % 1000 == 999) reclaim_all();
  }
}

TEST_P(Property, BuiltEqualsGrownEqualsShrunk) {
  for (int round = 0; round < 4; ++round) {
    Oracle oracle(none);
    Ipv4Table grown = build({});
    Ipv4Table shrunk = build({});
    bool republish = false;
    std::vector<Ipv4Route> extra;
    for (std::size_t i = 0; i < GetParam().routes; ++i) {
      const Ipv4Route r = new_route();
      oracle.add(r);
      ASSERT_TRUE(grown.add(r, &republish));
      ASSERT_TRUE(shrunk.add(r, &republish));
      extra.push_back(new_route());
      ASSERT_TRUE(shrunk.add(extra.back(), &republish));
    }
    for (const Ipv4Route& r : extra) {
      static_cast<void>(shrunk.remove(r.address, r.length, &republish));
    }
    for (const Ipv4Route& r : oracle.routes()) ASSERT_TRUE(shrunk.add(r, &republish));
    std::vector<Ipv4Route> shuffled = oracle.routes();
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    const Ipv4Table built = build(shuffled);
    EXPECT_EQ(built.route_count(), grown.route_count());
    EXPECT_EQ(built.route_count(), shrunk.route_count());
    for (const Ipv4Table* table :
         std::initializer_list<const Ipv4Table*>{&built, &grown, &shrunk}) {
      expect_same_at_boundaries(*table, oracle);
      for (int i = 0; i < 500; ++i) expect_same(*table, oracle, {query()});
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Terrains, Property, ::testing::ValuesIn(terrains),
                         [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace bgw::lpm::test
