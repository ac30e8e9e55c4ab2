#include "control/gateway_difference.h"

#include <algorithm>
#include <set>
#include <utility>

#include "control/imports.h"

namespace bgw::control {
namespace {

using Routes = std::vector<Route>;

Routes::const_iterator next_valid(Routes::const_iterator from, const Routes& routes) {
  return std::find_if(from, routes.end(), [](const Route& r) { return r.status == Status::valid; });
}

// Listings are sorted by prefix and have at most one valid route for each.
void compare(const Routes& a, const Routes& b, GatewayDifference& into) {
  auto in_a = next_valid(a.begin(), a);
  auto in_b = next_valid(b.begin(), b);
  while (in_a != a.end() || in_b != b.end()) {
    const bool only_a = in_b == b.end() || (in_a != a.end() && in_a->prefix < in_b->prefix);
    const bool only_b = in_a == a.end() || (in_b != b.end() && in_b->prefix < in_a->prefix);
    if (only_a || only_b) {
      if (into.prefixes.size() == differences_listed) {
        into.prefixes.clear();
        into.is_complete = false;
        return;
      }
      into.prefixes.push_back(only_a ? in_a->prefix : in_b->prefix);
    }
    if (!only_b) in_a = next_valid(in_a + 1, a);
    if (!only_a) in_b = next_valid(in_b + 1, b);
  }
}

using Pairs = std::set<std::pair<std::size_t, std::size_t>>;

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
        pairs.emplace(std::minmax({index_of(sharing.front()), index_of(sharing[i])}));
      }
    }
  }
}

}  // namespace

std::vector<GatewayDifference> differences_of(const Rib& rib) {
  Pairs pairs;
  for (const VpcRoutes& vpc : rib.vpcs) {
    for (const TableRoutes& table : vpc.tables) note_pairs(rib, table, pairs);
  }
  std::vector<GatewayDifference> differences;
  for (const auto& [first, second] : pairs) {
    differences.push_back({first, second, {}, true});
    compare(rib.gateways[first].routes, rib.gateways[second].routes, differences.back());
  }
  return differences;
}

}  // namespace bgw::control
