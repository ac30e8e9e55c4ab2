#include "control/routes/diff.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "control/routes/imports.h"
#include "control/routes/prefix_search.h"

namespace bgw::control {
namespace {

struct VpcTable {
  const VpcRoutes* vpc = nullptr;
  const TableRoutes* table = nullptr;
};

// A table of a RIB: of a gateway, of a VPC, or none.
struct TableRef {
  const GatewayRoutes* gateway = nullptr;
  VpcTable of_vpc;

  std::vector<Route> list(const Rib& rib) const {
    if (gateway != nullptr) return gateway->routes;
    return of_vpc.vpc == nullptr ? std::vector<Route>{}
                                 : list_table(rib, *of_vpc.vpc, *of_vpc.table);
  }
};

// How many routes a VPC's table lists, at most.
std::size_t size_at_most(const Rib& rib, const VpcTable& of_vpc) {
  if (of_vpc.vpc == nullptr) return 0;
  std::size_t routes = of_vpc.table->own.size();
  for (const GatewayImport& import : imports_of(rib, *of_vpc.table)) {
    for (const config::IpPrefix& range : import.ranges) {
      routes += routes_inside(import.gateway->routes, range).size();
    }
  }
  return routes;
}

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

// One table in both RIBs.
struct TablePair {
  std::string name;
  TableRef before;
  TableRef after;
  bool is_gateway() const { return before.gateway != nullptr || after.gateway != nullptr; }
};

// Gateways first; of each kind those first that were there before.
std::vector<TablePair> pair_tables(const TableIndex& before, const TableIndex& after) {
  std::vector<TablePair> pairs;
  const auto in = [](const TableIndex& index, const std::string& name) {
    const auto found = index.find(name);
    return found == index.end() ? TableRef{} : found->second;
  };
  for (const auto& [name, table] : before) pairs.push_back({name, table, in(after, name)});
  for (const auto& [name, table] : after) {
    if (!before.contains(name)) pairs.push_back({name, {}, table});
  }
  std::stable_partition(pairs.begin(), pairs.end(),
                        [](const TablePair& pair) { return pair.is_gateway(); });
  return pairs;
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
  using Prefixes = std::set<config::IpPrefix>;

  // What of a VPC's table has to be looked at.
  struct Scope {
    std::optional<Prefixes> only;  // these prefixes; otherwise all
    std::size_t routes = 0;        // so many, or prefixes; none: it has not changed
  };

  Comparison(const Rib& before, const Rib& after) : before_(before), after_(after) {
    static const GatewayRoutes none{};
    for (const GatewayRoutes& gateway : before.gateways) {
      const GatewayRoutes* now = after.find_gateway(gateway.name);
      note_changes(gateway.name, gateway, now == nullptr ? none : *now);
    }
    for (const GatewayRoutes& gateway : after.gateways) {
      if (before.find_gateway(gateway.name) == nullptr) note_changes(gateway.name, none, gateway);
    }
  }

  const TableDiff& of_gateway(const std::string& name) const { return changes_.at(name).routes; }

  // Of a VPC's table. When it is more than `at_most`, it may be any number beyond.
  Scope scope_of(const TablePair& pair, std::size_t at_most) const {
    if (!same_rules(pair.before.of_vpc, pair.after.of_vpc)) {
      return {{},
              size_at_most(before_, pair.before.of_vpc) + size_at_most(after_, pair.after.of_vpc)};
    }
    Scope scope{Prefixes{}, 0};
    add_changed_prefixes(pair.before.of_vpc, pair.after.of_vpc, at_most, scope);
    return scope;
  }

  TableDiff compare(const TablePair& pair, const Scope& scope) const {
    if (!scope.only)
      return difference(pair.name, pair.before.list(before_), pair.after.list(after_));
    return difference(pair.name, list_at(before_, pair.before.of_vpc, *scope.only),
                      list_at(after_, pair.after.of_vpc, *scope.only));
  }

 private:
  struct GatewayChanges {
    TableDiff routes;
    // What importing tables see of them: where a valid route comes or goes, and by attachment where
    // one stays valid but has, or had, other next hops (V4 asks whose they are).
    Prefixes imported;
    std::map<std::string, Prefixes, std::less<>> rerouted;
  };

  void note_changes(const std::string& name, const GatewayRoutes& before,
                    const GatewayRoutes& after) {
    GatewayChanges& changes = changes_[name];
    changes.routes = difference(name, before.routes, after.routes);
    const auto note = [&](const config::IpPrefix& prefix) {
      const Route* old = valid_route_at(before.routes, prefix);
      const Route* now = valid_route_at(after.routes, prefix);
      if ((old == nullptr) != (now == nullptr)) changes.imported.insert(prefix);
      if (old == nullptr || now == nullptr || old->next_hops == now->next_hops) return;
      for (const Route* route : {old, now}) {
        for (const NextHop& hop : route->next_hops) {
          const auto* to = std::get_if<ToAttachment>(&hop);
          if (to != nullptr) changes.rerouted[to->attachment].insert(prefix);
        }
      }
    };
    for (const Route& route : changes.routes.removed) note(route.prefix);
    for (const Route& route : changes.routes.added) note(route.prefix);
  }

  // Whether what is listed for a prefix depends, in both RIBs alike, only on the table's own routes
  // and the gateways' routes for that prefix.
  static bool same_rules(const VpcTable& before, const VpcTable& after) {
    if (before.vpc == nullptr || after.vpc == nullptr) return false;
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

  void add_changed_prefixes(const VpcTable& before, const VpcTable& after, std::size_t at_most,
                            Scope& scope) const {
    const auto add = [&scope](const config::IpPrefix& prefix) {
      scope.only->insert(prefix);
      ++scope.routes;
    };
    const TableDiff own = difference({}, before.table->own, after.table->own);
    for (const Route& route : own.removed) add(route.prefix);
    for (const Route& route : own.added) add(route.prefix);
    const auto add_inside = [&](const config::IpPrefix& range, const Prefixes& prefixes) {
      for (auto it = prefixes.lower_bound(range);
           scope.routes <= at_most && it != prefixes.end() && range.contains(*it); ++it) {
        add(*it);
      }
    };
    for (const config::Propagation& propagation : after.table->imports) {
      const auto found = changes_.find(propagation.gateway);
      if (found == changes_.end()) continue;
      const GatewayChanges& changes = found->second;
      for (const config::IpPrefix& range : propagation.ranges) {
        add_inside(range, changes.imported);
        for (const std::string& attachment : after.vpc->own_attachments) {
          const auto rerouted = changes.rerouted.find(attachment);
          if (rerouted != changes.rerouted.end()) add_inside(range, rerouted->second);
        }
      }
    }
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
  std::map<std::string, GatewayChanges> changes_;  // by gateway
};

}  // namespace

std::vector<ListedTable> list_all(const Rib& rib) {
  std::vector<ListedTable> tables;
  for (const auto& [name, table] : index_tables(rib)) tables.push_back({name, table.list(rib)});
  return tables;
}

RibDiff diff(const Rib& before, const Rib& after, DiffLimits limits) {
  const TableIndex tables_before = index_tables(before);
  const TableIndex tables_after = index_tables(after);
  const Comparison comparison(before, after);

  RibDiff result;
  for (const auto& [name, table] : tables_before) {
    if (!tables_after.contains(name)) result.deleted.push_back(name);
  }
  for (const auto& [name, table] : tables_after) {
    if (!tables_before.contains(name)) result.created.push_back(name);
  }
  std::size_t listed = 0;
  const auto keep = [&](TableDiff table) {
    listed += table.removed.size() + table.added.size();
    if (!table.removed.empty() || !table.added.empty()) result.tables.push_back(std::move(table));
  };
  for (const TablePair& pair : pair_tables(tables_before, tables_after)) {
    if (pair.is_gateway()) {
      keep(comparison.of_gateway(pair.name));
      continue;
    }
    const std::size_t at_most = listed < limits.listed ? limits.compared : 0;
    const auto scope = comparison.scope_of(pair, at_most);
    if (scope.routes > at_most) {
      result.not_compared.push_back(pair.name);
    } else {
      limits.compared -= scope.routes;
      keep(comparison.compare(pair, scope));
    }
  }
  std::ranges::sort(result.tables, {}, &TableDiff::table);
  std::ranges::sort(result.not_compared);
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
