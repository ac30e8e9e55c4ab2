#include "control/api/json.h"

#include <algorithm>

#include <fmt/format.h>

#include "control/routes/rib_json.h"

namespace bgw::control {
namespace {

using Json = nlohmann::ordered_json;

template <typename Range>
Json texts(const Range& values) {
  Json list = Json::array();
  for (const auto& value : values) list.push_back(value.to_string());
  return list;
}

Json address_texts(const std::vector<config::InterfaceAddress>& addresses) {
  Json list = Json::array();
  for (const auto& address : addresses) {
    list.push_back(fmt::format("{}/{}", address.address.to_string(), address.length));
  }
  return list;
}

Json to_json(const config::GatewayStaticRoute& route) {
  Json json{{"to", route.to.to_string()}};
  if (route.blackhole()) {
    json["blackhole"] = true;
    return json;
  }
  Json via = Json::array();
  for (const auto& member : route.via) via.push_back({{"attachment", member.attachment}});
  json["via"] = via.size() == 1 ? via.front() : via;
  return json;
}

Json to_json(const config::Quotas& quotas) {
  Json json = Json::object();
  if (quotas.attachments) json["attachments"] = *quotas.attachments;
  if (quotas.static_routes) json["static_routes"] = *quotas.static_routes;
  if (quotas.dynamic_routes) json["dynamic_routes"] = *quotas.dynamic_routes;
  return json;
}

Json to_json(const config::Advertise& advertise) {
  if (std::holds_alternative<config::AdvertiseAll>(advertise)) return "all";
  const auto& subnets = std::get<std::vector<std::string>>(advertise);
  if (subnets.empty()) return "none";
  return subnets;
}

struct BindingJson {
  Json operator()(const config::PortBinding& binding) const { return {{"port", binding.port}}; }
  Json operator()(const config::VlanBinding& binding) const {
    Json vlan{{"port", binding.port}, {"id", binding.id}};
    if (binding.outer) vlan["outer"] = *binding.outer;
    return {{"vlan", vlan}};
  }
  Json operator()(const config::VxlanBinding& binding) const {
    return {{"vxlan",
             {{"vni", binding.vni},
              {"underlay", binding.underlay},
              {"remotes", texts(binding.remotes)}}}};
  }
};

}  // namespace

Json interface_json(const config::Interface& interface) {
  Json json = std::visit(BindingJson{}, interface.binding);
  json["addresses"] = address_texts(interface.addresses);
  if (interface.router) json["router"] = interface.router->to_string();
  json["mtu"] = interface.mtu;
  json["enabled"] = interface.enabled;
  json["source_check"] = interface.source_check == config::SourceCheck::strict ? "strict" : "off";
  return json;
}

namespace {

Json to_json(const config::Vpc& vpc) {
  Json json{{"name", vpc.name},
            {"account", vpc.account},
            {"region", vpc.region},
            {"cidrs", texts(vpc.cidrs)},
            {"subnets", Json::array()},
            {"interface", nullptr},
            {"route_tables", Json::array()}};
  for (const auto& subnet : vpc.subnets) {
    json["subnets"].push_back({{"name", subnet.name},
                               {"cidr", subnet.cidr.to_string()},
                               {"route_table", subnet.route_table}});
  }
  if (vpc.interface) json["interface"] = interface_json(*vpc.interface);
  for (const auto& table : vpc.route_tables) json["route_tables"].push_back(table.name);
  return json;
}

Json to_json(const config::Error& error) {
  return {{"file", error.file},
          {"line", error.line},
          {"column", error.column},
          {"message", error.message},
          {"text", error.to_string()}};
}

}  // namespace

std::string json_text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json to_json(const Refusal& refusal) {
  Json json{{"error", refusal.message}};
  if (refusal.errors.empty()) return json;
  json["errors"] = Json::array();
  for (const auto& error : refusal.errors) json["errors"].push_back(to_json(error));
  return json;
}

Json to_json(const Changes& changes) {
  Json json{{"objects", Json::array()},
            {"created", changes.routes.created},
            {"deleted", changes.routes.deleted},
            {"tables", Json::array()},
            {"not_compared", changes.routes.not_compared}};
  for (const auto& object : changes.objects) {
    json["objects"].push_back({{"kind", object.kind},
                               {"name", object.name},
                               {"change", to_string(object.change)},
                               {"keys", object.keys}});
  }
  for (const auto& table : changes.routes.tables) {
    json["tables"].push_back({{"table", table.table},
                              {"removed", to_json(std::span<const Route>(table.removed))},
                              {"added", to_json(std::span<const Route>(table.added))}});
  }
  return json;
}

Json to_json(const Running& running, const config::Gateway& gateway) {
  Json json{{"name", gateway.name},
            {"account", gateway.account},
            {"region", gateway.region},
            {"asn", gateway.asn},
            {"overlap",
             gateway.overlap == config::OverlapMode::first_wins ? "first-wins" : "longest-match"},
            {"quotas", to_json(gateway.quotas)},
            {"static", Json::array()},
            {"attachments", Json::array()}};
  for (const auto& route : gateway.static_routes) json["static"].push_back(to_json(route));
  for (const auto& attachment : running.model.attachments()) {
    if (attachment.gateway == gateway.name) json["attachments"].push_back(attachment.name);
  }
  const auto& routes = running.rib().find_gateway(gateway.name)->routes;
  json["routes"] = routes.size();
  json["valid_routes"] = std::ranges::count(routes, Status::valid, &Route::status);
  return json;
}

Json to_json(const Running&, const config::Attachment& attachment) {
  return {{"name", attachment.name},
          {"gateway", attachment.gateway},
          {"vpc", attachment.vpc},
          {"advertise", to_json(attachment.advertise)}};
}

Json to_json(const Running& running, const config::Vpc& vpc) {
  auto json = to_json(vpc);
  json["attachments"] = running.rib().find_vpc(vpc.name)->own_attachments;
  return json;
}

Json propagations_json(const config::Vpc& vpc) {
  Json list = Json::array();
  for (const auto& table : vpc.route_tables) {
    for (const auto& propagation : table.propagations) {
      list.push_back({{"name", fmt::format("{}/{}/{}", vpc.name, table.name, propagation.gateway)},
                      {"vpc", vpc.name},
                      {"route_table", table.name},
                      {"gateway", propagation.gateway},
                      {"ranges", texts(propagation.ranges)}});
    }
  }
  return list;
}

Json to_json(const WalkOutcome& outcome) {
  static constexpr const char* names[] = {"deliver", "self", "drop"};
  Json json{{"verdict", names[static_cast<std::size_t>(outcome.verdict)]}};
  if (outcome.verdict == Verdict::drop) {
    json["drop_reason"] = outcome.drop_reason;
  } else {
    json["vpc"] = outcome.vpc;
  }
  if (outcome.verdict == Verdict::deliver) json["neighbour"] = outcome.neighbour.to_string();
  json["steps"] = Json::array();
  for (const auto& step : outcome.steps) {
    json["steps"].push_back({{"rule", step.rule}, {"table", step.table}, {"detail", step.detail}});
  }
  return json;
}

}  // namespace bgw::control
