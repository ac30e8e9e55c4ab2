#include "control/routes/plan_changes.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "control/routes/prefix_search.h"

namespace bgw::control {
namespace {

class Planner {
 public:
  Planner(const RouteState& before, const RouteState& after, const config::ValidModel& model)
      : before_(before), after_(after), model_(model) {}

  void plan_table(const config::Vpc& vpc, const VpcRoutes& routes, const TableRoutes& table) {
    PlanReads reads;
    result_.tables.push_back(
        {vpc.name, table.name, plan_vpc_table(vpc, after_.rib, routes, table, &reads)});
    result_.reads.emplace_back(TableName{vpc.name, table.name}, std::move(reads));
  }

  void plan_vpc(const config::Vpc& vpc) {
    const VpcRoutes& routes = *after_.rib.find_vpc(vpc.name);
    result_.sources.push_back({vpc.name, plan_source_table(vpc, routes)});
    for (const TableRoutes& table : routes.tables) plan_table(vpc, routes, table);
  }

  void forget(const VpcRoutes& vpc) {
    for (const TableRoutes& table : vpc.tables) {
      const VpcRoutes* now = after_.rib.find_vpc(vpc.name);
      if (now != nullptr &&
          std::ranges::find(now->tables, table.name, &TableRoutes::name) != now->tables.end()) {
        continue;
      }
      result_.reads.emplace_back(TableName{vpc.name, table.name}, PlanReads{});
    }
  }

  void plan_gateway(const GatewayRoutes& gateway) {
    result_.gateways.push_back({gateway.name, true, plan_gateway_table(model_, gateway), {}});
  }

  void plan_gateway(const GatewayChange& change) {
    const RouteList& old = before_.rib.find_gateway(change.gateway)->routes;
    const RouteList& now = after_.rib.find_gateway(change.gateway)->routes;
    GatewayTableChange table{change.gateway, false, {}, {}};
    for (const config::IpPrefix& prefix : change.prefixes) {
      if (const Route* route = valid_route_at(now, prefix)) {
        table.put.push_back(plan_gateway_route(model_, change.gateway, *route));
      } else if (valid_route_at(old, prefix) != nullptr) {
        table.gone.push_back(prefix);
      }
    }
    if (!table.put.empty() || !table.gone.empty()) result_.gateways.push_back(std::move(table));
  }

  PlanChanges take() { return std::move(result_); }

 private:
  const RouteState& before_;
  const RouteState& after_;
  const config::ValidModel& model_;
  PlanChanges result_;
};

bool differs_only_behind(const VpcRoutes& old, const VpcRoutes& now) {
  return old.tables == now.tables && old.own_attachments == now.own_attachments;
}

// What lies behind a VPC matters where a table of it imports that (V4, F4).
bool imports_any(const TableRoutes& table, const std::vector<config::IpPrefix>& prefixes) {
  return std::ranges::any_of(table.imports, [&](const config::Propagation& propagation) {
    return std::ranges::any_of(propagation.ranges, [&](const config::IpPrefix& range) {
      return std::ranges::any_of(prefixes,
                                 [&](const auto& prefix) { return prefix.overlaps(range); });
    });
  });
}

void add_importing(const VpcRoutes& old, const VpcRoutes& now, TableNames& tables) {
  std::vector<config::IpPrefix> changed;
  std::ranges::set_symmetric_difference(old.prefixes_behind, now.prefixes_behind,
                                        std::back_inserter(changed));
  for (const TableRoutes& table : now.tables) {
    if (imports_any(table, changed)) tables.insert({now.name, table.name});
  }
}

}  // namespace

PlanChanges plan_changes(const PlanIndex& index, const RouteState& before,
                         const config::ValidModel& model_before, const RouteUpdate& update,
                         const config::ValidModel& model) {
  const RouteState& after = update.state;
  Planner planner(before, after, model);
  std::set<std::string> whole;  // VPCs
  config::for_each_difference(model_before.vpcs(), model.vpcs(), [&](const auto&, const auto& now) {
    if (now) whole.insert(now->name);
  });
  TableNames tables = index.affected_by(update.changes);
  config::for_each_difference(before.rib.vpcs, after.rib.vpcs,
                              [&](const auto& old, const auto& now) {
                                if (old && now && differs_only_behind(*old, *now)) {
                                  add_importing(*old, *now, tables);
                                  return;
                                }
                                if (now) whole.insert(now->name);
                                if (old) planner.forget(*old);
                              });
  for (const std::string& name : whole) planner.plan_vpc(*model.vpcs().find(name));
  for (const TableName& name : tables) {
    const VpcRoutes* routes = after.rib.find_vpc(name.vpc);
    if (routes == nullptr || whole.contains(name.vpc)) continue;
    planner.plan_table(*model.vpcs().find(name.vpc), *routes,
                       *std::ranges::find(routes->tables, name.table, &TableRoutes::name));
  }
  for (const GatewayRoutes& gateway : after.rib.gateways) {
    if (before.rib.find_gateway(gateway.name) == nullptr) planner.plan_gateway(gateway);
  }
  for (const GatewayChange& change : update.changes.gateways) planner.plan_gateway(change);
  return planner.take();
}

PlanChanges plan_everything(const RouteState& state, const config::ValidModel& model) {
  const RouteState nothing;
  Planner planner(nothing, state, model);
  for (const config::Vpc& vpc : model.vpcs()) planner.plan_vpc(vpc);
  for (const GatewayRoutes& gateway : state.rib.gateways) planner.plan_gateway(gateway);
  return planner.take();
}

}  // namespace bgw::control
