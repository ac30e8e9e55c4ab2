#include <array>

#include "config/paths.h"
#include "config/sections.h"

namespace bgw::config {
namespace {

Subnet read_subnet(Reader& reader, const Place& place) {
  MapReader map(reader, place, "subnet", {"name", "cidr", "route_table"});
  Subnet subnet;
  map.required("name", subnet.name, read_text);
  map.required("cidr", subnet.cidr, read_prefix);
  map.optional("route_table", subnet.route_table, read_text);
  return subnet;
}

VlanBinding read_vlan(Reader& reader, const Place& place) {
  MapReader map(reader, place, "vlan", {"port", "id", "outer"});
  VlanBinding vlan;
  map.required("port", vlan.port, read_text);
  map.required("id", vlan.id, number_in<std::uint16_t>(vlan_range));
  map.optional("outer", vlan.outer, number_in<std::uint16_t>(vlan_range));
  return vlan;
}

DscpModel read_dscp_model(Reader& reader, const Place& place) {
  constexpr std::array<std::string_view, 2> choices{"pipe", "uniform"};
  return read_choice(reader, place, choices) == 0 ? DscpModel::pipe : DscpModel::uniform;
}

VxlanBinding read_vxlan(Reader& reader, const Place& place) {
  MapReader map(reader, place, "vxlan", {"vni", "underlay", "remotes", "dscp"});
  VxlanBinding vxlan;
  map.required("vni", vxlan.vni, number_in<std::uint32_t>(vni_range));
  map.required("underlay", vxlan.underlay, read_text);
  map.optional("remotes", vxlan.remotes, list_of(read_address));
  map.optional("dscp", vxlan.dscp, read_dscp_model);
  return vxlan;
}

SourceCheck read_source_check(Reader& reader, const Place& place) {
  constexpr std::array<std::string_view, 2> choices{"strict", "off"};
  return read_choice(reader, place, choices) == 0 ? SourceCheck::strict : SourceCheck::off;
}

Interface read_interface(Reader& reader, const Place& place) {
  MapReader map(reader, place, "interface",
                {"port", "vlan", "vxlan", "addresses", "router", "mtu", "enabled", "source_check",
                 "autoconfiguration"});
  Interface interface;
  constexpr std::array<std::string_view, 3> bindings{"port", "vlan", "vxlan"};
  const auto binding = map.one_of(bindings);
  if (binding == "port") interface.binding = PortBinding{read_text(reader, map.place_of("port"))};
  if (binding == "vlan") interface.binding = read_vlan(reader, map.place_of("vlan"));
  if (binding == "vxlan") interface.binding = read_vxlan(reader, map.place_of("vxlan"));
  map.required("addresses", interface.addresses, list_of(read_interface_address));
  map.optional("router", interface.router, read_address);
  map.optional("mtu", interface.mtu, number_in<std::uint16_t>(mtu_range));
  map.optional("enabled", interface.enabled, read_bool);
  map.optional("source_check", interface.source_check, read_source_check);
  map.optional("autoconfiguration", interface.autoconfiguration, read_bool);
  return interface;
}

Propagation read_propagation(Reader& reader, const Place& place) {
  MapReader map(reader, place, "propagation", {"gateway", "ranges"});
  Propagation propagation;
  map.required("gateway", propagation.gateway, read_text);
  map.required("ranges", propagation.ranges, list_of(read_prefix));
  return propagation;
}

RouteTable read_route_table(Reader& reader, const Place& place) {
  MapReader map(reader, place, "route table", {"name", "static", "propagations"});
  RouteTable table;
  map.required("name", table.name, read_text);
  map.optional("static", table.static_routes, list_of(read_vpc_static));
  map.optional("propagations", table.propagations, list_of(read_propagation));
  return table;
}

// 'main' always exists: it comes first when it isn't written.
std::vector<RouteTable> read_route_tables(Reader& reader, const Place& place) {
  if (has_named_item(*place.node, "main")) return read_list(reader, place, read_route_table);
  auto tables = read_list(reader, place, read_route_table, 1);
  tables.insert(tables.begin(), RouteTable{"main", {}, {}});
  return tables;
}

}  // namespace

Vpc read_vpc(Reader& reader, const Place& place, const std::string& host_region) {
  MapReader map(reader, place, "vpc",
                {"name", "account", "region", "cidrs", "subnets", "interface", "route_tables"});
  Vpc vpc;
  vpc.region = host_region;
  vpc.route_tables = {RouteTable{"main", {}, {}}};
  map.required("name", vpc.name, read_text);
  map.optional("account", vpc.account, read_text);
  map.optional("region", vpc.region, read_text);
  map.required("cidrs", vpc.cidrs, list_of(read_prefix));
  map.optional("subnets", vpc.subnets, list_of(read_subnet));
  map.optional("interface", vpc.interface, read_interface);
  map.optional("route_tables", vpc.route_tables, read_route_tables);
  return vpc;
}

}  // namespace bgw::config
