// The neighbour state machine with simulated time.
#include "control/slow_path/neighbours.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "slow_path_fixture.h"

namespace bgw::control {
namespace {

using dataplane::DropReason;
using dataplane::Link;
using dataplane::MappedAddress;
using dataplane::VpcIndex;
using test::addr;
using test::mac;
using test::VectorPacket;
using namespace std::chrono_literals;
using Evidence = Neighbours::Evidence;

constexpr VpcIndex vpc{3};
constexpr VpcIndex other_vpc{4};

MappedAddress next(MappedAddress address, std::uint64_t by) {
  address.lo += by;
  return address;
}

class NeighboursTest : public ::testing::Test, public NeighbourActions {
 protected:
  struct Asked {
    MappedAddress address;
    std::optional<Link> only;
    std::chrono::steady_clock::time_point at;
  };

  void request(VpcIndex, const MappedAddress& address, const std::optional<Link>& only) override {
    asked.push_back({address, only, now});
  }
  bool set_usable(VpcIndex, const MappedAddress& address, Link link) override {
    if (table.size() >= table_room) return false;
    table[address] = link;
    return true;
  }
  void set_unusable(VpcIndex, const MappedAddress& address) override { table.erase(address); }
  void release(HeldPacket held) override {
    EXPECT_TRUE(table.contains(held.packet->note().address)) << "released before it is usable";
    released.push_back(held.packet->bytes()[0]);
  }
  void unreachable(PacketPtr packet) override { unreached.push_back(packet->bytes()[0]); }
  void drop(PacketPtr packet, DropReason reason) override {
    dropped.emplace_back(packet->bytes()[0], reason);
  }

  void no_room(VpcIndex full, PacketPtr packet) override {
    if (packet != nullptr) refused.emplace_back(full, packet->bytes()[0]);
  }

  void awaits(VpcIndex, const MappedAddress& address, bool is_so) override {
    if (is_so) {
      EXPECT_TRUE(awaited.insert(address).second);
    } else {
      EXPECT_EQ(awaited.erase(address), 1u);
    }
  }
  void has_answered(VpcIndex, const MappedAddress& address, Link link, bool is_so) override {
    if (is_so) {
      EXPECT_TRUE(answered.emplace(address, link).second);
    } else {
      EXPECT_EQ(answered.at(address), link);
      answered.erase(address);
    }
  }

  void send(const std::string& address, std::uint8_t mark = 0, VpcIndex in_vpc = other_vpc) {
    send(addr(address), mark, in_vpc);
  }
  void send(const MappedAddress& address, std::uint8_t mark = 0, VpcIndex in_vpc = other_vpc) {
    neighbours->resolve(
        vpc, address,
        std::make_unique<VectorPacket>(
            test::ByteVector{mark},
            dataplane::PacketNote{.in_vpc = in_vpc, .vpc = vpc, .address = address}),
        now);
  }
  void hear(const std::string& address, Evidence evidence, std::uint8_t last = 9) {
    hear(addr(address), evidence, last);
  }
  void hear(const MappedAddress& address, Evidence evidence, std::uint8_t last = 9) {
    neighbours->heard(vpc, address, Link::to(mac(last)), evidence, now);
  }
  void pass(std::chrono::milliseconds time, std::chrono::milliseconds step = 100ms) {
    for (const auto end = now + time; now < end;) {
      now += step;
      neighbours->run_timers(now, 1000);
    }
  }
  std::optional<NeighbourState> state(const std::string& address) const {
    for (const auto& info : neighbours->list()) {
      if (info.address == addr(address)) return info.state;
    }
    return std::nullopt;
  }
  void use(Neighbours::Limits limits) {
    neighbours = std::make_unique<Neighbours>(limits, budget, *this);
  }

  std::chrono::steady_clock::time_point now{1h};
  HoldBudget budget{100, 150};
  std::vector<Asked> asked;
  std::map<MappedAddress, Link> table;
  std::size_t table_room = SIZE_MAX;
  std::vector<int> released;
  std::vector<int> unreached;
  std::vector<std::pair<int, DropReason>> dropped;
  std::set<MappedAddress> awaited;
  std::map<MappedAddress, Link> answered;
  std::vector<std::pair<VpcIndex, int>> refused;  // by which VPC, and what
  std::unique_ptr<Neighbours> neighbours =
      std::make_unique<Neighbours>(Neighbours::Limits{}, budget, *this);
};

TEST_F(NeighboursTest, first_packet_asks_at_once_by_broadcast) {
  send("10.2.1.9");
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].address, addr("10.2.1.9"));
  EXPECT_FALSE(asked[0].only);
  EXPECT_EQ(state("10.2.1.9"), NeighbourState::incomplete);
}

