#include "control/routes/compute_routes.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include "control/routes/arrivals.h"
#include "control/routes/gateway_difference.h"
#include "control/routes/gateway_table.h"

namespace bgw::control {
namespace {

// The model's references, resolved once.
struct References {
  std::unordered_map<std::string_view, const config::Vpc*> vpcs;
  std::unordered_map<std::string_view, const config::Attachment*> attachments;
  std::unordered_map<std::string_view, std::vector<AttachedVpc>> attached_to;     // by gateway
  std::unordered_map<std::string_view, std::vector<std::string>> attachments_of;  // by VPC

  explicit References(const config::ValidModel& model) {
    for (const config::Vpc& vpc : model.vpcs()) vpcs.emplace(vpc.name, &vpc);
    for (const config::Attachment& attachment : model.attachments()) {
      attachments.emplace(attachment.name, &attachment);
      attached_to[attachment.gateway].push_back({&attachment, vpcs.at(attachment.vpc)});
      attachments_of[attachment.vpc].push_back(attachment.name);
    }
  }
};

const config::IpPrefix* cidr_around(const config::Vpc& vpc, const config::IpPrefix& prefix) {
  const auto it = std::ranges::find_if(
      vpc.cidrs, [&](const config::IpPrefix& cidr) { return cidr.contains(prefix); });
  return it == vpc.cidrs.end() ? nullptr : &*it;
}

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

// Fills VpcRoutes::prefixes_behind from the gateways' valid routes.
void index_prefixes_behind(const References& references, Rib& rib) {
  std::unordered_map<std::string_view, std::vector<config::IpPrefix>> behind;  // by VPC
  for (const GatewayRoutes& gateway : rib.gateways) {
    for (const Route& route : gateway.routes) {
      if (route.status != Status::valid) continue;
      for (const NextHop& hop : route.next_hops) {
        const auto* to = std::get_if<ToAttachment>(&hop);
        if (to == nullptr) continue;
        const config::Vpc& vpc =
            *references.vpcs.at(references.attachments.at(to->attachment)->vpc);
        if (cidr_around(vpc, route.prefix) == nullptr) behind[vpc.name].push_back(route.prefix);
      }
    }
  }
  for (VpcRoutes& vpc : rib.vpcs) {
    const auto found = behind.find(vpc.name);
    if (found == behind.end()) continue;
    vpc.prefixes_behind = std::move(found->second);
    std::ranges::sort(vpc.prefixes_behind);
    auto& prefixes = vpc.prefixes_behind;
    prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());
  }
}

}  // namespace

Computed compute_routes(const config::ValidModel& model, const History& previous) {
  References references(model);
  std::unordered_map<std::string_view, const GatewayHistory*> histories;
  for (const GatewayHistory& history : previous.gateways) {
    histories.emplace(history.gateway, &history);
  }

  Computed result;
  for (const config::Gateway& gateway : model.gateways()) {
    const auto history = histories.find(gateway.name);
    const auto arrivals = history == histories.end() ? std::span<const Arrival>{}
                                                     : std::span(history->second->arrivals);
    GatewayTable table = compute_gateway(gateway, references.attached_to[gateway.name], arrivals);
    result.rib.gateways.push_back(std::move(table.routes));
    result.history.gateways.push_back(std::move(table.history));
  }
  for (const config::Vpc& vpc : model.vpcs()) {
    VpcRoutes routes{vpc.name, references.attachments_of[vpc.name], {}, {}};
    for (const config::RouteTable& table : vpc.route_tables) {
      routes.tables.push_back(compute_table(vpc, table));
    }
    result.rib.vpcs.push_back(std::move(routes));
  }
  index_prefixes_behind(references, result.rib);
  result.rib.differences = differences_of(result.rib);
  return result;
}

}  // namespace bgw::control
