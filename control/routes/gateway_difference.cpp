#include "control/routes/gateway_difference.h"

#include <algorithm>

#include "control/routes/imports.h"
#include "control/routes/prefix_search.h"

namespace bgw::control {
namespace {

using Routes = RouteList::Range;

RouteList::iterator next_valid(RouteList::iterator from, const Routes& routes) {
  return std::find_if(from, routes.end(), [](const Route& r) { return r.status == Status::valid; });
}

// Listings are sorted by prefix and have at most one valid route for each. False if there are more
// than `most`.
bool list_differences(const Routes& a, const Routes& b, std::size_t most,
                      std::vector<config::IpPrefix>& into) {
  auto in_a = next_valid(a.begin(), a);
  auto in_b = next_valid(b.begin(), b);
  while (in_a != a.end() || in_b != b.end()) {
    const bool only_a = in_b == b.end() || (in_a != a.end() && in_a->prefix < in_b->prefix);
    const bool only_b = in_a == a.end() || (in_b != b.end() && in_b->prefix < in_a->prefix);
    if (only_a || only_b) {
      if (into.size() == most) return false;
      into.push_back(only_a ? in_a->prefix : in_b->prefix);
    }
    if (!only_b) in_a = next_valid(std::next(in_a), a);
    if (!only_a) in_b = next_valid(std::next(in_b), b);
  }
  return true;
}

std::size_t size(const Routes& routes) {
  return static_cast<std::size_t>(routes.end() - routes.begin());
}

}  // namespace

void count_pairs(const Rib& rib, const TableRoutes& table, int times, GatewayPairs& pairs) {
  if (table.imports.size() < 2) return;
  const std::vector<GatewayImport> imports = imports_of(rib, table);
  for (const GatewayImport& import : imports) {
    for (const config::IpPrefix& range : import.ranges) {
      const auto sharing = gateways_sharing(imports, range);
      if (sharing.empty() || sharing.front() != import.gateway) continue;
      for (std::size_t i = 1; i < sharing.size(); ++i) {
        const auto [first, second] = std::minmax(sharing.front()->name, sharing[i]->name);
        const auto pair = pairs.try_emplace({first, second, range}).first;
        pair->second += static_cast<std::size_t>(times);
        if (pair->second == 0) pairs.erase(pair);
      }
    }
  }
}

GatewayPairs pairs_of(const Rib& rib) {
  GatewayPairs pairs;
  for (const VpcRoutes& vpc : rib.vpcs) {
    for (const TableRoutes& table : vpc.tables) count_pairs(rib, table, 1, pairs);
  }
  return pairs;
}

std::vector<GatewayDifference> update_differences(const Rib& before, const Rib& rib,
                                                  const GatewayPairs& pairs, const IsSame& is_same,
                                                  DifferenceLimits limits) {
  std::vector<GatewayDifference> differences;
  differences.reserve(pairs.size());
  for (const auto& [pair, times] : pairs) {
    const Routes a = rib.find_gateway(pair.first)->routes.inside(pair.range);
    const Routes b = rib.find_gateway(pair.second)->routes.inside(pair.range);
    const std::size_t routes = size(a) + size(b);
    const std::size_t most = std::min(limits.listed, limits.listed_in_all);
    auto& into = differences.emplace_back(GatewayDifference{pair.first, pair.second, pair.range});
    const auto* known = before.find_difference(pair.first, pair.second, pair.range);
    into.is_complete = routes <= limits.compared;
    if (into.is_complete && known != nullptr && known->is_complete &&
        known->prefixes.size() <= most && is_same(pair.first, pair.range) &&
        is_same(pair.second, pair.range)) {
      into.prefixes = known->prefixes;
    } else if (into.is_complete) {
      into.is_complete = list_differences(a, b, most, into.prefixes);
    }
    if (!into.is_complete) into.prefixes = {};
    limits.compared -= std::min(routes, limits.compared);
    limits.listed_in_all -= into.prefixes.size();
  }
  return differences;
}

std::vector<GatewayDifference> differences_of(const Rib& rib, DifferenceLimits limits) {
  const auto nothing_is = [](const std::string&, const config::IpPrefix&) { return false; };
  return update_differences({}, rib, pairs_of(rib), nothing_is, limits);
}

}  // namespace bgw::control
