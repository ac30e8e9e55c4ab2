#include "control/routes/import_plan.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>

#include "control/routes/gateway_difference.h"
#include "control/routes/imports.h"
#include "control/routes/preference.h"
#include "control/routes/prefix_search.h"

namespace bgw::control {
namespace {

using Gateways = std::vector<const GatewayRoutes*>;

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
// imported route, or finds no route in g (no_route both ways), or would go to g anyhow. Of several
// gateways with the same prefixes in R the same holds for each, and each import would be a group
// of them all; where their prefixes differ, those have entries of their own below R's.
class RangeCheck {
 public:
  RangeCheck(const VpcRoutes& vpc, const TableRoutes& table) : vpc_(vpc), table_(table) {}

  // Inside a local CIDR every import is shadowed.
  bool is_local(const config::IpPrefix& range) const {
    return std::ranges::any_of(table_.own, [&](const Route& r) {
      return r.origin == Origin::local && r.prefix.contains(range);
    });
  }

  // `gateways`: all that the range is imported from, at least one; no other range overlaps it.
  bool is_exact(const Gateways& gateways, const config::IpPrefix& range) const {
    return !leads_here(range) && !interleaves_with_static(*gateways.front(), range) &&
           surroundings_agree(gateways, range);
  }

 private:
  // What a gateway leads to this VPC may not be imported (V4), and reaches main by F4, where no
  // route and a route back to a gateway are different verdicts.
  bool leads_here(const config::IpPrefix& range) const {
    return std::ranges::any_of(vpc_.prefixes_behind,
                               [&](const auto& prefix) { return prefix.overlaps(range); });
  }

  // A static route inside the range prevails over what contains it and yields to what it contains.
  // What other gateways have more than the first one is spelled out.
  bool interleaves_with_static(const GatewayRoutes& gateway, const config::IpPrefix& range) const {
    return std::ranges::any_of(table_.own, [&](const Route& r) {
      return is_valid_static(r) && range.contains(r.prefix) &&
             has_valid_route_inside(gateway, r.prefix);
    });
  }

  // What no imported route covers falls to the static route around the range, or to nothing; the
  // gateways must give it the same fate.
  bool surroundings_agree(const Gateways& gateways, const config::IpPrefix& range) const {
    const Route* around = nullptr;  // the longest: own routes are sorted
    for (const Route& route : table_.own) {
      if (is_valid_static(route) && route.prefix != range && route.prefix.contains(range)) {
        around = &route;
      }
    }
    if (around != nullptr) {
      return std::ranges::equal(around->next_hops, gateways, {}, {}, [](const auto* gateway) {
        return NextHop{ToGateway{gateway->name}};
      });
    }
    return std::ranges::none_of(gateways, [&](const GatewayRoutes* gateway) {
      return has_valid_route_around(*gateway, range);
    });
  }

  const VpcRoutes& vpc_;
  const TableRoutes& table_;
};

// The outermost prefixes inside a range that not all of the gateways have; nothing when these are
// too many, or the range itself.
std::optional<std::vector<config::IpPrefix>> differing_inside(const Rib& rib,
                                                              const Gateways& gateways,
                                                              const config::IpPrefix& range) {
  constexpr std::size_t most = DifferenceLimits{}.listed;
  std::vector<config::IpPrefix> prefixes;
  for (std::size_t i = 1; i < gateways.size(); ++i) {
    const auto* difference = rib.find_difference(*gateways.front(), *gateways[i], range);
    if (difference == nullptr || !difference->is_complete) return std::nullopt;
    const auto& more = difference->prefixes;
    prefixes.insert(prefixes.end(), more.begin(), more.end());
    if (prefixes.size() <= most) continue;
    keep_outermost(prefixes);
    if (prefixes.size() > most) return std::nullopt;
  }
  keep_outermost(prefixes);
  if (!prefixes.empty() && prefixes.front() == range) return std::nullopt;
  return prefixes;
}

PlanEntry entry_of(const config::IpPrefix& range, const Gateways& gateways) {
  PlanEntry entry{range, {}};
  for (const GatewayRoutes* gateway : gateways) {
    if (entry.targets.size() == max_group) break;
    entry.targets.emplace_back(ContinueInGateway{gateway->name});
  }
  return entry;
}

PlanEntry entry_of(const Route& import) {
  PlanEntry entry{import.prefix, {}};
  for (const NextHop& hop : import.next_hops) {
    entry.targets.emplace_back(ContinueInGateway{std::get<ToGateway>(hop).gateway});
  }
  return entry;
}

// A range that one or several gateways share: the range itself, and what it does not stand for.
void plan_shared(const Rib& rib, const RangeCheck& check, const VpcRoutes& vpc,
                 const Gateways& gateways, const config::IpPrefix& range,
                 std::vector<PlanEntry>& entries, std::vector<ImportCandidate>& candidates) {
  std::optional<std::vector<config::IpPrefix>> spelled_out;
  if (check.is_exact(gateways, range)) spelled_out = differing_inside(rib, gateways, range);
  if (spelled_out) {
    entries.push_back(entry_of(range, gateways));
  } else {
    spelled_out = {range};
  }
  for (const GatewayRoutes* gateway : gateways) {
    for (const config::IpPrefix& prefix : *spelled_out) {
      append_candidates(*gateway, prefix, vpc, candidates);
    }
  }
}

}  // namespace

std::vector<PlanEntry> plan_imports(const Rib& rib, const VpcRoutes& vpc,
                                    const TableRoutes& table) {
  const std::vector<GatewayImport> imports = imports_of(rib, table);
  const RangeCheck check(vpc, table);
  std::vector<PlanEntry> entries;
  std::vector<ImportCandidate> candidates;
  for (const GatewayImport& import : imports) {
    for (const config::IpPrefix& range : import.ranges) {
      if (check.is_local(range)) continue;
      const Gateways gateways = gateways_sharing(imports, range);
      if (gateways.empty()) {
        append_candidates(*import.gateway, range, vpc, candidates);
      } else if (import.gateway == gateways.front()) {
        plan_shared(rib, check, vpc, gateways, range, entries, candidates);
      }
    }
  }
  for (const Route& route : decide_imports(table, std::move(candidates))) {
    if (route.status == Status::valid) entries.push_back(entry_of(route));
  }
  return entries;
}

}  // namespace bgw::control
