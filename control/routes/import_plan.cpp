#include "control/routes/import_plan.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "control/routes/gateway_difference.h"
#include "control/routes/imports.h"
#include "control/routes/plan_reads.h"
#include "control/routes/preference.h"
#include "control/routes/prefix_search.h"

namespace bgw::control {
namespace {

using Gateways = std::vector<const GatewayRoutes*>;

bool has_valid_route_inside(const GatewayRoutes& gateway, const config::IpPrefix& prefix) {
  return std::ranges::any_of(gateway.routes.inside(prefix), [&](const Route& route) {
    return route.status == Status::valid && route.prefix != prefix;
  });
}

bool has_valid_route_around(const GatewayRoutes& gateway, const config::IpPrefix& prefix) {
  return prefix.length > 0 &&
         longest_valid_around(gateway.routes, prefix, prefix.length - 1U) != nullptr;
}

bool is_valid_static(const Route& route) {
  return route.origin == Origin::static_route && route.status == Status::valid;
}

// Notes what is looked at.
class Looks {
 public:
  explicit Looks(PlanReads* reads) : reads_(reads) {}
  void inside(const GatewayRoutes& gateway, const config::IpPrefix& prefix) {
    note(gateway, PlanRead::Where::inside, prefix);
  }
  void around(const GatewayRoutes& gateway, const config::IpPrefix& prefix) {
    note(gateway, PlanRead::Where::around, prefix);
  }
  void difference(const GatewayRoutes& a, const GatewayRoutes& b, const config::IpPrefix& range) {
    if (reads_ == nullptr) return;
    reads_->differences.push_back({std::min(a.name, b.name), std::max(a.name, b.name), range});
  }

 private:
  void note(const GatewayRoutes& gateway, PlanRead::Where where, const config::IpPrefix& prefix) {
    if (reads_ != nullptr) reads_->routes.push_back({gateway.name, where, prefix});
  }

  PlanReads* reads_;
};

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
  RangeCheck(const VpcRoutes& vpc, const TableRoutes& table, Looks& looks)
      : vpc_(vpc), table_(table), looks_(looks) {}

  // Inside a local CIDR every import is shadowed.
  bool is_local(const config::IpPrefix& range) const {
    return std::ranges::any_of(table_.own, [&](const Route& r) {
      return r.origin == Origin::local && r.prefix.contains(range);
    });
  }

  // `gateways`: all that the range is imported from, at least one; no other range overlaps it.
  bool is_exact(const Gateways& gateways, const config::IpPrefix& range) {
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
  bool interleaves_with_static(const GatewayRoutes& gateway, const config::IpPrefix& range) {
    return std::ranges::any_of(table_.own, [&](const Route& r) {
      if (!is_valid_static(r) || !range.contains(r.prefix)) return false;
      looks_.inside(gateway, r.prefix);
      return has_valid_route_inside(gateway, r.prefix);
    });
  }

  // What no imported route covers falls to the static route around the range, or to nothing; the
  // gateways must give it the same fate.
  bool surroundings_agree(const Gateways& gateways, const config::IpPrefix& range) {
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
      looks_.around(*gateway, range);
      return has_valid_route_around(*gateway, range);
    });
  }

  const VpcRoutes& vpc_;
  const TableRoutes& table_;
  Looks& looks_;
};

// The outermost prefixes inside a range that not all of the gateways have; nothing when these are
// too many, or the range itself.
std::optional<std::vector<config::IpPrefix>> differing_inside(const Rib& rib,
                                                              const Gateways& gateways,
                                                              const config::IpPrefix& range,
                                                              Looks& looks) {
  constexpr std::size_t most = DifferenceLimits{}.listed;
  std::vector<config::IpPrefix> prefixes;
  for (std::size_t i = 1; i < gateways.size(); ++i) {
    looks.difference(*gateways.front(), *gateways[i], range);
    const auto* difference = rib.find_difference(gateways.front()->name, gateways[i]->name, range);
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
void plan_shared(const Rib& rib, RangeCheck& check, const VpcRoutes& vpc, const Gateways& gateways,
                 const config::IpPrefix& range, std::vector<PlanEntry>& entries,
                 std::vector<ImportCandidate>& candidates, Looks& looks) {
  std::optional<std::vector<config::IpPrefix>> spelled_out;
  if (check.is_exact(gateways, range)) spelled_out = differing_inside(rib, gateways, range, looks);
  if (spelled_out) {
    entries.push_back(entry_of(range, gateways));
  } else {
    spelled_out = {range};
  }
  for (const GatewayRoutes* gateway : gateways) {
    for (const config::IpPrefix& prefix : *spelled_out) {
      looks.inside(*gateway, prefix);
      append_candidates(*gateway, prefix, vpc, candidates);
    }
  }
}

}  // namespace

std::vector<PlanEntry> plan_imports(const Rib& rib, const VpcRoutes& vpc, const TableRoutes& table,
                                    PlanReads* reads) {
  const std::vector<GatewayImport> imports = imports_of(rib, table);
  Looks looks(reads);
  RangeCheck check(vpc, table, looks);
  std::vector<PlanEntry> entries;
  std::vector<ImportCandidate> candidates;
  for (const GatewayImport& import : imports) {
    for (const config::IpPrefix& range : import.ranges) {
      if (check.is_local(range)) continue;
      const Gateways gateways = gateways_sharing(imports, range);
      if (gateways.empty()) {
        looks.inside(*import.gateway, range);
        append_candidates(*import.gateway, range, vpc, candidates);
      } else if (import.gateway == gateways.front()) {
        plan_shared(rib, check, vpc, gateways, range, entries, candidates, looks);
      }
    }
  }
  for (const Route& route : decide_imports(table, std::move(candidates))) {
    if (route.status == Status::valid) entries.push_back(entry_of(route));
  }
  return entries;
}

}  // namespace bgw::control
