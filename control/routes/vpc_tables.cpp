#include "control/routes/vpc_tables.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace bgw::control {
namespace {

struct ToNextHop {
  NextHop operator()(const config::ViaGateway& via) const { return ToGateway{via.gateway}; }
  NextHop operator()(const config::ViaAddress& via) const { return ToAddress{via.address}; }
};

Route static_route(const config::Vpc& vpc, const config::VpcStaticRoute& configured) {
  Route route{configured.to, Origin::static_route, {}, Status::valid, {}};
  for (const auto& via : configured.via) route.next_hops.push_back(std::visit(ToNextHop{}, via));
  if (configured.blackhole()) route.next_hops.emplace_back(ToBlackhole{});
  if (const config::IpPrefix* cidr = cidr_around(vpc, configured.to)) {
    route.status = Status::shadowed;
    route.reason = fmt::format("local {}", cidr->to_string());
  }
  return route;
}

TableRoutes compute_table(const config::Vpc& vpc, const config::RouteTable& table) {
  TableRoutes result{table.name, {}, table.propagations};
  for (const config::IpPrefix& cidr : vpc.cidrs) {
    result.own.push_back({cidr, Origin::local, {ToLocal{vpc.name}}, Status::valid, {}});
  }
  for (const config::VpcStaticRoute& configured : table.static_routes) {
    result.own.push_back(static_route(vpc, configured));
  }
  std::ranges::sort(result.own, listed_before);
  return result;
}

}  // namespace

const config::IpPrefix* cidr_around(const config::Vpc& vpc, const config::IpPrefix& prefix) {
  const auto it = std::ranges::find_if(
      vpc.cidrs, [&](const config::IpPrefix& cidr) { return cidr.contains(prefix); });
  return it == vpc.cidrs.end() ? nullptr : &*it;
}

std::vector<TableRoutes> compute_tables(const config::Vpc& vpc) {
  std::vector<TableRoutes> tables;
  for (const config::RouteTable& table : vpc.route_tables) {
    tables.push_back(compute_table(vpc, table));
  }
  return tables;
}

}  // namespace bgw::control
