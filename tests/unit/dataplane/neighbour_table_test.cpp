#include "dataplane/published/neighbour_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "dataplane/published/wire.h"

namespace bgw::dataplane {
namespace {

constexpr std::uint64_t present = 1ull << 48;

// std::mt19937's result type is wider than its results.
struct Random {
  std::mt19937 engine;
  std::uint32_t operator()() { return static_cast<std::uint32_t>(engine()); }
};

Mac mac_for(std::uint32_t value) {
  return {{0x02, static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
           static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value), 0x01}};
}

// The same for both families.
class NeighbourTables : public testing::TestWithParam<bool> {
 protected:
  static MappedAddress at(std::uint32_t number) {
    return GetParam() ? MappedAddress::v6(0x20010db800000000 + number % 7, number)
                      : MappedAddress::v4(number);
  }
};
INSTANTIATE_TEST_SUITE_P(Families, NeighbourTables, testing::Bool(),
                         [](const auto& of) { return of.param ? "ipv6" : "ipv4"; });

TEST_P(NeighbourTables, knows_what_was_set) {
  NeighbourTable table{16};
  EXPECT_EQ(table.find(VpcIndex{0}, at(0x0a010001)).bits(), 0u);
  ASSERT_TRUE(table.set(VpcIndex{0}, at(0x0a010001), Link::to(mac_for(1))));
  EXPECT_EQ(table.find(VpcIndex{0}, at(0x0a010001)).bits(), present | mac_bits(mac_for(1)));
  EXPECT_EQ(table.find(VpcIndex{0}, at(0x0a010001)).bits() & 0xff, 0x02u) << "first byte lowest";
  EXPECT_EQ(table.size(), 1u);
}

TEST_P(NeighbourTables, I2_equal_addresses_of_two_vpcs_are_two_neighbours) {
  NeighbourTable table{16};
  ASSERT_TRUE(table.set(VpcIndex{1}, at(7), Link::to(mac_for(1))));
  EXPECT_EQ(table.find(VpcIndex{2}, at(7)).bits(), 0u);
  ASSERT_TRUE(table.set(VpcIndex{2}, at(7), Link::to(mac_for(2))));
  EXPECT_EQ(table.find(VpcIndex{1}, at(7)).bits(), present | mac_bits(mac_for(1)));
  table.erase(VpcIndex{1}, at(7));
  EXPECT_EQ(table.find(VpcIndex{1}, at(7)).bits(), 0u);
  EXPECT_EQ(table.find(VpcIndex{2}, at(7)).bits(), present | mac_bits(mac_for(2)));
}

TEST_P(NeighbourTables, the_all_zero_mac_is_known_too) {
  NeighbourTable table{4};
  ASSERT_TRUE(table.set(VpcIndex{0}, at(0), Link::to(Mac{})));
  EXPECT_EQ(table.find(VpcIndex{0}, at(0)).bits(), present);
}

TEST_P(NeighbourTables, refuses_more_than_its_bound_and_recovers) {
  NeighbourTable table{8};
  for (std::uint32_t i = 0; i < 8; ++i)
    ASSERT_TRUE(table.set(VpcIndex{0}, at(i), Link::to(mac_for(i))));
  EXPECT_FALSE(table.set(VpcIndex{0}, at(8), Link::to(mac_for(8))));
  EXPECT_TRUE(table.set(VpcIndex{0}, at(3), Link::to(mac_for(33)))) << "a change needs no room";
  table.erase(VpcIndex{0}, at(0));
  EXPECT_TRUE(table.set(VpcIndex{0}, at(8), Link::to(mac_for(8))));
  EXPECT_FALSE(table.set(VpcIndex{0}, at(0), Link::to(mac_for(0))));
}

TEST_P(NeighbourTables, an_erased_slot_is_reused_only_after_its_reclaims) {
  NeighbourTable table{8};  // 16 slots, of which 12 may hold keys
  for (std::uint32_t i = 0; i < 12; ++i) {
    ASSERT_TRUE(table.set(VpcIndex{0}, at(i), Link::to(mac_for(i))));
    table.erase(VpcIndex{0}, at(i));
  }
  for (unsigned n = 0; n < NeighbourTable::reclaims_until_free; ++n) {
    EXPECT_FALSE(table.set(VpcIndex{0}, at(100), Link::to(mac_for(100))));
    table.reclaim();
  }
  EXPECT_TRUE(table.set(VpcIndex{0}, at(100), Link::to(mac_for(100))));
}

// Against a std::map, through long sequences that fill, empty and refill the slots.
TEST_P(NeighbourTables, agrees_with_a_map) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    Random random{std::mt19937{seed}};
    NeighbourTable table{64};
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> oracle;
    for (int step = 0; step < 20000; ++step) {
      const VpcIndex vpc{random() % 3};
      const std::uint32_t address = random() % 60;
      const std::uint32_t value = random();
      switch (random() % 5) {
        case 0:
        case 1:
          if (table.set(vpc, at(address), Link::to(mac_for(value))))
            oracle[{vpc.value, address}] = value;
          break;
        case 2:
        case 3:
          table.erase(vpc, at(address));
          oracle.erase({vpc.value, address});
          break;
        default:
          table.reclaim();
      }
      ASSERT_EQ(table.size(), oracle.size());
      const auto known = oracle.find({vpc.value, address});
      const std::uint64_t expected =
          known == oracle.end() ? 0 : present | mac_bits(mac_for(known->second));
      ASSERT_EQ(table.find(vpc, at(address)).bits(), expected)
          << "seed " << seed << " step " << step;
    }
    for (const auto& [key, value] : oracle)
      ASSERT_EQ(table.find(VpcIndex{key.first}, at(key.second)).bits(),
                present | mac_bits(mac_for(value)));
  }
}

}  // namespace
}  // namespace bgw::dataplane
