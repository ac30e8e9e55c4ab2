// Batches by every variant that runs here: what they answer, read and write.
#include <algorithm>
#include <set>
#include <string>

#include "tests/unit/lpm/fixture.h"
#include "tests/unit/lpm/guarded_array.h"

namespace bgw::lpm::test {
namespace {

template <typename Address>
class BatchTest : public TableTest<Address> {
 protected:
  using Base = TableTest<Address>;

  explicit BatchTest(std::size_t arena_bytes = std::size_t{1} << 30) : Base(arena_bytes) {}

  void add_table(const std::vector<Route<Address>>& routes) {
    tables.push_back(this->build(routes));
    oracles.emplace_back(this->none, routes);
    descriptors.push_back(tables.back().descriptor());
  }

  // Narrow and wide ones, fine and coarse first stages, the empty one, and at last the zero
  // descriptor, which no table stands behind.
  void add_tables_of_all_kinds() {
    add_table({});
    add_table({Route<Address>{0, 0, 7}});
    add_table({place<Address>(ip(10, 1, 0, 0), 20, 1), place<Address>(ip(10, 1, 3, 16), 28, 2)});
    add_table({place<Address>(ip(10, 0, 0, 0), 24, 1), place<Address>(ip(200, 0, 0, 0), 24, 2),
               place<Address>(ip(200, 0, 0, 77), 32, 3)});
    for (unsigned t = 0; t < 16; ++t) {
      std::vector<Route<Address>> routes;
      for (unsigned i = 0; i < 10u << t % 7; ++i) routes.push_back(random_route(t));
      add_table(routes);
    }
    oracles.emplace_back(0);
    descriptors.emplace_back();
  }

  Route<Address> random_route(unsigned kind) {
    if (kind % 4 == 0) return random.any_route<Address>();
    const Ipv4Address low = kind % 4 == 1 ? 0xffff : kind % 4 == 2 ? 0xff'ffff : 0xc303'000f;
    const Ipv4Address where = ip(10, 0, 0, 0) ^ (random() & low);
    const Value value = random.value();
    if (is_ipv4<Address> || random() % 4 != 0) {
      return place<Address>(where, 8 + random() % 25, value);
    }
    const Address host = place<Address>(where) | (random() & 0xff);
    return route<Address>(host, 64 + random() % 65, value);
  }

  // At a route's edge for half of them.
  Address random_address(std::size_t table) {
    if (routes_of_.size() < oracles.size()) {
      for (const auto& oracle : oracles) routes_of_.push_back(oracle.routes());
    }
    const auto& routes = routes_of_[table];
    if (routes.empty() || random() % 2 == 0) return random.address<Address>();
    return boundaries(routes[random() % routes.size()])[random() % 5];
  }

  Random random{3};
  std::vector<Table<Address>> tables;
  std::vector<Oracle<Address>> oracles;
  std::vector<TableDescriptor<Address>> descriptors;

