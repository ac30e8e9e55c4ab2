#include "model_builder.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "control/routes/walk.h"

namespace bgw::test {

using Lines = std::vector<std::string>;

config::IpPrefix prefix(std::string_view text) {
  const auto parsed = config::IpPrefix::parse(text);
  if (!parsed) throw std::invalid_argument(parsed.error());
  return *parsed;
}

config::IpAddress address(std::string_view text) {
  const auto parsed = config::IpAddress::parse(text);
  if (!parsed) throw std::invalid_argument(parsed.error());
  return *parsed;
}

config::Vpc vpc(const std::string& name, const Lines& cidrs) {
  config::Vpc result;
  result.name = name;
  for (const std::string& cidr : cidrs) result.cidrs.push_back(prefix(cidr));
  result.route_tables.push_back({"main", {}, {}});

  config::InterfaceAddress own{result.cidrs.front().address, 64};
  if (own.address.is_v4()) {
    own = {config::IpAddress::v4(own.address.v4_host_order() + 1), 24};
  } else {
    ++own.address.lo;
  }
  result.interface.emplace();
  result.interface->binding = config::PortBinding{"p-" + name};
  result.interface->addresses.push_back(own);
  return result;
}

config::Gateway gateway(const std::string& name) {
  config::Gateway result;
  result.name = name;
  return result;
}

config::Attachment attachment(const std::string& name, const std::string& gateway,
                              const std::string& vpc) {
  return {name, gateway, vpc, config::AdvertiseAll{}};
}

void add_subnet(config::Vpc& vpc, const std::string& cidr) {
  vpc.subnets.push_back({fmt::format("s{}", vpc.subnets.size()), prefix(cidr), "main"});
}

config::RouteTable& table(config::Vpc& vpc, const std::string& name) {
  const auto found = std::ranges::find(vpc.route_tables, name, &config::RouteTable::name);
  if (found != vpc.route_tables.end()) return *found;
  vpc.route_tables.push_back({name, {}, {}});
  return vpc.route_tables.back();
}

void import(config::Vpc& vpc, const std::string& gateway, const Lines& ranges) {
  if (ranges.empty()) return;
  auto& propagations = table(vpc).propagations;
  auto into = std::ranges::find(propagations, gateway, &config::Propagation::gateway);
  if (into == propagations.end()) into = propagations.insert(into, {gateway, {}});
  for (const std::string& range : ranges) into->ranges.push_back(prefix(range));
}

config::GatewayStaticRoute to_attachments(const std::string& to, const Lines& attachments) {
  config::GatewayStaticRoute route{prefix(to), {}};
  for (const std::string& name : attachments) route.via.push_back(config::ViaAttachment{name});
  return route;
}

config::OutsideInterface outside(const std::string& name, const Lines& addresses) {
  config::OutsideInterface interface;
  interface.name = name;
  interface.binding = config::PortBinding{"p-" + name};
  for (const std::string& text : addresses) {
    const auto slash = text.find('/');
    interface.addresses.push_back({address(text.substr(0, slash)),
                                   static_cast<std::uint8_t>(std::stoi(text.substr(slash + 1)))});
  }
  return interface;
}

config::GatewayStaticRoute to_outside(const std::string& to, const Lines& routers) {
  config::GatewayStaticRoute route{prefix(to), {}};
  for (const std::string& router : routers)
    route.via.push_back(config::ViaAddress{address(router)});
  return route;
}

config::VpcStaticRoute to_gateway(const std::string& to, const std::string& gateway) {
  return {prefix(to), {config::ViaGateway{gateway}}};
}

config::VpcStaticRoute to_address(const std::string& to, const std::string& text) {
  return {prefix(to), {config::ViaAddress{address(text)}}};
}

config::Vpc& find_vpc(config::Model& model, const std::string& name) {
  return *std::ranges::find(model.vpcs, name, &config::Vpc::name);
}

void remove_attachment(config::Model& model, const std::string& name) {
  std::erase_if(model.attachments, [&](const auto& a) { return a.name == name; });
}

namespace {

// As many VPCs as a host has ports have one each; more share one, by their tags.
constexpr std::size_t most_ports = 32;

void add_port(config::Model& model, const std::string& name) {
  std::string device = "net_null_" + name;
  std::ranges::replace(device, '-', '_');
  model.ports.push_back({name, device});
}

void bind_by_tags(config::Model& model) {
  constexpr std::uint32_t ids = 4094;
  add_port(model, "trunk");
  std::uint32_t number = 0;
  for (config::Vpc& vpc : model.vpcs) {
    const auto id = static_cast<std::uint16_t>(number % ids + 1);
    const auto outer = static_cast<std::uint16_t>(number / ids + 1);
    ++number;
    if (vpc.interface) vpc.interface->binding = config::VlanBinding{"trunk", id, outer};
  }
}

void bind_by_ports(config::Model& model) {
  for (const config::Vpc& vpc : model.vpcs) {
    const auto* binding =
        vpc.interface ? std::get_if<config::PortBinding>(&vpc.interface->binding) : nullptr;
    if (binding == nullptr || config::find_named(model.ports, binding->port) != nullptr) continue;
    add_port(model, binding->port);
  }
}

void add_ports_outside(config::Model& model) {
  for (const config::Gateway& gateway : model.gateways) {
    for (const config::OutsideInterface& interface : gateway.interfaces) {
      if (config::find_named(model.ports, interface.port()) == nullptr) {
        add_port(model, interface.port());
      }
    }
  }
}

}  // namespace

config::ValidModel valid(config::Model model) {
  if (model.region.empty()) model.region = "here";
  for (config::Gateway& gateway : model.gateways) {
    if (gateway.region.empty()) gateway.region = model.region;
  }
  for (config::Vpc& vpc : model.vpcs) {
    if (vpc.region.empty()) vpc.region = model.region;
  }
  if (model.vpcs.size() > most_ports) {
    bind_by_tags(model);
  } else {
    bind_by_ports(model);
  }
  add_ports_outside(model);
  auto checked = config::validate(std::move(model));
  if (checked) return std::move(*checked);
  const auto& problem = checked.error().front();
  throw std::invalid_argument(problem.where + ": " + problem.message);
}

Lines lines(const std::vector<control::Route>& routes) {
  Lines result;
  for (const control::Route& route : routes) {
    Lines hops;
    for (const control::NextHop& hop : route.next_hops) hops.push_back(to_string(hop));
    std::string line = fmt::format("{} {} {} {}", route.prefix.to_string(), to_string(route.origin),
                                   fmt::join(hops, "+"), to_string(route.status));
    if (!route.reason.empty()) line += " (" + route.reason + ")";
    result.push_back(line);
  }
  return result;
}

Lines gateway_lines(const control::Rib& rib, const std::string& gateway) {
  const auto& routes = rib.find_gateway(gateway)->routes;
  return lines({routes.begin(), routes.end()});
}

Lines table_lines(const control::Rib& rib, const std::string& vpc, const std::string& table) {
  const control::VpcRoutes& routes = *rib.find_vpc(vpc);
  const auto found = std::ranges::find(routes.tables, table, &control::TableRoutes::name);
  return lines(list_table(rib, routes, *found));
}

namespace {

Lines lines(const std::vector<control::WalkOutcome>& outcomes) {
  Lines result;
  for (const auto& outcome : outcomes) {
    if (outcome.verdict == control::Verdict::drop) {
      result.push_back("drop " + outcome.drop_reason);
      continue;
    }
    const char* verdict = outcome.verdict == control::Verdict::self ? "self" : "deliver";
    const auto where =
        outcome.is_outside() ? outcome.gateway + "/" + outcome.interface : outcome.vpc;
    result.push_back(fmt::format("{} {} {}", verdict, where, outcome.neighbour.to_string()));
  }
  return result;
}

}  // namespace

Lines walk_lines(const config::Model& model, const control::Rib& rib, const std::string& vpc,
                 const std::string& source, const std::string& destination) {
  return lines(control::walk(valid(model), rib, vpc, address(source), address(destination)));
}

Lines walk_lines_from_outside(const config::Model& model, const control::Rib& rib,
                              const std::string& gateway, const std::string& interface,
                              const std::string& source, const std::string& destination) {
  return lines(control::walk_from_outside(valid(model), rib, gateway, interface, address(source),
                                          address(destination)));
}

Lines walk_lines_of_own(const config::Model& model, const control::Rib& rib,
                        const std::string& gateway, const std::string& interface,
                        const std::string& destination) {
  return lines(
      control::walk_own_outside(valid(model), rib, gateway, interface, address(destination)));
}

}  // namespace bgw::test
