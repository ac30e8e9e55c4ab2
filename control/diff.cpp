#include "control/diff.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "control/imports.h"
#include "control/prefix_search.h"

namespace bgw::control {
namespace {

struct VpcTable {
  const VpcRoutes* vpc = nullptr;
  const TableRoutes* table = nullptr;
};

// A table of a RIB: of a gateway or of a VPC.
struct TableRef {
  const GatewayRoutes* gateway = nullptr;
  VpcTable of_vpc;

  std::vector<Route> list(const Rib& rib) const {
    return gateway != nullptr ? gateway->routes : list_table(rib, *of_vpc.vpc, *of_vpc.table);
  }
};

using TableIndex = std::map<std::string, TableRef>;

TableIndex index_tables(const Rib& rib) {
  TableIndex index;
  for (const GatewayRoutes& gateway : rib.gateways) index[gateway.name] = {&gateway, {}};
  for (const VpcRoutes& vpc : rib.vpcs) {
    for (const TableRoutes& table : vpc.tables) {
      index[vpc.name + "/" + table.name] = {nullptr, {&vpc, &table}};
    }
  }
  return index;
}

TableDiff difference(const std::string& table, const std::vector<Route>& before,
                     const std::vector<Route>& after) {
  TableDiff diff{table, {}, {}};
  std::ranges::set_difference(before, after, std::back_inserter(diff.removed), listed_before);
  std::ranges::set_difference(after, before, std::back_inserter(diff.added), listed_before);
  return diff;
}

// Compares two RIBs. Thousands of tables import the same gateway, so a table is not listed whole
// when it is enough to look at the prefixes that changed.
class Comparison {
 public:
  Comparison(const Rib& before, const Rib& after) : before_(before), after_(after) {
    static const GatewayRoutes none{};
    for (const GatewayRoutes& gateway : before.gateways) {
      const GatewayRoutes* now = after.find_gateway(gateway.name);
      note_changes(gateway, now == nullptr ? none : *now);
    }
    for (const GatewayRoutes& gateway : after.gateways) {
      if (before.find_gateway(gateway.name) == nullptr) note_changes(none, gateway);
    }
  }

  TableDiff compare(const std::string& name, const TableRef& before, const TableRef& after) const {
    if (before.gateway != nullptr && after.gateway != nullptr) {
      return difference(name, before.gateway->routes, after.gateway->routes);
    }
    if (before.gateway != nullptr || after.gateway != nullptr ||
        !same_rules(before.of_vpc, after.of_vpc)) {
      return difference(name, before.list(before_), after.list(after_));
    }
    const auto prefixes = changed_prefixes(*before.of_vpc.table, *after.of_vpc.table);
    return difference(name, list_at(before_, before.of_vpc, prefixes),
                      list_at(after_, after.of_vpc, prefixes));
  }

 private:
  using Prefixes = std::set<config::IpPrefix>;

  void note_changes(const GatewayRoutes& before, const GatewayRoutes& after) {
    const std::string& name = before.name.empty() ? after.name : before.name;
    const TableDiff diff = difference(name, before.routes, after.routes);
    Prefixes& changed = changed_[name];
    for (const Route& route : diff.removed) changed.insert(route.prefix);
    for (const Route& route : diff.added) changed.insert(route.prefix);
  }

  // Whether what is listed for a prefix depends, in both RIBs alike, only on the table's own routes
  // and the gateways' routes for that prefix.
  static bool same_rules(const VpcTable& before, const VpcTable& after) {
    const auto locals = [](const TableRoutes& table) {
      Prefixes prefixes;
      for (const Route& route : table.own) {
        if (route.origin == Origin::local) prefixes.insert(route.prefix);
      }
      return prefixes;
    };
    return before.vpc->own_attachments == after.vpc->own_attachments &&
           before.table->imports == after.table->imports &&
           locals(*before.table) == locals(*after.table);
  }

