// compute_routes(), diff(), the plans and walk() over long random sequences of commits, against the
// naive oracle and against each other.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <algorithm>
#include <cstdlib>

#include "config/loader.h"
#include "control/routes/compute_routes.h"
#include "control/routes/diff.h"
#include "control/routes/table_cursor.h"
#include "control/routes/walk.h"
#include "listing.h"
#include "model_builder.h"
#include "oracle.h"
#include "planned_walk.h"
#include "random_model.h"

namespace bgw::test {
namespace {

using control::Computed;

constexpr std::uint32_t commits_per_sequence = 20;

// Set where a run is slow: under sanitizers.
bool quick() {
  return std::getenv("BGW_TEST_QUICK") != nullptr;
}

std::string problem(const ExpectedRoute& expected, const control::Route& actual) {
  std::vector<std::string> hops;
  for (const auto& hop : actual.next_hops) hops.push_back(to_string(hop));
  const bool same = expected.prefix == actual.prefix &&
                    expected.origin == to_string(actual.origin) && expected.next_hops == hops &&
                    expected.status == to_string(actual.status) &&
                    actual.reason.starts_with(expected.reason) &&
                    actual.reason.empty() == expected.reason.empty();
  if (same) return "";
  return fmt::format("expected {} {} {} ({}), got {}", expected.prefix.to_string(), expected.origin,
                     expected.status, expected.reason, lines({actual}).front());
}

std::string problem(const std::map<std::string, std::vector<ExpectedRoute>>& expected,
                    const std::vector<ListedTable>& actual) {
  if (expected.size() != actual.size()) return "not the same tables";
  for (const auto& table : actual) {
    const auto found = expected.find(table.table);
    if (found == expected.end()) return "unexpected table " + table.table;
    if (found->second.size() != table.routes.size()) {
      return fmt::format("{}: expected {} routes, got {}", table.table, found->second.size(),
                         fmt::join(lines(table.routes), "\n"));
    }
    for (std::size_t i = 0; i < table.routes.size(); ++i) {
      const std::string wrong = problem(found->second[i], table.routes[i]);
      if (!wrong.empty()) return table.table + ": " + wrong;
    }
  }
  return "";
}

// How often the sequences met what the rules are about; a property that meets nothing shows
// nothing.
class Sightings {
 public:
  void note(const std::vector<ListedTable>& tables) {
    for (const auto& table : tables) {
      for (const auto& route : table.routes) {
        if (std::holds_alternative<control::ToOutside>(route.next_hops.front())) {
          ++count_[fmt::format("outside {} of {}", to_string(route.status),
                               route.next_hops.size())];
        }
        const std::string reason = route.reason.substr(0, route.reason.find_first_of(" :,"));
        ++count_[fmt::format("{} {} {}", to_string(route.origin), to_string(route.status), reason)];
        if (route.next_hops.size() > 1) {
          ++count_[fmt::format("{} group of {}", to_string(route.origin), route.next_hops.size())];
        }
      }
    }
  }
  void note(const std::vector<std::string>& outcomes) {
    for (const std::string& outcome : outcomes) {
      const bool dropped = outcome.starts_with("drop");
      if (!dropped && outcome.find('/') != std::string::npos) ++count_["to outside"];
      ++count_[dropped ? outcome : outcome.substr(0, outcome.find(' '))];
    }
  }
  void note(const std::string& what) { ++count_[what]; }

  // Of `wanted`, what was seen less than `least` times.
  std::vector<std::string> rarer_than(std::size_t least,
                                      const std::vector<std::string>& wanted) const {
    std::vector<std::string> rare;
    for (const std::string& what : wanted) {
      const auto found = count_.find(what);
      const std::size_t seen = found == count_.end() ? 0 : found->second;
      if (seen < least) rare.push_back(fmt::format("{}: {}", what, seen));
    }
    return rare;
  }