 private:
  std::vector<std::vector<Route<Address>>> routes_of_;
};
TYPED_TEST_SUITE(BatchTest, Families, FamilyNames);

TYPED_TEST(BatchTest, VariantsAreNamedAndTheFirstRunsAnywhere) {
  std::span<const Variant<TypeParam>> all;
  if constexpr (is_ipv4<TypeParam>) {
    all = ipv4_variants();
  } else {
    all = ipv6_variants();
  }
  ASSERT_FALSE(all.empty());
  EXPECT_TRUE(all.front().runs_here());
  std::set<std::string> names;
  for (const auto& variant : all) names.insert(variant.name);
  EXPECT_EQ(names.size(), all.size());
}

// Every size around vectors' and chunks', tables mixed, in arrays with nothing behind them.
TYPED_TEST(BatchTest, AnySizeOverMixedTablesAndNothingBeyond) {
  this->add_tables_of_all_kinds();
  std::set<unsigned> shifts;
  for (const auto& d : this->descriptors) shifts.insert(d.shift);
  EXPECT_GE(shifts.size(), 3u) << "not all kinds of tables";
  GuardedArray<TableDescriptor<TypeParam>> all(this->descriptors);
  for (std::size_t count = 0; count <= 200; ++count) {
    GuardedArray<std::uint32_t> index(count);
    GuardedArray<TypeParam> addresses(count);
    GuardedArray<Value> values(count);
    for (std::size_t i = 0; i < count; ++i) {
      index[i] = static_cast<std::uint32_t>(this->random() % all.size());
      addresses[i] = this->random_address(index[i]);
    }
    const std::size_t one = count % all.size();
    GuardedArray<TableDescriptor<TypeParam>> alone({this->descriptors[one]});
    for (const auto& variant : variants_here<TypeParam>()) {
      SCOPED_TRACE(testing::Message() << variant.name << ", " << count);
      std::fill_n(values.data(), count, 0x5555'5555);
      variant.many_tables(this->arena.base(), all.data(), index.data(), addresses.data(),
                          values.data(), count);
      for (std::size_t i = 0; i < count; ++i) {
        ASSERT_EQ(values[i], this->oracles[index[i]].lookup(addresses[i])) << text_of(addresses[i]);
      }
      std::fill_n(values.data(), count, 0x5555'5555);
      variant.one_table(this->arena.base(), alone[0], addresses.data(), values.data(), count);
      for (std::size_t i = 0; i < count; ++i) {
        ASSERT_EQ(values[i], this->oracles[one].lookup(addresses[i])) << text_of(addresses[i]);
      }
    }
  }
}

// A caller's arrays are often longer than the batch: what lies behind `count` is neither believed
// nor written.
TYPED_TEST(BatchTest, WhatIsBehindTheBatchIsLeftAlone) {
  this->add_tables_of_all_kinds();
  constexpr std::size_t capacity = 160;
  for (std::size_t count = 0; count <= 100; ++count) {
    std::vector<std::uint32_t> index(capacity, 0xfff0'0001);  // no table is there
    std::vector<TypeParam> addresses(capacity, ~TypeParam{0} / 3);
    std::vector<Value> values(capacity, 0x5555'5555);
    for (std::size_t i = 0; i < count; ++i) {
      index[i] = static_cast<std::uint32_t>(this->random() % this->descriptors.size());
      addresses[i] = this->random_address(index[i]);
    }
    for (const auto& variant : variants_here<TypeParam>()) {
      variant.many_tables(this->arena.base(), this->descriptors.data(), index.data(),
                          addresses.data(), values.data(), count);
      variant.one_table(this->arena.base(), this->descriptors.back(), addresses.data(),
                        values.data(), count);
      EXPECT_EQ(std::count(values.begin() + static_cast<std::ptrdiff_t>(count), values.end(),
                           0x5555'5555),
                static_cast<std::ptrdiff_t>(capacity - count))
          << variant.name << ", " << count;
    }
  }
}

// The whole arena is in use: the first table lies at its beginning, the last one at its end, behind
// which nothing can be read.
template <typename Address>
class FullArena : public BatchTest<Address> {
 protected:
  FullArena() : BatchTest<Address>(std::size_t{2} << 20) {}

  void fill() {
    try_table({place<Address>(ip(10, 0, 0, 0), 20, 1)});
    for (unsigned kind = 0;; ++kind) {
      std::vector<Route<Address>> routes;
      for (unsigned i = 0; i < 3 + kind % 200; ++i) routes.push_back(this->random_route(kind));
      if (!try_table(routes)) break;
    }
    // What is left is filled with ever smaller ones, and with groups at last.
    for (unsigned failures = 0; failures < 50;) {
      const auto address = this->random.template address<Address>();
      const unsigned length = address_bits<Address> - this->random() % 24;
      failures += try_table({route<Address>(address, length, 1)}) ? 0 : 1;
    }
    for (unsigned failures = 0; failures < 50;) {
      const auto more = place<Address>(ip(10, 0, 0, 0) | (this->random() & 0xfff),
                                       25 + this->random() % 8, this->random.value());
      failures += try_route(more) ? 0 : 1;
    }
  }

 private:
  bool try_table(const std::vector<Route<Address>>& routes) {
    auto built = Table<Address>::build(this->arena, routes, {.none = this->none});
    if (!built) return false;
    this->descriptors.push_back(built->descriptor());
    this->oracles.emplace_back(this->none, routes);
    this->tables.push_back(std::move(*built));
    return true;
  }
  // In the first table. What it replaces is not reclaimed, so that there is an end.
  bool try_route(const Route<Address>& more) {
    bool republish = false;
    if (this->oracles[0].contains(more) || !this->tables[0].add(more, &republish)) return false;
    this->descriptors[0] = this->tables[0].descriptor();
    this->oracles[0].add(more);
    return true;
  }
};
TYPED_TEST_SUITE(FullArena, Families, FamilyNames);

TYPED_TEST(FullArena, AllVariantsStayInsideForAnyAddress) {
  this->fill();
  const Arena::Occupancy occupancy = this->arena.occupancy();
  EXPECT_LE(occupancy.reserved_bytes - occupancy.committed_bytes, 64u) << "not at the end";
  std::vector<std::uint32_t> index;
  std::vector<TypeParam> addresses;
  std::vector<Value> expected, values;
  for (unsigned round = 0; round < 20; ++round) {
    index.clear();
    addresses.clear();
    expected.clear();
    for (std::size_t t = 0; t < this->descriptors.size(); ++t) {
      for (unsigned i = 0; i < 5; ++i) {
        index.push_back(static_cast<std::uint32_t>(t));
        addresses.push_back(this->random_address(t));
        expected.push_back(this->oracles[t].lookup(addresses.back()));
        // One by one with AddressSanitizer looking on.
        ASSERT_EQ(lookup(this->arena.base(), this->descriptors[t], addresses.back()),
                  expected.back());
      }
    }
    for (const auto& variant : variants_here<TypeParam>()) {
      values.assign(addresses.size(), 0x5555'5555);
      variant.many_tables(this->arena.base(), this->descriptors.data(), index.data(),
                          addresses.data(), values.data(), addresses.size());
      ASSERT_EQ(values, expected) << variant.name;
      values.assign(addresses.size(), 0x5555'5555);
      for (std::size_t i = 0; i < addresses.size(); i += 5) {
        variant.one_table(this->arena.base(), this->descriptors[index[i]], &addresses[i],
                          &values[i], 5);
      }
      ASSERT_EQ(values, expected) << variant.name;
    }
  }
}

}  // namespace
}  // namespace bgw::lpm::test