TEST_F(NeighboursTest, P37_at_most_one_request_per_second_and_three_in_all) {
  for (int i = 0; i < 290; ++i) {
    send("10.2.1.9");
    pass(10ms, 10ms);
  }
  ASSERT_EQ(asked.size(), 3u);
  EXPECT_GE(asked[1].at - asked[0].at, 1s);
  EXPECT_GE(asked[2].at - asked[1].at, 1s);
}

TEST_F(NeighboursTest, P37_the_first_packets_are_kept_and_the_rest_counted) {
  use({.hold_per_neighbour = 3});
  for (std::uint8_t i = 0; i < 5; ++i) send("10.2.1.9", i);
  EXPECT_EQ(dropped, (std::vector<std::pair<int, DropReason>>{{3, DropReason::hold_queue_full},
                                                              {4, DropReason::hold_queue_full}}));
  hear("10.2.1.9", Evidence::answer);
  EXPECT_EQ(released, (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(budget.held(), 0u);
}

TEST_F(NeighboursTest, P37_packets_of_one_vpc_have_their_bound_and_leave_room_for_others) {
  use({.hold_per_neighbour = 1000});
  for (int i = 0; i < 120; ++i) send("10.2.1.9", 1, VpcIndex{7});
  EXPECT_EQ(budget.held(VpcIndex{7}), 100u);
  send("10.2.1.9", 2, VpcIndex{8});
  EXPECT_EQ(budget.held(VpcIndex{8}), 1u);
  for (int i = 0; i < 120; ++i) send("10.2.1.9", 2, VpcIndex{8});
  EXPECT_EQ(budget.held(), 150u);
}

TEST_F(NeighboursTest, P37_packets_wait_no_longer_than_the_hold_time) {
  use({.hold_time = 1s});
  send("10.2.1.9", 1);
  pass(500ms);
  send("10.2.1.9", 2);
  pass(500ms);
  EXPECT_EQ(unreached, (std::vector<int>{1}));
  pass(500ms);
  EXPECT_EQ(unreached, (std::vector<int>{1, 2}));
  EXPECT_EQ(budget.held(), 0u);
}

TEST_F(NeighboursTest, P20_three_unanswered_requests_fail_and_every_packet_is_told) {
  send("10.2.1.9", 1);
  send("10.2.1.9", 2);
  pass(2900ms);
  EXPECT_TRUE(unreached.empty());
  pass(100ms);
  EXPECT_EQ(unreached, (std::vector<int>{1, 2}));
  EXPECT_EQ(state("10.2.1.9"), NeighbourState::failed);
}

TEST_F(NeighboursTest, P20_while_failed_packets_are_refused_and_requests_stay_one_per_second) {
  send("10.2.1.9");
  pass(3s);
  asked.clear();
  unreached.clear();
  for (int i = 0; i < 28; ++i) {
    send("10.2.1.9", 5);
    pass(100ms);
  }
  EXPECT_EQ(unreached.size(), 28u);
  EXPECT_EQ(budget.held(), 0u);
  ASSERT_EQ(asked.size(), 3u);
  EXPECT_GE(asked[1].at - asked[0].at, 1s);
}

TEST_F(NeighboursTest, P39_a_failed_neighbour_recovers_by_itself) {
  send("10.2.1.9");
  pass(3s);
  send("10.2.1.9");
  hear("10.2.1.9", Evidence::answer);
  EXPECT_EQ(state("10.2.1.9"), NeighbourState::reachable);
  EXPECT_TRUE(table.contains(addr("10.2.1.9")));
}

TEST_F(NeighboursTest, P39_a_failed_neighbour_is_forgotten_and_asked_for_anew) {
  send("10.2.1.9");
  pass(7s);
  EXPECT_EQ(state("10.2.1.9"), std::nullopt);
  asked.clear();
  send("10.2.1.9");
  EXPECT_EQ(asked.size(), 1u);
  EXPECT_EQ(state("10.2.1.9"), NeighbourState::incomplete);
}

TEST_F(NeighboursTest, P38_only_requests_to_us_create_entries) {
  hear("10.2.1.5", Evidence::answer);
  hear("10.2.1.6", Evidence::claim);
  EXPECT_EQ(neighbours->count(vpc), 0u);
  hear("10.2.1.7", Evidence::request);
  EXPECT_EQ(state("10.2.1.7"), NeighbourState::stale);
  EXPECT_EQ(table.at(addr("10.2.1.7")), Link::to(mac(9)));
}

TEST_F(NeighboursTest, P38_claims_change_what_is_known_and_are_verified) {
  send("10.2.1.9");
  hear("10.2.1.9", Evidence::answer, 1);
  asked.clear();
  pass(5s);
  hear("10.2.1.9", Evidence::claim, 2);
  EXPECT_EQ(table.at(addr("10.2.1.9")), Link::to(mac(2)));
  EXPECT_EQ(state("10.2.1.9"), NeighbourState::stale);
  pass(1s);
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].only, Link::to(mac(2)));
}

