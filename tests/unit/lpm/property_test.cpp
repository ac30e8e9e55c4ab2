// Tables against the naive oracle under random updates in place. BGW_LPM_UPDATES sets how many.
#include <algorithm>
#include <string>

#include "tests/unit/lpm/fixture.h"
#include "tests/unit/lpm/terrain.h"

namespace bgw::lpm::test {
namespace {

template <typename Address>
class Property : public TableTest<Address>, public ::testing::WithParamInterface<Terrain<Address>> {
 protected:
  static constexpr std::size_t lookups_per_update = 10;

  void updates_in_place_agree_with_the_oracle();
  void built_equals_grown_equals_shrunk();

  // All variants take turns, those for many tables and those for one.
  void lookups_agree(const TableDescriptor<Address>& table, const Oracle<Address>& oracle) {
    Address addresses[lookups_per_update];
    constexpr std::uint32_t tables[lookups_per_update] = {};
    Value values[lookups_per_update];
    for (Address& a : addresses) a = walker.query();
    const Variant<Address>& variant = variants[turn_ / 2 % variants.size()];
    if (turn_++ % 2 == 0) {
      variant.one_table(this->arena.base(), table, addresses, values, lookups_per_update);
    } else {
      variant.many_tables(this->arena.base(), &table, tables, addresses, values,
                          lookups_per_update);
    }
    for (std::size_t q = 0; q < lookups_per_update; ++q) {
      ASSERT_EQ(lookup(this->arena.base(), table, addresses[q]), oracle.lookup(addresses[q]))
          << text_of(addresses[q]);
      ASSERT_EQ(values[q], oracle.lookup(addresses[q]))
          << variant.name << ": " << text_of(addresses[q]);
    }
  }

  Walker<Address> walker{this->GetParam(), 20};
  const std::vector<Variant<Address>> variants = variants_here<Address>();

 private:
  std::size_t turn_ = 0;
};

template <typename Address>
void Property<Address>::updates_in_place_agree_with_the_oracle() {
  const std::size_t updates =
      updates_wanted() / (terrains(Ipv4Address{}).size() + terrains(Ipv6Address{}).size());
  Table<Address> table = this->build({});
  Oracle<Address> oracle(this->none);
  std::vector<Route<Address>> present;
  TableDescriptor<Address> published = table.descriptor();
  Random& random = walker.random;
  for (std::size_t i = 0; i < updates; ++i) {
    bool republish = false;
    // Grows to the terrain's number of routes, then adds and removes in balance.
    const bool grow = present.size() < this->GetParam().routes;
    const bool add = grow ? random() % 4 != 0 : random() % 2 == 0;
    if (add || present.empty()) {
      const Route<Address> r = walker.route();
      ASSERT_TRUE(table.add(r, &republish));
      oracle.add(r);
      present.push_back(r);
      walker.remember(r);
    } else {
      const std::size_t pick = random() % present.size();
      const Route<Address> r = present[pick];
      present[pick] = present.back();
      present.pop_back();
      ASSERT_EQ(table.remove(r.address, r.length, &republish).has_value(),
                oracle.remove(r.address, r.length));
      walker.remember(r);
    }
    if (republish) published = table.descriptor();
    ASSERT_EQ(published, table.descriptor()) << "changed without saying so";
    ASSERT_EQ(table.route_count(), oracle.size());
    lookups_agree(published, oracle);
    if (this->HasFatalFailure()) return;
    if (i % 1000 == 999) this->reclaim_all();
  }
  this->RecordProperty("updates", std::to_string(updates));
  this->RecordProperty("lookups", std::to_string(updates * lookups_per_update));
}

template <typename Address>
void Property<Address>::built_equals_grown_equals_shrunk() {
  for (int round = 0; round < 4; ++round) {
    Oracle<Address> oracle(this->none);
    Table<Address> grown = this->build({});
    Table<Address> shrunk = this->build({});
    bool republish = false;
    std::vector<Route<Address>> extra;
    for (std::size_t i = 0; i < this->GetParam().routes; ++i) {
      const Route<Address> r = walker.route();
      oracle.add(r);
      ASSERT_TRUE(grown.add(r, &republish));
      ASSERT_TRUE(shrunk.add(r, &republish));
      extra.push_back(walker.route());
      ASSERT_TRUE(shrunk.add(extra.back(), &republish));
    }
    for (const Route<Address>& r : extra) {
      static_cast<void>(shrunk.remove(r.address, r.length, &republish));
    }
    for (const Route<Address>& r : oracle.routes()) ASSERT_TRUE(shrunk.add(r, &republish));
    std::vector<Route<Address>> shuffled = oracle.routes();
    std::shuffle(shuffled.begin(), shuffled.end(), walker.random);
    const Table<Address> built = this->build(shuffled);
    EXPECT_EQ(built.route_count(), grown.route_count());
    EXPECT_EQ(built.route_count(), shrunk.route_count());
    std::vector<Address> queries;
    for (int i = 0; i < 500; ++i) queries.push_back(walker.query());
    for (const Table<Address>* table :
         std::initializer_list<const Table<Address>*>{&built, &grown, &shrunk}) {
      this->expect_same_at_boundaries(*table, oracle);
      this->expect_same(*table, oracle, queries);
    }
  }
}

constexpr auto name_of = [](const auto& param) { return param.param.name; };

using Ipv4Property = Property<Ipv4Address>;
TEST_P(Ipv4Property, UpdatesInPlaceAgreeWithTheOracle) {
  updates_in_place_agree_with_the_oracle();
}
TEST_P(Ipv4Property, BuiltEqualsGrownEqualsShrunk) {
  built_equals_grown_equals_shrunk();
}
INSTANTIATE_TEST_SUITE_P(Terrains, Ipv4Property, ::testing::ValuesIn(terrains(Ipv4Address{})),
                         name_of);

using Ipv6Property = Property<Ipv6Address>;
TEST_P(Ipv6Property, UpdatesInPlaceAgreeWithTheOracle) {
  updates_in_place_agree_with_the_oracle();
}
TEST_P(Ipv6Property, BuiltEqualsGrownEqualsShrunk) {
  built_equals_grown_equals_shrunk();
}
INSTANTIATE_TEST_SUITE_P(Terrains, Ipv6Property, ::testing::ValuesIn(terrains(Ipv6Address{})),
                         name_of);

}  // namespace
}  // namespace bgw::lpm::test
