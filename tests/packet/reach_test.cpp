// Reachability against workers: packets through the tables that bgwd would program.
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "control/routes/reach_difference.h"
#include "tests/packet/reach_host.h"
#include "tests/unit/routes/connected_model.h"

namespace bgw::packet_test {
namespace {

bool contains(const control::AddressSet& set, const IpAddress& address) {
  return std::ranges::any_of(set, [&](const auto& range) { return range.contains(address); });
}

bool is_nobodys(const control::VpcReach& vpc, const IpAddress& address) {
  return std::ranges::binary_search(vpc.nobodys, address);
}

std::size_t expect_packets_agree(Host& host, const std::vector<IpAddress>& addresses) {
  const control::Reachability reach = host.state.reach;
  std::size_t arrived = 0;
  for (const auto& from : reach.vpcs) {
    for (const auto& subnet : from.sources) {
      const auto source = control::first_but(control::AddressRange::of(subnet.cidr), from.nobodys);
      if (!source) continue;
      std::map<std::string, control::AddressSet> may, sure;
      for (const auto& to : reach.vpcs) {
        may[to.name] = control::reached(reach, *subnet.table, to.name);
        sure[to.name] = control::surely_reached(reach, *subnet.table, to.name);
      }
      for (const auto& destination : addresses) {
        const auto left = host.send(from.name, *source, destination);
        for (const auto& to : reach.vpcs) {
          if (to.name == from.name || is_nobodys(to, destination)) continue;
          const bool is = left == to.name;
          arrived += is ? 1 : 0;
          const auto what = from.name + " " + source->to_string() + " -> " + to.name + " " +
                            destination.to_string();
          EXPECT_TRUE(!is || contains(may[to.name], destination)) << what;
          EXPECT_TRUE(is || !contains(sure[to.name], destination)) << what;
        }
      }
    }
  }
  return arrived;
}

struct ShownWitness {
  const control::ReachEntry* entry;
  bool before, after;
};

TEST(Reach, workers_forward_as_reachability_says_and_witnesses_show) {
  const bool quick = std::getenv("BGW_TEST_QUICK") != nullptr;
  std::size_t probes = 0, arrived = 0, witnesses = 0;
  for (std::uint32_t seed = 0; seed < (quick ? 60u : 300u); ++seed) {
    SCOPED_TRACE(seed);
    test::ConnectedModel world(seed);
    const auto addresses = world.addresses();
    Host host(addresses);
    host.commit(world.model());
    for (int step = 0; step < 3; ++step) {
      arrived += expect_packets_agree(host, addresses);
      const control::Reachability before = host.state.reach;
      world.change();
      // Witnesses are asked for on the tables of before, and then on those after.
      const auto next = world.model();
      const auto foreseen = [&] {
        const auto model = test::valid(next).shared_with(host.state.model);
        const auto update = control::update_routes(host.state.routes, host.state.model, model);
        return control::difference(before, control::reachability(model, update.state.rib));
      }();
      std::vector<ShownWitness> shown;
      const auto add = [&](const control::ReachDifference::List& list, bool is_gain) {
        for (const auto& entry : list.entries) shown.push_back({&entry, !is_gain, is_gain});
      };
      add(foreseen.gained, true);
      add(foreseen.widened, true);
      add(foreseen.lost, false);
      add(foreseen.narrowed, false);
      // A source that is in no subnet is not spoken of, and may arrive all the same.
      const auto arrives = [&](const control::ReachEntry& entry) {
        const auto* vpc = host.state.model.vpcs().find(entry.from);
        const auto in_subnet = [&](const auto& s) { return s.cidr.contains(entry.witness.source); };
        return vpc != nullptr && std::ranges::any_of(vpc->subnets, in_subnet) &&
               host.arrives(entry.from, entry.witness.source, entry.to, entry.witness.destination);
      };
      for (const auto& each : shown) EXPECT_EQ(arrives(*each.entry), each.before);
      host.commit(next);
      for (const auto& each : shown) EXPECT_EQ(arrives(*each.entry), each.after);
      witnesses += shown.size();
    }
    probes += host.sent;
    if (HasFailure()) return;
  }
  RecordProperty("probes", static_cast<int>(probes));
  EXPECT_GT(probes, quick ? 4'000u : 20'000u);
  EXPECT_GT(arrived, probes / 100);
  EXPECT_GT(witnesses, quick ? 20u : 100u);
}

}  // namespace
}  // namespace bgw::packet_test

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (!testing::GTEST_FLAG(list_tests)) bgw::packet_test::start_eal_for_tests(argv[0]);
  return RUN_ALL_TESTS();
}
