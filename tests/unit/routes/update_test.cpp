// Routes and plans that follow the changes equal those from nothing, over long random sequences.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "control/routes/plan_changes.h"
#include "control/routes/route_update.h"
#include "model_builder.h"
#include "random_model.h"

namespace bgw::test {
namespace {

using namespace control;  // NOLINT: the plans' many types

// What the forwarding tables would hold, made of nothing but changes.
class Tables {
 public:
  void take(const PlanChanges& changes) {
    for (const auto& [table, reads] : changes.reads) index.put(table, reads);
    for (const VpcTablePlan& table : changes.tables) {
      plans[table.vpc + "/" + table.table] = table.plan;
    }
    for (const VpcSourcePlan& vpc : changes.sources) sources[vpc.vpc] = vpc.sources;
    for (const GatewayTableChange& gateway : changes.gateways) {
      auto& table = gateways[gateway.gateway];
      if (gateway.whole) table.clear();
      for (const config::IpPrefix& prefix : gateway.gone) {
        EXPECT_EQ(table.erase(prefix), 1U) << prefix.to_string();
      }
      for (const PlanEntry& entry : gateway.put) table[entry.prefix] = entry.targets;
    }
  }

  void forget_all_but(const config::ValidModel& model) {
    std::erase_if(gateways,
                  [&](const auto& g) { return model.gateways().find(g.first) == nullptr; });
    std::erase_if(sources, [&](const auto& v) { return model.vpcs().find(v.first) == nullptr; });
    std::erase_if(plans, [&](const auto& item) {
      const auto slash = item.first.find('/');
      const auto* vpc = model.vpcs().find(item.first.substr(0, slash));
      return vpc == nullptr ||
             std::ranges::find(vpc->route_tables, item.first.substr(slash + 1),
                               &config::RouteTable::name) == vpc->route_tables.end();
    });
  }

  PlanIndex index;
  std::map<std::string, Plan> plans;
  std::map<std::string, std::vector<SourceEntry>> sources;
  std::map<std::string, std::map<config::IpPrefix, std::vector<PlanTarget>>> gateways;
};

// A history to which only changes are told, as a store is.
class ToldHistory {
 public:
  void take(const RouteChanges& changes) {
    for (const ArrivalChange& change : changes.arrivals) {
      auto& arrivals = gateways_[change.gateway];
      for (const Arrival& gone : change.removed) {
        EXPECT_EQ(std::erase_if(arrivals, [&](const Arrival& a) { return same(a, gone); }), 1U);
      }
      for (const Arrival& put : change.put) {
        const auto known =
            std::ranges::find_if(arrivals, [&](const Arrival& a) { return same(a, put); });
        if (known == arrivals.end()) {
          arrivals.push_back(put);
        } else {
          *known = put;
        }
      }
      if (arrivals.empty()) gateways_.erase(change.gateway);
    }
  }

  bool tells(const History& history) const {
    std::map<std::string, std::vector<Arrival>> expected;
    for (const GatewayHistory& gateway : history.gateways) {
      if (!gateway.arrivals.empty()) expected[gateway.gateway] = gateway.arrivals;
    }
    return expected == gateways_;
  }