TEST_F(NeighboursTest, P38_a_claim_resolves_what_waits) {
  send("10.2.1.9", 4);
  hear("10.2.1.9", Evidence::claim);
  EXPECT_EQ(released, (std::vector<int>{4}));
}

TEST_F(NeighboursTest, a_claim_of_what_is_known_confirms_nothing) {
  send("10.2.1.9");
  hear("10.2.1.9", Evidence::answer);
  for (int i = 0; i < 30; ++i) {
    pass(1s);
    hear("10.2.1.9", Evidence::claim);
  }
  EXPECT_EQ(state("10.2.1.9"), NeighbourState::probe);
}

TEST_F(NeighboursTest, a_packet_for_a_known_neighbour_is_released_at_once) {
  send("10.2.1.9");
  hear("10.2.1.9", Evidence::answer);
  send("10.2.1.9", 8);
  EXPECT_EQ(released, (std::vector<int>{0, 8}));
}

TEST_F(NeighboursTest, P39_ageing_probes_by_unicast_and_forwarding_goes_on) {
  send("10.2.1.9");
  hear("10.2.1.9", Evidence::answer);
  asked.clear();
  pass(30s);
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].only, Link::to(mac(9)));
  EXPECT_EQ(state("10.2.1.9"), NeighbourState::probe);
  EXPECT_TRUE(table.contains(addr("10.2.1.9")));
  hear("10.2.1.9", Evidence::answer);
  EXPECT_EQ(state("10.2.1.9"), NeighbourState::reachable);
  pass(29s);
  EXPECT_EQ(asked.size(), 1u);
}

TEST_F(NeighboursTest, P39_three_unanswered_probes_a_second_apart_end_it) {
  send("10.2.1.9");
  hear("10.2.1.9", Evidence::answer);
  asked.clear();
  pass(32900ms);
  ASSERT_EQ(asked.size(), 3u);
  EXPECT_GE(asked[2].at - asked[1].at, 1s);
  EXPECT_TRUE(table.contains(addr("10.2.1.9")));
  pass(100ms);
  EXPECT_FALSE(table.contains(addr("10.2.1.9")));
  EXPECT_EQ(state("10.2.1.9"), std::nullopt);
}

TEST_F(NeighboursTest, a_request_from_a_confirmed_neighbour_keeps_it_alive) {
  send("10.2.1.9");
  hear("10.2.1.9", Evidence::answer);
  asked.clear();
  pass(20s);
  hear("10.2.1.9", Evidence::request);
  pass(20s);
  EXPECT_TRUE(asked.empty());
}

TEST_F(NeighboursTest, P41_a_scan_fills_no_more_than_its_bound) {
  use({.neighbours_per_vpc = 16});
  for (std::uint32_t i = 0; i < 100; ++i) send(next(addr("10.2.0.0"), i));
  EXPECT_EQ(neighbours->count(vpc), 16u);
  EXPECT_LE(budget.held(), 16u);
}

TEST_F(NeighboursTest, P41_a_scan_evicts_no_reachable_neighbour) {
  use({.neighbours_per_vpc = 16});
  send("10.2.9.9");
  hear("10.2.9.9", Evidence::answer);
  for (std::uint32_t i = 0; i < 100; ++i) send(next(addr("10.2.0.0"), i));
  EXPECT_EQ(state("10.2.9.9"), NeighbourState::reachable);
  EXPECT_TRUE(table.contains(addr("10.2.9.9")));
}