 private:
  std::map<std::string, std::size_t> count_;
};

const control::GatewayHistory* history_of(const control::History& history,
                                          const std::string& gateway) {
  const auto it = std::ranges::find(history.gateways, gateway, &control::GatewayHistory::gateway);
  return it == history.gateways.end() ? nullptr : &*it;
}

// The name of an accepted route that lost its acceptance although its gateway's rules are as they
// were and it is still advertised and available; "" when there is none.
std::string unseated_incumbent(const config::Model& before, const control::History& history_before,
                               const config::Model& after, const control::History& history_after) {
  for (const config::Gateway& gateway : after.gateways) {
    const auto old = std::ranges::find(before.gateways, gateway.name, &config::Gateway::name);
    if (old == before.gateways.end() || old->overlap != gateway.overlap ||
        old->quotas != gateway.quotas) {
      continue;
    }
    for (const control::Arrival& was : history_of(history_before, gateway.name)->arrivals) {
      for (const control::Arrival& is : history_of(history_after, gateway.name)->arrivals) {
        if (was.attachment != is.attachment || was.prefix != is.prefix) continue;
        const auto a =
            std::ranges::find(after.attachments, is.attachment, &config::Attachment::name);
        const auto v = std::ranges::find(after.vpcs, a->vpc, &config::Vpc::name);
        const bool available = v->interface && v->interface->enabled;
        if (was.accepted && available && !is.accepted) {
          return is.attachment + " " + is.prefix.to_string();
        }
      }
    }
  }
  return "";
}

// One packet by walk() and by the plans.
void expect_same_fate(const config::Model& model, const control::Rib& rib,
                      const PlannedWalk& planned, const config::Vpc& vpc,
                      const config::IpAddress& source, const config::IpAddress& destination,
                      Sightings& sightings) {
  auto walked = walk_lines(model, rib, vpc.name, source.to_string(), destination.to_string());
  std::ranges::sort(walked);
  join_no_routes(walked);
  const bool up = vpc.interface && vpc.interface->enabled;
  const std::vector<std::string> expected = up ? planned.outcomes(vpc.name, source, destination)
                                               : std::vector<std::string>{"drop no_interface"};
  ASSERT_EQ(walked, expected) << vpc.name << " " << source.to_string() << " -> "
                              << destination.to_string();
  sightings.note(walked);
}

// Packets that come in from outside, and the gateway's own, likewise.
void expect_same_fate_outside(RandomModel& random, const control::Rib& rib,
                              const PlannedWalk& planned, const config::Gateway& gateway,
                              const config::OutsideInterface& interface, Sightings& sightings) {
  const config::Model& model = random.model();
  const auto destination = random.any_address();
  auto source = random.any_address();
  if (random.chance(10)) source = interface.addresses.front().address;
  auto walked = walk_lines_from_outside(model, rib, gateway.name, interface.name,
                                        source.to_string(), destination.to_string());
  std::ranges::sort(walked);
  join_no_routes(walked);
  const auto expected = interface.enabled ? planned.outcomes_from_outside(
                                                gateway.name, interface.name, source, destination)
                                          : std::vector<std::string>{"drop no_interface"};
  ASSERT_EQ(walked, expected) << gateway.name << "/" << interface.name << " " << source.to_string()
                              << " -> " << destination.to_string();
  for (const std::string& outcome : walked) {
    const bool dropped = outcome.starts_with("drop");
    sightings.note("outside: " + (dropped ? outcome : outcome.substr(0, outcome.find(' '))));
  }
  auto own = walk_lines_of_own(model, rib, gateway.name, interface.name, destination.to_string());
  std::ranges::sort(own);
  join_no_routes(own);
  ASSERT_EQ(own, planned.outcomes_of_own(gateway.name, interface.name, destination))
      << gateway.name << "/" << interface.name << " itself -> " << destination.to_string();
}

// The gateways that a plan leads to where it has nothing longer for a prefix, in order.
std::vector<control::NextHop> gateways_for(const control::PlanEntry& entry) {
  std::vector<control::NextHop> gateways;
  for (const control::PlanTarget& target : entry.targets) {
    if (const auto* to = std::get_if<control::ContinueInGateway>(&target)) {
      gateways.emplace_back(control::ToGateway{to->gateway});
    }
  }
  return gateways;
}

const control::PlanEntry* entry_around(const control::Plan& plan, const config::IpPrefix& prefix) {
  const control::PlanEntry* longest = nullptr;
  for (const control::PlanEntry& entry : plan) {  // containing ones come by length
    if (entry.prefix.contains(prefix)) longest = &entry;
  }
  return longest;
}

std::size_t gateways_importing(const control::TableRoutes& table, const config::IpPrefix& range) {
  return static_cast<std::size_t>(std::ranges::count_if(table.imports, [&](const auto& import) {
    return std::ranges::find(import.ranges, range) != import.ranges.end();
  }));
}

// A prefix at a time, a table lists the same.
void check_cursor(const control::Rib& rib, const control::VpcRoutes& vpc,
                  const control::TableRoutes& table, const std::vector<control::Route>& listed) {
  control::TableCursor cursor(rib, vpc, table);
  std::vector<control::Route> routes;
  while (auto some = cursor.next()) {
    for (auto& route : *some) {
      ASSERT_EQ(route.prefix, some->front().prefix);
      routes.push_back(std::move(route));
    }
  }
  ASSERT_EQ(routes, listed) << vpc.name << "/" << table.name;
}

// Every import goes to its gateways in their order, by an entry of its own or by its range's.
void check_imports(const config::Vpc& vpc, const control::Rib& rib,
                   const control::TableRoutes& table, const control::Plan& plan,
                   Sightings& sightings) {
  const std::vector<control::Route> listed = list_table(rib, *rib.find_vpc(vpc.name), table);
  check_cursor(rib, *rib.find_vpc(vpc.name), table, listed);
  const auto is_import = [](const control::Route& route) {
    return route.origin == control::Origin::propagated && route.status == control::Status::valid;
  };
  const auto is_listed = [&](const config::IpPrefix& prefix) {
    return std::ranges::any_of(listed, [&](const control::Route& route) {
      return route.prefix == prefix && route.status == control::Status::valid;
    });
  };
  const auto is_shared_range = [&](const control::PlanEntry& entry) {
    return gateways_importing(table, entry.prefix) > 1 && !is_listed(entry.prefix);
  };
  for (const control::Route& route : listed) {
    if (!is_import(route)) continue;
    const control::PlanEntry* const found = entry_around(plan, route.prefix);
    ASSERT_NE(found, nullptr) << route.prefix.to_string();
    const control::PlanEntry& entry = *found;
    ASSERT_EQ(gateways_for(entry), route.next_hops) << route.prefix.to_string();
    const bool spelled_out = entry.prefix == route.prefix;
    sightings.note(spelled_out ? "routes one by one" : "range for its routes");
    if (!spelled_out && is_shared_range(entry)) sightings.note("shared range for its routes");
    const bool has_range_around = std::ranges::any_of(plan, [&](const auto& around) {
      return around.prefix != route.prefix && around.prefix.contains(route.prefix) &&
             is_shared_range(around);
    });
    if (spelled_out && has_range_around) sightings.note("beside a shared range");
  }
}

void check_forwarding(RandomModel& random, const control::Rib& rib, Sightings& sightings) {
  const config::Model& model = random.model();
  const PlannedWalk planned(model, rib);
  for (const config::Vpc& vpc : model.vpcs) {
    for (const control::TableRoutes& table : rib.find_vpc(vpc.name)->tables) {
      const control::Plan& plan = planned.plan(vpc.name + "/" + table.name);
      ASSERT_NO_FATAL_FAILURE(check_imports(vpc, rib, table, plan, sightings)) << vpc.name;
    }
    for (int i = 0; i < 4; ++i) {
      auto source = random.chance(70) ? vpc.cidrs[random.below(vpc.cidrs.size())].address
                                      : random.any_address();
      if (vpc.interface && random.chance(10)) source = vpc.interface->addresses.front().address;
      expect_same_fate(model, rib, planned, vpc, source, random.any_address(), sightings);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
  for (const config::Gateway& gateway : model.gateways) {
    for (const config::OutsideInterface& interface : gateway.interfaces) {
      expect_same_fate_outside(random, rib, planned, gateway, interface, sightings);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

void check_diff(const control::Rib& before, const control::Rib& after,
                const std::vector<ListedTable>& listed_before,
                const std::vector<ListedTable>& listed_after) {
  const control::RibDiff change = control::diff(before, after);
  ASSERT_EQ(apply(listed_before, change), listed_after);
  ASSERT_EQ(change.empty(), listed_before == listed_after);
}

// What a limited diff says is right, and it names what it leaves out.
void check_limited_diff(const control::Rib& before, const control::Rib& after,
                        control::DiffLimits limits) {
  const control::RibDiff all = control::diff(before, after);
  const control::RibDiff some = control::diff(before, after, limits);
  ASSERT_EQ(some.created, all.created);
  ASSERT_EQ(some.deleted, all.deleted);
  std::vector<std::string> left_out;
  for (const control::TableDiff& table : all.tables) {
    const auto found = std::ranges::find(some.tables, table.table, &control::TableDiff::table);
    if (found == some.tables.end()) {
      left_out.push_back(table.table);
    } else {
      ASSERT_EQ(*found, table);
    }
  }
  ASSERT_EQ(some.tables.size() + left_out.size(), all.tables.size());
  ASSERT_TRUE(std::ranges::includes(some.not_compared, left_out));
}

std::string validity_problem(const config::Model& model) {
  const auto problems = config::find_problems(model);
  return problems.empty() ? "" : problems.front().where + ": " + problems.front().message;
}

void check_sequence(std::uint32_t seed, Sightings& sightings) {
  RandomModel random(seed, seed % 2 == 0 ? Outside::without : Outside::with);
  Oracle oracle;
  config::Model model_before;
  Computed before;
  std::vector<ListedTable> listed_before;
  for (std::uint32_t commit = 0; commit < commits_per_sequence; ++commit) {
    SCOPED_TRACE(fmt::format("seed {}, commit {}", seed, commit));
    const config::Model& model = random.model();
    ASSERT_EQ(validity_problem(model), "");
    const config::ValidModel checked = valid(model);
    const Computed now = control::compute_routes(checked, before.history);
    const auto listed = list_all(now.rib);
    ASSERT_EQ(problem(oracle.commit(model), listed), "");
    ASSERT_EQ(unseated_incumbent(model_before, before.history, model, now.history), "");
    ASSERT_NO_FATAL_FAILURE(check_diff(before.rib, now.rib, listed_before, listed));
    ASSERT_NO_FATAL_FAILURE(
        check_limited_diff(before.rib, now.rib, {.listed = commit % 10, .compared = seed % 10}));
    ASSERT_NO_FATAL_FAILURE(check_forwarding(random, now.rib, sightings));

    const Computed again = control::compute_routes(checked, before.history);
    ASSERT_TRUE(again.rib == now.rib && again.history == now.history) << "not deterministic";
    const Computed restarted = control::compute_routes(checked, now.history);
    ASSERT_TRUE(restarted.rib == now.rib && restarted.history == now.history)
        << "a restart computes something else";

    sightings.note(listed);
    model_before = model;
    before = now;
    listed_before = listed;
    random.change();
  }
}

TEST(Property, SequencesOfCommitsAgreeWithTheOracleThePlansAndTheWalk) {
  Sightings sightings;
  for (std::uint32_t seed = 0; seed < (quick() ? 200 : 5000); ++seed) {
    ASSERT_NO_FATAL_FAILURE(check_sequence(seed, sightings));
  }
  if (quick()) return;  // too few to meet everything
  const std::vector<std::string> none;
  EXPECT_EQ(sightings.rarer_than(20, {"local valid ",
                                      "static valid ",
                                      "static invalid unavailable",
                                      "static invalid preference",
                                      "static shadowed local",
                                      "outside valid of 1",
                                      "outside valid of 3",
                                      "outside invalid of 1",
                                      "to outside",
                                      "outside: deliver",
                                      "outside: self",
                                      "outside: drop edge_to_edge",
                                      "outside: drop source_spoofed",
                                      "outside: drop source_own",
                                      "outside: drop no_route",
                                      "static group of 2",
                                      "static group of 4",
                                      "propagated valid ",
                                      "propagated invalid overlap",
                                      "propagated invalid unavailable",
                                      "propagated invalid preference",
                                      "propagated blocked quota",
                                      "propagated shadowed local",
                                      "propagated group of 2",
                                      "propagated group of 3",
                                      "propagated group of 4",
                                      "range for its routes",
                                      "routes one by one",
                                      "shared range for its routes",
                                      "beside a shared range",
                                      "deliver",
                                      "self",
                                      "drop no_route",
                                      "drop blackhole",
                                      "drop routing_loop",
                                      "drop source_spoofed",
                                      "drop source_own",
                                      "drop source_no_host",
                                      "drop destination_broadcast",
                                      "drop no_interface"}),
            none);
}

}  // namespace
}  // namespace bgw::test
