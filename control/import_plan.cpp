#include "control/import_plan.h"

#include <algorithm>

#include "control/imports.h"
#include "control/prefix_search.h"

namespace bgw::control {
namespace {

bool any_valid(std::span<const Route> routes) {
  return std::ranges::any_of(routes, [](const Route& r) { return r.status == Status::valid; });
}

bool has_valid_route_inside(const GatewayRoutes& gateway, const config::IpPrefix& prefix) {
  const auto inside = routes_inside(gateway.routes, prefix);
  const auto same = routes_at(gateway.routes, prefix);
  return any_valid(inside.subspan(same.size()));
}

bool has_valid_route_around(const GatewayRoutes& gateway, const config::IpPrefix& prefix) {
  const auto& routes = gateway.routes;
  const auto last_not_after = [&](const config::IpPrefix& p) {
    const auto after = std::ranges::upper_bound(routes, p, {}, &Route::prefix);
    return after == routes.begin() ? nullptr : &std::prev(after)->prefix;
  };
  for (unsigned length = prefix.length; length > 0;) {
    const auto* around = longest_containing(prefix, length - 1, last_not_after);
    if (around == nullptr) return false;
    if (valid_route_at(routes, *around) != nullptr) return true;
    length = around->length;
  }
  return false;
}

bool is_valid_static(const Route& route) {
  return route.origin == Origin::static_route && route.status == Status::valid;
}

// Decides for the ranges of one table whether a range can stand for its routes.
//
// A range R → g sends every destination in it to g's longest match. The imported routes send to g
// only destinations that one of them covers; the others get what the table has for them, usually
// nothing. So R is exact when each destination that R would send to g either is covered by an
// imported route, or finds no route in g (no_route both ways), or would go to g anyhow.
class RangeCheck {
 public:
  RangeCheck(const VpcRoutes& vpc, const TableRoutes& table,
             const std::vector<GatewayImport>& imports)
      : vpc_(vpc), table_(table), imports_(imports) {}

  // Inside a local CIDR every import is shadowed.
  bool is_local(const config::IpPrefix& range) const {
    return std::ranges::any_of(table_.own, [&](const Route& r) {
      return r.origin == Origin::local && r.prefix.contains(range);
    });
  }

  bool is_exact(const GatewayRoutes& gateway, const config::IpPrefix& range) const {
    return !meets_other_gateway(gateway, range) && !leads_here(range) &&
           !interleaves_with_static(gateway, range) && surroundings_agree(gateway, range);
  }

 private:
  // Equal prefixes of two gateways would form groups.
  bool meets_other_gateway(const GatewayRoutes& gateway, const config::IpPrefix& range) const {
    return std::ranges::any_of(imports_, [&](const GatewayImport& import) {
      return import.gateway != &gateway &&
             std::ranges::any_of(import.ranges, [&](const auto& r) { return r.overlaps(range); });
    });
  }

  // What a gateway leads to this VPC may not be imported (V4), and reaches main by F4, where no
  // route and a route back to a gateway are different verdicts.
  bool leads_here(const config::IpPrefix& range) const {
    return std::ranges::any_of(vpc_.prefixes_behind,
                               [&](const auto& prefix) { return prefix.overlaps(range); });
  }

  // A static route inside the range prevails over what contains it and yields to what it contains.
  bool interleaves_with_static(const GatewayRoutes& gateway, const config::IpPrefix& range) const {
    return std::ranges::any_of(table_.own, [&](const Route& r) {
      return is_valid_static(r) && range.contains(r.prefix) &&
             has_valid_route_inside(gateway, r.prefix);
    });
  }

  // What no imported route covers falls to the static route around the range, or to nothing; the
  // gateway must give it the same fate.
  bool surroundings_agree(const GatewayRoutes& gateway, const config::IpPrefix& range) const {
    const Route* around = nullptr;  // the longest: own routes are sorted
    for (const Route& route : table_.own) {
      if (is_valid_static(route) && route.prefix != range && route.prefix.contains(range)) {
        around = &route;
      }
    }
    if (around == nullptr) return !has_valid_route_around(gateway, range);
    return around->next_hops == std::vector<NextHop>{ToGateway{gateway.name}};
  }

  const VpcRoutes& vpc_;
  const TableRoutes& table_;
  const std::vector<GatewayImport>& imports_;
};

PlanEntry entry_of(const Route& import) {
  PlanEntry entry{import.prefix, {}};
  for (const NextHop& hop : import.next_hops) {
    entry.targets.emplace_back(ContinueInGateway{std::get<ToGateway>(hop).gateway});
  }
  return entry;
}

}  // namespace

std::vector<PlanEntry> plan_imports(const Rib& rib, const VpcRoutes& vpc,
                                    const TableRoutes& table) {
  const std::vector<GatewayImport> imports = imports_of(rib, table);
  const RangeCheck check(vpc, table, imports);
  std::vector<PlanEntry> entries;
  std::vector<ImportCandidate> candidates;
  for (const GatewayImport& import : imports) {
    for (const config::IpPrefix& range : import.ranges) {
      if (check.is_local(range)) continue;
      if (check.is_exact(*import.gateway, range)) {
        entries.push_back({range, {ContinueInGateway{import.gateway->name}}});
      } else {
        append_candidates(*import.gateway, range, vpc, candidates);
      }
    }
  }
  for (const Route& route : decide_imports(table, std::move(candidates))) {
    if (route.status == Status::valid) entries.push_back(entry_of(route));
  }
  return entries;
}

}  // namespace bgw::control
