#include "control/routes/gateway_difference.h"

#include <algorithm>
#include <set>
#include <span>
#include <tuple>

#include "control/routes/imports.h"
#include "control/routes/prefix_search.h"

namespace bgw::control {
namespace {

using Routes = std::span<const Route>;

Routes::iterator next_valid(Routes::iterator from, Routes routes) {
  return std::find_if(from, routes.end(), [](const Route& r) { return r.status == Status::valid; });
}

// Listings are sorted by prefix and have at most one valid route for each. False if there are more
// than `most`.
bool list_differences(Routes a, Routes b, std::size_t most, std::vector<config::IpPrefix>& into) {
  auto in_a = next_valid(a.begin(), a);
  auto in_b = next_valid(b.begin(), b);
  while (in_a != a.end() || in_b != b.end()) {
    const bool only_a = in_b == b.end() || (in_a != a.end() && in_a->prefix < in_b->prefix);
    const bool only_b = in_a == a.end() || (in_b != b.end() && in_b->prefix < in_a->prefix);
    if (only_a || only_b) {
      if (into.size() == most) return false;
      into.push_back(only_a ? in_a->prefix : in_b->prefix);
    }
    if (!only_b) in_a = next_valid(in_a + 1, a);
    if (!only_a) in_b = next_valid(in_b + 1, b);
  }
  return true;
}

void compare(Routes a, Routes b, DifferenceLimits& left, GatewayDifference& into) {
  const std::size_t routes = a.size() + b.size();
  const std::size_t most = std::min(left.listed, left.listed_in_all);
  into.is_complete = routes <= left.compared && list_differences(a, b, most, into.prefixes);
  if (!into.is_complete) into.prefixes = {};
  left.compared -= std::min(routes, left.compared);
  left.listed_in_all -= into.prefixes.size();
}

using Pairs = std::set<std::tuple<std::size_t, std::size_t, config::IpPrefix>>;

void note_pairs(const Rib& rib, const TableRoutes& table, Pairs& pairs) {
  if (table.imports.size() < 2) return;
  const auto index_of = [&](const GatewayRoutes* gateway) {
    return static_cast<std::size_t>(gateway - rib.gateways.data());
  };
  const std::vector<GatewayImport> imports = imports_of(rib, table);
  for (const GatewayImport& import : imports) {
    for (const config::IpPrefix& range : import.ranges) {
      const auto sharing = gateways_sharing(imports, range);
      if (sharing.empty() || sharing.front() != import.gateway) continue;
      for (std::size_t i = 1; i < sharing.size(); ++i) {
        const auto [first, second] = std::minmax({index_of(sharing.front()), index_of(sharing[i])});
        pairs.emplace(first, second, range);
      }
    }
  }
}

}  // namespace

std::vector<GatewayDifference> differences_of(const Rib& rib, DifferenceLimits limits) {
  Pairs pairs;
  for (const VpcRoutes& vpc : rib.vpcs) {
    for (const TableRoutes& table : vpc.tables) note_pairs(rib, table, pairs);
  }
  std::vector<GatewayDifference> differences;
  differences.reserve(pairs.size());
  for (const auto& [first, second, range] : pairs) {
    differences.push_back({first, second, range, {}, true});
    compare(routes_inside(rib.gateways[first].routes, range),
            routes_inside(rib.gateways[second].routes, range), limits, differences.back());
  }
  return differences;
}

}  // namespace bgw::control
