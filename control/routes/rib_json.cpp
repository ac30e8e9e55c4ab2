#include "control/routes/rib_json.h"

#include <utility>

namespace bgw::control {
namespace {

using Json = nlohmann::ordered_json;

struct HopJson {
  Json operator()(const ToAttachment& hop) const { return {{"attachment", hop.attachment}}; }
  Json operator()(const ToOutside& hop) const {
    return {{"interface", hop.interface}, {"address", hop.address.to_string()}};
  }
  Json operator()(const ToGateway& hop) const { return {{"gateway", hop.gateway}}; }
  Json operator()(const ToAddress& hop) const { return {{"address", hop.address.to_string()}}; }
  Json operator()(const ToLocal& hop) const { return {{"local", hop.vpc}}; }
  Json operator()(const ToBlackhole&) const { return {{"blackhole", true}}; }
};

Json next_hop_json(const std::vector<NextHop>& hops) {
  if (hops.size() == 1) return std::visit(HopJson{}, hops.front());
  Json group = Json::array();
  for (const NextHop& hop : hops) group.push_back(std::visit(HopJson{}, hop));
  return group;
}

}  // namespace

Json to_json(const Route& route) {
  Json json;
  json["prefix"] = route.prefix.to_string();
  json["origin"] = to_string(route.origin);
  json["next_hop"] = next_hop_json(route.next_hops);
  json["status"] = to_string(route.status);
  json["reason"] = route.reason;
  return json;
}

namespace {

template <typename Routes>
Json routes_json(const Routes& routes) {
  Json json = Json::array();
  for (const Route& route : routes) json.push_back(to_json(route));
  return json;
}

}  // namespace

Json to_json(std::span<const Route> routes) {
  return routes_json(routes);
}

void write_json(const Rib& rib, std::ostream& out) {
  const auto write_list = [&out](const char* key, const auto& list, const auto& to_element) {
    out << '"' << key << "\": [";
    const char* before = "\n";
    for (const auto& element : list) {
      out << std::exchange(before, ",\n") << to_element(element).dump(2);
    }
    out << ']';
  };
  out << "{\n";
  write_list("gateways", rib.gateways, [](const GatewayRoutes& gateway) {
    return Json{{"name", gateway.name}, {"routes", routes_json(gateway.routes)}};
  });
  out << ",\n";
  write_list("vpcs", rib.vpcs, [&rib](const VpcRoutes& vpc) {
    Json tables = Json::array();
    for (const TableRoutes& table : vpc.tables) {
      tables.push_back({{"name", table.name}, {"routes", to_json(list_table(rib, vpc, table))}});
    }
    return Json{{"name", vpc.name}, {"route_tables", std::move(tables)}};
  });
  out << "\n}\n";
}

}  // namespace bgw::control