TEST_F(NeighboursTest, P41_when_all_are_reachable_newcomers_are_refused) {
  use({.neighbours_per_vpc = 2});
  for (const char* address : {"10.2.1.1", "10.2.1.2"}) {
    send(address);
    hear(address, Evidence::answer);
  }
  send("10.2.1.3", 3);
  EXPECT_EQ(refused, (std::vector<std::pair<VpcIndex, int>>{{vpc, 3}}));
  hear("10.2.1.4", Evidence::request);
  EXPECT_EQ(neighbours->count(vpc), 2u);
}

TEST_F(NeighboursTest, P41_a_request_displaces_nobody_but_what_it_left_gives_way) {
  use({.neighbours_per_vpc = 2});
  hear("10.2.1.1", Evidence::request);
  hear("10.2.1.2", Evidence::request);
  hear("10.2.1.3", Evidence::request);
  EXPECT_EQ(state("10.2.1.3"), std::nullopt);
  send("10.2.1.4");
  EXPECT_EQ(state("10.2.1.4"), NeighbourState::incomplete);
  EXPECT_EQ(state("10.2.1.1"), std::nullopt);
  EXPECT_FALSE(table.contains(addr("10.2.1.1")));
}

TEST_F(NeighboursTest, P41_a_pinned_one_finds_room_in_a_full_table) {
  use({.neighbours_per_vpc = 50, .shared = {.capacity = 20, .reserve = 2}});
  for (std::uint32_t i = 0; i < 30; ++i) hear(next(addr("10.2.0.1"), i), Evidence::request);
  const auto others = neighbours->count(vpc);
  neighbours->pin(vpc, addr("10.2.9.9"), now);
  EXPECT_EQ(state("10.2.9.9"), NeighbourState::incomplete);
  EXPECT_EQ(neighbours->bound_v4().reserve_used(), 1u);
  EXPECT_EQ(neighbours->count(vpc), others + 1);
  neighbours->unpin(vpc, addr("10.2.9.9"));
  EXPECT_LE(neighbours->bound_v4().used(), 18u);
  EXPECT_EQ(neighbours->bound_v4().reserve_used(), 0u);
}

TEST_F(NeighboursTest, verifying_many_is_spread_and_delays_no_resolution) {
  use({.probes_per_second = 100});
  for (std::uint32_t i = 0; i < 2000; ++i) hear(next(addr("10.2.0.1"), i), Evidence::request);
  pass(30s);
  EXPECT_LE(asked.size(), 1200u) << "a burst, and the rate";
  asked.clear();
  send("10.2.99.1");
  EXPECT_EQ(asked.size(), 1u);
  pass(1s);
  EXPECT_EQ(std::ranges::count(asked, addr("10.2.99.1"), &Asked::address), 2);
}

TEST_F(NeighboursTest, P60_what_is_asked_is_awaited_until_it_answers_or_goes) {
  send("10.2.1.9");
  EXPECT_TRUE(awaited.contains(addr("10.2.1.9")));
  hear("10.2.1.9", Evidence::claim);
  hear("10.2.1.9", Evidence::request);
  EXPECT_TRUE(awaited.contains(addr("10.2.1.9"))) << "that answers nothing";
  EXPECT_TRUE(answered.empty());
  hear("10.2.1.9", Evidence::answer);
  EXPECT_TRUE(awaited.empty());
  EXPECT_EQ(answered.at(addr("10.2.1.9")), Link::to(mac(9)));
  pass(30s);
  EXPECT_TRUE(awaited.contains(addr("10.2.1.9"))) << "it is verified";
  EXPECT_EQ(answered.size(), 1u);
  pass(10s);
  EXPECT_TRUE(awaited.empty());
  EXPECT_TRUE(answered.empty());
}

TEST_F(NeighboursTest, P60_who_moves_has_to_answer_again) {
  send("10.2.1.9");
  hear("10.2.1.9", Evidence::answer, 1);
  hear("10.2.1.9", Evidence::claim, 2);
  EXPECT_TRUE(answered.empty());
  pass(1s);
  EXPECT_EQ(awaited.size(), 1u);
  hear("10.2.1.9", Evidence::answer, 2);
  EXPECT_EQ(answered.at(addr("10.2.1.9")), Link::to(mac(2)));
  neighbours->retain(vpc, [](const MappedAddress&, Link) { return false; });
  EXPECT_TRUE(awaited.empty());
  EXPECT_TRUE(answered.empty());
}

