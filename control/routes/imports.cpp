#include "control/routes/imports.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "control/routes/preference.h"
#include "control/routes/prefix_search.h"

namespace bgw::control {
namespace {

// V4: whether the VPC would only get its own packets back.
bool leads_back(const Route& route, const VpcRoutes& vpc) {
  return std::ranges::all_of(route.next_hops, [&](const NextHop& hop) {
    const auto* to = std::get_if<ToAttachment>(&hop);
    return to != nullptr &&
           std::ranges::find(vpc.own_attachments, to->attachment) != vpc.own_attachments.end();
  });
}

bool imported(const Route& route, const VpcRoutes& vpc) {
  return route.status == Status::valid && !leads_back(route, vpc);
}

const Route* local_route_around(const TableRoutes& table, const config::IpPrefix& prefix) {
  const auto it = std::ranges::find_if(table.own, [&](const Route& r) {
    return r.origin == Origin::local && r.prefix.contains(prefix);
  });
  return it == table.own.end() ? nullptr : &*it;
}

// One import per gateway, none of which forwards.
void append_refused(std::span<const ImportCandidate> candidates, Status status,
                    const std::string& reason, std::vector<Route>& routes) {
  for (const ImportCandidate& candidate : candidates) {
    routes.push_back({candidate.prefix,
                      Origin::propagated,
                      {ToGateway{candidate.gateway->name}},
                      status,
                      reason});
  }
}

// V1 and V2 for the candidates of one prefix.
void decide_prefix(const TableRoutes& table, std::span<const ImportCandidate> candidates,
                   std::vector<Route>& routes) {
  const config::IpPrefix& prefix = candidates.front().prefix;
  if (const Route* local = local_route_around(table, prefix)) {
    const auto reason = fmt::format("local {}", local->prefix.to_string());
    append_refused(candidates, Status::shadowed, reason, routes);
    return;
  }
  if (const Route* preferred = valid_route_at(table.own, prefix)) {
    append_refused(candidates, Status::invalid, loses_to(*preferred), routes);
    return;
  }
  const auto members = candidates.first(std::min(candidates.size(), max_group));
  Route group{prefix, Origin::propagated, {}, Status::valid, {}};
  for (const ImportCandidate& member : members) {
    group.next_hops.emplace_back(ToGateway{member.gateway->name});
  }
  append_refused(candidates.subspan(members.size()), Status::invalid, loses_to(group), routes);
  routes.push_back(std::move(group));
}

}  // namespace

std::vector<GatewayImport> imports_of(const Rib& rib, const TableRoutes& table) {
  std::vector<GatewayImport> imports;
  for (const config::Propagation& propagation : table.imports) {
    const GatewayRoutes* gateway = rib.find_gateway(propagation.gateway);
    if (gateway == nullptr) continue;
    auto import = std::ranges::find(imports, gateway, &GatewayImport::gateway);
    if (import == imports.end()) import = imports.insert(import, {gateway, {}});
    import->ranges.insert(import->ranges.end(), propagation.ranges.begin(),
                          propagation.ranges.end());
  }
  for (GatewayImport& import : imports) keep_outermost(import.ranges);
  return imports;
}

std::vector<const GatewayRoutes*> gateways_sharing(const std::vector<GatewayImport>& imports,
                                                   const config::IpPrefix& range) {
  std::vector<const GatewayRoutes*> sharing;
  for (const GatewayImport& import : imports) {
    // Disjoint and sorted: what contains the range precedes it directly, what is inside follows.
    const auto& others = import.ranges;
    const auto next = std::ranges::lower_bound(others, range);
    if (next != others.end() && *next == range) {
      sharing.push_back(import.gateway);
    } else if ((next != others.end() && range.contains(*next)) ||
               (next != others.begin() && std::prev(next)->contains(range))) {
      return {};
    }
  }
  return sharing;
}

void append_candidates(const GatewayRoutes& gateway, const config::IpPrefix& range,
                       const VpcRoutes& vpc, std::vector<ImportCandidate>& candidates) {
  for (const Route& route : gateway.routes.inside(range)) {
    if (imported(route, vpc)) candidates.push_back({route.prefix, &gateway});
  }
}

void append_candidate_at(const GatewayRoutes& gateway, const config::IpPrefix& prefix,
                         const VpcRoutes& vpc, std::vector<ImportCandidate>& candidates) {
  const Route* route = valid_route_at(gateway.routes, prefix);
  if (route != nullptr && imported(*route, vpc)) candidates.push_back({prefix, &gateway});
}

std::vector<Route> decide_imports(const TableRoutes& table,
                                  std::vector<ImportCandidate> candidates) {
  std::ranges::stable_sort(candidates, {}, &ImportCandidate::prefix);
  std::vector<Route> routes;
  for (auto first = candidates.begin(); first != candidates.end();) {
    const auto last = std::find_if(first, candidates.end(), [&](const ImportCandidate& c) {
      return c.prefix != first->prefix;
    });
    decide_prefix(table, {first, last}, routes);
    first = last;
  }
  return routes;
}

std::vector<Route> list_table_around(const Rib& rib, const VpcRoutes& vpc, const TableRoutes& table,
                                     const config::IpAddress& address) {
  const auto host = config::IpPrefix::around(address, address_bits(address.family));
  std::vector<ImportCandidate> candidates;
  for (const GatewayImport& import : imports_of(rib, table)) {
    for (const config::IpPrefix& range : import.ranges) {
      if (!range.contains(address)) continue;
      unsigned length = host.length;
      while (const Route* route = longest_valid_around(import.gateway->routes, host, length)) {
        if (!range.contains(route->prefix)) break;
        append_candidate_at(*import.gateway, route->prefix, vpc, candidates);
        if (route->prefix.length == 0) break;
        length = route->prefix.length - 1U;
      }
    }
  }
  std::vector<Route> routes = decide_imports(table, std::move(candidates));
  std::ranges::copy_if(table.own, std::back_inserter(routes),
                       [&](const Route& route) { return route.prefix.contains(address); });
  std::ranges::sort(routes, listed_before);
  return routes;
}

std::vector<Route> list_table(const Rib& rib, const VpcRoutes& vpc, const TableRoutes& table) {
  std::vector<ImportCandidate> candidates;
  for (const GatewayImport& import : imports_of(rib, table)) {
    for (const config::IpPrefix& range : import.ranges) {
      append_candidates(*import.gateway, range, vpc, candidates);
    }
  }
  std::vector<Route> routes = decide_imports(table, std::move(candidates));
  routes.insert(routes.end(), table.own.begin(), table.own.end());
  std::ranges::sort(routes, listed_before);
  return routes;
}

}  // namespace bgw::control