  Prefixes changed_prefixes(const TableRoutes& before, const TableRoutes& after) const {
    Prefixes prefixes;
    const TableDiff own = difference(before.name, before.own, after.own);
    for (const Route& route : own.removed) prefixes.insert(route.prefix);
    for (const Route& route : own.added) prefixes.insert(route.prefix);
    for (const config::Propagation& propagation : after.imports) {
      const auto changed = changed_.find(propagation.gateway);
      if (changed == changed_.end()) continue;
      for (const config::IpPrefix& range : propagation.ranges) {
        for (auto it = changed->second.lower_bound(range);
             it != changed->second.end() && range.contains(*it); ++it) {
          prefixes.insert(*it);
        }
      }
    }
    return prefixes;
  }

  // list_table(), restricted to some prefixes.
  static std::vector<Route> list_at(const Rib& rib, const VpcTable& of_vpc,
                                    const Prefixes& prefixes) {
    if (prefixes.empty()) return {};
    std::vector<ImportCandidate> candidates;
    for (const GatewayImport& import : imports_of(rib, *of_vpc.table)) {
      for (const config::IpPrefix& range : import.ranges) {
        for (auto it = prefixes.lower_bound(range); it != prefixes.end() && range.contains(*it);
             ++it) {
          append_candidate_at(*import.gateway, *it, *of_vpc.vpc, candidates);
        }
      }
    }
    std::vector<Route> routes = decide_imports(*of_vpc.table, std::move(candidates));
    for (const config::IpPrefix& prefix : prefixes) {
      const auto own = routes_at(of_vpc.table->own, prefix);
      routes.insert(routes.end(), own.begin(), own.end());
    }
    std::ranges::sort(routes, listed_before);
    return routes;
  }

  const Rib& before_;
  const Rib& after_;
  std::map<std::string, Prefixes> changed_;  // by gateway: prefixes whose routes differ
};

}  // namespace

std::vector<ListedTable> list_all(const Rib& rib) {
  std::vector<ListedTable> tables;
  for (const auto& [name, table] : index_tables(rib)) tables.push_back({name, table.list(rib)});
  return tables;
}

RibDiff diff(const Rib& before, const Rib& after) {
  const TableIndex tables_before = index_tables(before);
  const TableIndex tables_after = index_tables(after);
  const Comparison comparison(before, after);

  RibDiff result;
  const auto keep = [&](TableDiff table) {
    if (!table.removed.empty() || !table.added.empty()) result.tables.push_back(std::move(table));
  };
  for (const auto& [name, table] : tables_before) {
    const auto now = tables_after.find(name);
    if (now == tables_after.end()) {
      result.deleted.push_back(name);
      keep({name, table.list(before), {}});
    } else {
      keep(comparison.compare(name, table, now->second));
    }
  }
  for (const auto& [name, table] : tables_after) {
    if (tables_before.contains(name)) continue;
    result.created.push_back(name);
    keep({name, {}, table.list(after)});
  }
  std::ranges::sort(result.tables, {}, &TableDiff::table);
  return result;
}

std::vector<ListedTable> apply(std::vector<ListedTable> tables, const RibDiff& change) {
  std::map<std::string, std::vector<Route>> by_name;
  for (ListedTable& table : tables) by_name.emplace(table.table, std::move(table.routes));
  for (const std::string& name : change.created) by_name.emplace(name, std::vector<Route>{});

  for (const TableDiff& diff : change.tables) {
    std::vector<Route>& routes = by_name[diff.table];
    std::vector<Route> kept;
    std::ranges::set_difference(routes, diff.removed, std::back_inserter(kept), listed_before);
    routes.clear();
    std::ranges::merge(kept, diff.added, std::back_inserter(routes), listed_before);
  }
  for (const std::string& name : change.deleted) by_name.erase(name);

  std::vector<ListedTable> result;
  for (auto& [name, routes] : by_name) result.push_back({name, std::move(routes)});
  return result;
}

}  // namespace bgw::control
