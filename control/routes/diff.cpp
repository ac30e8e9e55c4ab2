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

// How many routes a VPC's table lists, at most.
std::size_t size_at_most(const Rib& rib, const VpcTable& of_vpc) {
  if (of_vpc.vpc == nullptr) return 0;
  std::size_t routes = of_vpc.table->own.size();
  for (const GatewayImport& import : imports_of(rib, *of_vpc.table)) {
    for (const config::IpPrefix& range : import.ranges) {
      const auto inside = import.gateway->routes.inside(range);
      routes += static_cast<std::size_t>(inside.end() - inside.begin());
    }
  }
  return routes;
}

std::vector<Route> list(const Rib& rib, const VpcTable& of_vpc) {
  if (of_vpc.vpc == nullptr) return {};
  return list_table(rib, *of_vpc.vpc, *of_vpc.table);
}

std::string name_of(const VpcTable& of_vpc) {
  return of_vpc.vpc->name + "/" + of_vpc.table->name;
}

// One table of a VPC in both RIBs; null where it is not there.
struct TablePair {
  VpcTable before;
  VpcTable after;
  std::string name() const { return name_of(after.vpc != nullptr ? after : before); }
};

const TableRoutes* find_table(const VpcRoutes* vpc, const std::string& name) {
  if (vpc == nullptr) return nullptr;
  const auto found = std::ranges::find(vpc->tables, name, &TableRoutes::name);
  return found == vpc->tables.end() ? nullptr : &*found;
}

VpcTable table_of(const VpcRoutes* vpc, const std::string& name) {
  const TableRoutes* table = find_table(vpc, name);
  return table == nullptr ? VpcTable{} : VpcTable{vpc, table};
}

template <typename Routes>
void add_difference(const Routes& before, const Routes& after, TableDiff& diff) {
  std::ranges::set_difference(before, after, std::back_inserter(diff.removed), listed_before);
  std::ranges::set_difference(after, before, std::back_inserter(diff.added), listed_before);
}

TableDiff difference(const std::string& table, const std::vector<Route>& before,
                     const std::vector<Route>& after) {
  TableDiff diff{table, {}, {}};
  add_difference(before, after, diff);
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
    config::for_each_difference(before.gateways, after.gateways, [&](const auto& a, const auto& b) {
      note_changes(a ? a->name : b->name, a ? *a : none, b ? *b : none);
    });
  }

  template <typename Visit>
  void for_each_gateway(Visit visit) const {
    for (const auto& [name, changes] : changes_) visit(changes.routes);
  }

  // Whether a table, itself the same in both, may list other routes, without looking at each.
  bool may_differ(const VpcRoutes& vpc, const TableRoutes& table) const {
    return std::ranges::any_of(table.imports, [&](const config::Propagation& propagation) {
      const auto found = changes_.find(propagation.gateway);
      return found != changes_.end() && reaches(found->second, vpc, propagation);
    });
  }

  // Of a VPC's table. When it is more than `at_most`, it may be any number beyond.
  Scope scope_of(const TablePair& pair, std::size_t at_most) const {
    if (!same_rules(pair.before, pair.after)) {
      return {{}, size_at_most(before_, pair.before) + size_at_most(after_, pair.after)};
    }
    Scope scope{Prefixes{}, 0};
    add_changed_prefixes(pair.before, pair.after, at_most, scope);
    return scope;
  }

  TableDiff compare(const TablePair& pair, const Scope& scope) const {
    if (!scope.only)
      return difference(pair.name(), list(before_, pair.before), list(after_, pair.after));
    return difference(pair.name(), list_at(before_, pair.before, *scope.only),
                      list_at(after_, pair.after, *scope.only));
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
    changes.routes.table = name;
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
    RouteList::for_each_difference(
        before.routes, after.routes,
        [&](const config::IpPrefix& prefix, const auto& old, const auto& now) {
          add_difference(old, now, changes.routes);
          note(prefix);
        });
  }

  static bool any_inside(const config::IpPrefix& range, const Prefixes& prefixes) {
    const auto first = prefixes.lower_bound(range);
    return first != prefixes.end() && range.contains(*first);
  }
  static bool reaches(const GatewayChanges& changes, const VpcRoutes& vpc,
                      const config::Propagation& propagation) {
    return std::ranges::any_of(propagation.ranges, [&](const config::IpPrefix& range) {
      if (any_inside(range, changes.imported)) return true;
      return std::ranges::any_of(vpc.own_attachments, [&](const std::string& attachment) {
        const auto rerouted = changes.rerouted.find(attachment);
        return rerouted != changes.rerouted.end() && any_inside(range, rerouted->second);
      });
    });
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

// The tables that may list other routes, by VPC. Of those that are in both RIBs and the same,
// most are passed over without a look at their routes.
std::vector<TablePair> pair_tables(const Rib& before, const Rib& after,
                                   const Comparison& comparison) {
  std::vector<TablePair> pairs;
  for (std::size_t i = 0; i < after.vpcs.size(); ++i) {
    const auto& vpc = after.vpcs.pointers()[i];
    // Most are the same, in the same place.
    const bool in_place = i < before.vpcs.size() && before.vpcs.pointers()[i] == vpc;
    const auto& old = in_place ? vpc : before.vpcs.find_shared(vpc->name);
    for (const TableRoutes& table : vpc->tables) {
      if (old != vpc || comparison.may_differ(*vpc, table)) {
        pairs.push_back({table_of(old.get(), table.name), {vpc.get(), &table}});
      }
    }
  }
  config::for_each_difference(before.vpcs, after.vpcs, [&](const auto& old, const auto& now) {
    if (!old) return;
    for (const TableRoutes& table : old->tables) {
      if (find_table(now.get(), table.name) == nullptr) pairs.push_back({{old.get(), &table}, {}});
    }
  });
  return pairs;
}

}  // namespace

RibDiff diff(const Rib& before, const Rib& after, DiffLimits limits) {
  const Comparison comparison(before, after);
  RibDiff result;
  config::for_each_difference(before.gateways, after.gateways, [&](const auto& a, const auto& b) {
    if (!b) result.deleted.push_back(a->name);
    if (!a) result.created.push_back(b->name);
  });
  std::size_t listed = 0;
  const auto keep = [&](TableDiff table) {
    listed += table.removed.size() + table.added.size();
    if (!table.removed.empty() || !table.added.empty()) result.tables.push_back(std::move(table));
  };
  comparison.for_each_gateway(keep);
  for (const TablePair& pair : pair_tables(before, after, comparison)) {
    if (pair.after.vpc == nullptr) result.deleted.push_back(pair.name());
    if (pair.before.vpc == nullptr) result.created.push_back(pair.name());
    const std::size_t at_most = listed < limits.listed ? limits.compared : 0;
    const auto scope = comparison.scope_of(pair, at_most);
    if (scope.routes > at_most) {
      result.not_compared.push_back(pair.name());
    } else {
      limits.compared -= scope.routes;
      keep(comparison.compare(pair, scope));
    }
  }
  std::ranges::sort(result.created);
  std::ranges::sort(result.deleted);
  std::ranges::sort(result.tables, {}, &TableDiff::table);
  std::ranges::sort(result.not_compared);
  return result;
}

}  // namespace bgw::control