TEST_F(NeighboursTest, P37_holds_for_an_address_that_was_evicted_and_came_back) {
  use({.neighbours_per_vpc = 2});
  for (int round = 0; round < 20; ++round) {
    for (std::uint32_t i = 0; i < 6; ++i) send(next(addr("10.2.0.1"), i));
    pass(50ms, 50ms);
  }
  std::map<MappedAddress, std::chrono::steady_clock::time_point> last;
  for (const auto& a : asked) {
    const auto [found, is_new] = last.try_emplace(a.address, a.at);
    if (!is_new) {
      EXPECT_GE(a.at - found->second, 1s);
      found->second = a.at;
    }
  }
  EXPECT_GE(last.size(), 6u);
}

TEST_F(NeighboursTest, a_full_table_drops_what_waits_instead_of_walking_in_circles) {
  table_room = 0;
  send("10.2.1.9", 1);
  hear("10.2.1.9", Evidence::answer);
  EXPECT_TRUE(released.empty());
  EXPECT_EQ(refused.size(), 1u);
  EXPECT_EQ(state("10.2.1.9"), NeighbourState::failed);
}

TEST_F(NeighboursTest, retain_forgets_the_others) {
  for (const char* address : {"10.2.1.1", "10.2.1.2", "10.2.1.3"}) send(address, 1);
  hear("10.2.1.1", Evidence::answer);
  hear("10.2.1.2", Evidence::answer);
  neighbours->retain(
      vpc, [](const MappedAddress& address, Link) { return address == addr("10.2.1.1"); });
  EXPECT_EQ(neighbours->count(vpc), 1u);
  EXPECT_FALSE(table.contains(addr("10.2.1.2")));
  EXPECT_EQ(dropped, (std::vector<std::pair<int, DropReason>>{{1, DropReason::no_route}}));
  pass(10s);
}

TEST_F(NeighboursTest, I2_what_came_in_on_a_vpc_that_goes_is_dropped_wherever_it_waits) {
  send("10.2.1.9", 1, VpcIndex{7});
  send("10.2.1.9", 2, VpcIndex{8});
  neighbours->drop_held_from({VpcIndex{7}});
  hear("10.2.1.9", Evidence::answer);
  EXPECT_EQ(released, (std::vector<int>{2}));
  EXPECT_EQ(dropped, (std::vector<std::pair<int, DropReason>>{{1, DropReason::no_route}}));
}

TEST_F(NeighboursTest, I4_vpcs_know_nothing_of_each_other) {
  send("10.2.1.9");
  neighbours->heard(other_vpc, addr("10.2.1.9"), Link::to(mac(5)), Evidence::answer, now);
  EXPECT_EQ(state("10.2.1.9"), NeighbourState::incomplete);
  EXPECT_TRUE(table.empty());
}

TEST_F(NeighboursTest, timers_of_one_poll_are_bounded) {
  for (std::uint32_t i = 0; i < 50; ++i) send(next(addr("10.2.0.1"), i));
  now += 1s;
  EXPECT_EQ(neighbours->run_timers(now, 20), 20u);
  EXPECT_EQ(neighbours->run_timers(now, 100), 30u);
  EXPECT_EQ(neighbours->run_timers(now, 100), 0u);
}

TEST_F(NeighboursTest, both_families_share_states_and_bounds) {
  use({.neighbours_per_vpc = 2});
  send("2001:db8::9", 1);
  hear("2001:db8::9", Evidence::answer);
  EXPECT_EQ(state("2001:db8::9"), NeighbourState::reachable);
  EXPECT_EQ(released, (std::vector<int>{1}));
  hear("10.2.1.9", Evidence::request);
  hear("fe80::1", Evidence::request);
  EXPECT_EQ(neighbours->count(vpc), 2u);
  EXPECT_EQ(state("fe80::1"), std::nullopt);
}

TEST_F(NeighboursTest, a_neighbour_that_moves_behind_another_tunnel_is_rewritten_and_verified) {
  const auto from = [&](std::uint16_t tunnel, Evidence evidence) {
    neighbours->heard(vpc, addr("10.2.1.9"), Link::to(mac(9), dataplane::TunnelIndex{tunnel}),
                      evidence, now);
  };
  send("10.2.1.9");
  from(1, Evidence::answer);
  from(2, Evidence::claim);
  EXPECT_EQ(table.at(addr("10.2.1.9")).tunnel().value, 2);
  EXPECT_EQ(state("10.2.1.9"), NeighbourState::stale);
}

}  // namespace
}  // namespace bgw::control
