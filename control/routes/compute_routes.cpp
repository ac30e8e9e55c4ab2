#include "control/routes/compute_routes.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "control/routes/arrivals.h"
#include "control/routes/gateway_difference.h"
#include "control/routes/gateway_table.h"
#include "control/routes/vpc_tables.h"

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

// By VPC, what VpcRoutes::prefixes_behind will hold.
using PrefixesBehind = std::unordered_map<std::string_view, std::vector<config::IpPrefix>>;

void note_prefixes_behind(const References& references, const GatewayRoutes& gateway,
                          PrefixesBehind& behind) {
  for (const Route& route : gateway.routes) {
    if (route.status != Status::valid) continue;
    for (const NextHop& hop : route.next_hops) {
      const auto* to = std::get_if<ToAttachment>(&hop);
      if (to == nullptr) continue;
      const config::Vpc& vpc = *references.vpcs.at(references.attachments.at(to->attachment)->vpc);
      if (cidr_around(vpc, route.prefix) == nullptr) behind[vpc.name].push_back(route.prefix);
    }
  }
}

}  // namespace

Computed compute_routes(const config::ValidModel& model, const History& previous) {
  return compute_routes(model, previous, {});
}

Computed compute_routes(const config::ValidModel& model, const History& previous,
                        const config::Objects<GatewayStream>& streams) {
  References references(model);
  std::unordered_map<std::string_view, const GatewayHistory*> histories;
  for (const GatewayHistory& history : previous.gateways) {
    histories.emplace(history.gateway, &history);
  }

  Computed result;
  PrefixesBehind behind;
  std::vector<GatewayRoutes> gateways;
  for (const config::Gateway& gateway : model.gateways()) {
    const auto history = histories.find(gateway.name);
    const auto arrivals = history == histories.end() ? std::span<const Arrival>{}
                                                     : std::span(history->second->arrivals);
    const auto* stream = streams.find(gateway.name);
    GatewayTable table = compute_gateway(gateway, references.attached_to[gateway.name], arrivals,
                                         stream == nullptr ? GatewayStream{} : *stream);
    note_prefixes_behind(references, table.routes, behind);
    gateways.push_back(std::move(table.routes));
    result.history.gateways.push_back(std::move(table.history));
  }
  std::vector<VpcRoutes> vpcs;
  for (const config::Vpc& vpc : model.vpcs()) {
    auto& prefixes = behind[vpc.name];
    std::ranges::sort(prefixes);
    prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());
    vpcs.push_back(
        {vpc.name, references.attachments_of[vpc.name], compute_tables(vpc), std::move(prefixes)});
  }
  result.rib.gateways = config::Objects<GatewayRoutes>(std::move(gateways));
  result.rib.vpcs = config::Objects<VpcRoutes>(std::move(vpcs));
  result.rib.differences = differences_of(result.rib);
  return result;
}

}  // namespace bgw::control