 private:
  static bool same(const Arrival& a, const Arrival& b) {
    return a.attachment == b.attachment && a.prefix == b.prefix;
  }
  std::map<std::string, std::vector<Arrival>> gateways_;
};

struct Running {
  config::ValidModel model;
  RouteState state;
  Tables tables;
  ToldHistory told;
};

// What follows from an update, held against what a computation from nothing gives.
void bring_into_force(const config::ValidModel& model, const History& history, RouteUpdate update,
                      Running& running) {
  const RouteState expected = compute_state(model, history, update.state.streams);
  ASSERT_TRUE(update.state.rib.gateways == expected.rib.gateways);
  ASSERT_TRUE(update.state.rib.vpcs == expected.rib.vpcs);
  ASSERT_TRUE(update.state.rib.differences == expected.rib.differences);
  ASSERT_TRUE(update.state.pairs == expected.pairs);
  ASSERT_TRUE(history_of(update.state) == history_of(expected));
  running.told.take(update.changes);
  ASSERT_TRUE(running.told.tells(history_of(expected)));

  running.tables.take(
      plan_changes(running.tables.index, running.state, running.model, update, model));
  running.tables.forget_all_but(model);
  Tables from_nothing;
  from_nothing.take(plan_everything(expected, model));
  ASSERT_TRUE(running.tables.plans == from_nothing.plans);
  ASSERT_TRUE(running.tables.sources == from_nothing.sources);
  ASSERT_TRUE(running.tables.gateways == from_nothing.gateways);
  running.model = model;
  running.state = std::move(update.state);
}

void commit(const config::Model& next, Running& running) {
  const config::ValidModel model = valid(next).shared_with(running.model);
  const History history = history_of(running.state);
  bring_into_force(model, history, update_routes(running.state, running.model, model), running);
}

// A stream tells of some prefixes of one gateway: of each nothing, or one or two routes.
void stream(RandomModel& random, Running& running) {
  const auto& gateways = running.model.gateways();
  const std::string gateway = gateways[random.below(gateways.size())].name;
  std::vector<NextHop> hops{ToBlackhole{}};
  for (const auto& attachment : running.model.attachments()) {
    if (attachment.gateway == gateway) hops.emplace_back(ToAttachment{attachment.name});
  }
  for (const auto& interface : gateways.find(gateway)->interfaces) {
    const auto link = interface.addresses.front().on_link();
    hops.emplace_back(ToOutside{interface.name, random.any_address_in(link)});
  }
  std::map<config::IpPrefix, RouteDelta> deltas;
  for (std::size_t i = 1 + random.below(4); i > 0; --i) {
    const auto address = random.any_address();
    const auto bits = static_cast<std::uint8_t>(address_bits(address.family) - random.below(6));
    const auto to = config::IpPrefix::around(address, bits);
    RouteDelta delta{to, {}};
    for (std::size_t n = random.below(3); n > 0; --n) {
      const Origin origin = n == 2 ? Origin::ibgp : Origin::ebgp;
      delta.candidates.push_back(
          {to, origin, {hops[random.below(hops.size())]}, Status::valid, {}});
    }
    deltas[to] = std::move(delta);
  }
  std::vector<RouteDelta> list;
  for (auto& [to, delta] : deltas) list.push_back(std::move(delta));
  const History history = history_of(running.state);
  bring_into_force(running.model, history,
                   update_routes(running.state, running.model, gateway, std::move(list)), running);
}

// Each seed goes on through sequences of one to three commits of one to three changes each, now
// and then with the document in another order.
TEST(Update, sequences_of_changes_give_what_a_computation_from_nothing_gives) {
  constexpr std::uint32_t sequences = 20;
  const std::uint32_t seeds = std::getenv("BGW_TEST_QUICK") != nullptr ? 100 : 5000;
  for (std::uint32_t seed = 0; seed < seeds; ++seed) {
    RandomModel random(seed, seed % 3 == 0 ? Outside::without : Outside::with);
    Running running;
    ASSERT_NO_FATAL_FAILURE(commit(random.model(), running)) << "seed " << seed;
    for (std::uint32_t sequence = 0; sequence < sequences; ++sequence) {
      for (std::size_t left = 1 + random.below(3); left > 0; --left) {
        random.change();
        config::Model model = random.model();
        if (random.chance(5)) std::ranges::reverse(model.attachments);
        if (random.chance(5)) std::ranges::reverse(model.vpcs);
        ASSERT_NO_FATAL_FAILURE(commit(model, running))
            << "seed " << seed << ", sequence " << sequence;
        if (seed % 4 != 0) continue;  // most know nothing of streams
        ASSERT_NO_FATAL_FAILURE(stream(random, running))
            << "seed " << seed << ", sequence " << sequence;
      }
    }
  }
}

TEST(Update, shares_what_does_not_change) {
  config::Model model;
  model.gateways = {gateway("bgw-1"), gateway("bgw-2")};
  for (int i = 0; i < 40; ++i) {
    const std::string n = std::to_string(i);
    model.vpcs.push_back(vpc("v" + n, {"10." + n + ".0.0/16"}));
    add_subnet(model.vpcs.back(), "10." + n + ".1.0/24");
    model.attachments.push_back(attachment("a" + n, i % 2 == 0 ? "bgw-1" : "bgw-2", "v" + n));
    import(model.vpcs.back(), i % 2 == 0 ? "bgw-1" : "bgw-2", {"10.0.0.0/8"});
  }
  Running running;
  commit(model, running);
  const RouteState before = running.state;
  model.attachments[2].advertise = std::vector<std::string>{};
  const auto next = valid(model).shared_with(running.model);
  const RouteUpdate update = update_routes(before, running.model, next);
  EXPECT_EQ(before.rib.vpcs.pointers(), update.state.rib.vpcs.pointers());
  EXPECT_EQ(before.rib.gateways.find("bgw-2"), update.state.rib.gateways.find("bgw-2"));
  EXPECT_NE(before.rib.gateways.find("bgw-1"), update.state.rib.gateways.find("bgw-1"));

  const auto plans = plan_changes(running.tables.index, before, running.model, update, next);
  EXPECT_TRUE(plans.tables.empty());  // ranges stand for the routes
  ASSERT_EQ(plans.gateways.size(), 1U);
  EXPECT_FALSE(plans.gateways[0].whole);
  EXPECT_EQ(plans.gateways[0].gone, std::vector{prefix("10.2.1.0/24")});
  EXPECT_TRUE(plans.gateways[0].put.empty());
}

}  // namespace
}  // namespace bgw::test
