#include "control/routes/object_warnings.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "config/device.h"
#include "control/routes/availability.h"
#include "control/routes/vpc_tables.h"

namespace bgw::control {
namespace {

using Warnings = std::vector<std::string>;

// A /32 or /128 has room for nobody beside the gateway; a /31 or /127 has for one (RFC 3021, 6164).
bool has_hosts(const config::InterfaceAddress& own) {
  return own.length < config::address_bits(own.address.family);
}

// A router, and what static routes lead to, are on link too.
bool any_has_hosts(const std::vector<config::InterfaceAddress>& addresses, config::Family family) {
  return std::ranges::any_of(
      addresses, [&](const auto& own) { return own.address.family == family && has_hosts(own); });
}

// `where` has them, and `others` are on its link.
void warn_of_lone_addresses(const std::string& where, std::string_view others,
                            const std::vector<config::InterfaceAddress>& addresses,
                            Warnings& warnings) {
  for (const auto& own : addresses) {
    if (any_has_hosts(addresses, own.address.family)) continue;
    warnings.push_back(fmt::format(
        "{0}: address {1}/{2} is alone on its link, and no other address has {3} on its own: "
        "nobody is reached or answered there over {4}; write the length of the prefix that {3} are "
        "in (such as {1}/{5}), or add an address on the link of a router to them",
        where, own.address.to_string(), own.length, others, own.address.is_v4() ? "IPv4" : "IPv6",
        own.address.is_v4() ? 24 : 64));
  }
}

// Is the subnet on a link of the interface, or named with the address that is alone in it?
bool is_on_link(const config::Interface& interface, const config::IpPrefix& subnet) {
  const bool has_links = any_has_hosts(interface.addresses, subnet.family());
  return std::ranges::any_of(interface.addresses, [&](const auto& own) {
    const auto link = own.on_link();
    return link.overlaps(subnet) && (has_hosts(own) || link == subnet || !has_links);
  });
}

void warn_of_interface(const config::Vpc& vpc, const config::Interface& interface,
                       Warnings& warnings) {
  const auto* vxlan = std::get_if<config::VxlanBinding>(&interface.binding);
  if (vxlan != nullptr && vxlan->remotes.empty()) {
    warnings.push_back(
        fmt::format("vpc {}: its VNI has no remotes, so it reaches no host; list the VTEPs of the "
                    "segment as remotes",
                    vpc.name));
  }
  warn_of_lone_addresses(fmt::format("vpc {}", vpc.name), "hosts", interface.addresses, warnings);
  for (const auto& subnet : vpc.subnets) {
    const bool by_router = interface.router && interface.router->family == subnet.cidr.family();
    if (by_router || is_on_link(interface, subnet.cidr)) continue;
    warnings.push_back(fmt::format(
        "vpc {}: subnet {} ({}) is on no link of the interface, which has no router of its family: "
        "packets to it are dropped (no_route); give the interface an address there, or a router",
        vpc.name, subnet.name, subnet.cidr.to_string()));
  }
}

void warn_of_table(const config::Vpc& vpc, const config::RouteTable& table, Warnings& warnings) {
  for (const auto& route : table.static_routes) {
    const auto* cidr = cidr_around(vpc, route.to);
    if (cidr == nullptr) continue;
    warnings.push_back(fmt::format(
        "vpc {}, route table {}: static {} never forwards: it is shadowed by the VPC's own {}, "
        "which comes first; remove it",
        vpc.name, table.name, route.to.to_string(), cidr->to_string()));
  }
  for (const auto& propagation : table.propagations) {
    for (const auto& range : propagation.ranges) {
      const auto* cidr = cidr_around(vpc, range);
      if (cidr == nullptr) continue;
      warnings.push_back(fmt::format(
          "vpc {}, route table {}: range {} of gateway {} imports nothing that forwards: it is "
          "shadowed by the VPC's own {}; ranges are what others have",
          vpc.name, table.name, range.to_string(), propagation.gateway, cidr->to_string()));
    }
  }
  const bool is_used =
      std::ranges::find(vpc.subnets, table.name, &config::Subnet::route_table) != vpc.subnets.end();
  // main also has what belongs to no subnet.
  if (is_used || table.name == "main") return;
  warnings.push_back(
      fmt::format("vpc {}: no subnet uses route table {}; name it as the route_table of one",
                  vpc.name, table.name));
}

// Whether packets that a gateway hands to the VPC for a destination outside of it go on.
bool leads_on(const config::Vpc& vpc, const config::IpPrefix& to) {
  if (std::ranges::any_of(vpc.cidrs, [&](const auto& cidr) { return cidr.overlaps(to); }))
    return true;
  const auto* main = config::find_named(vpc.route_tables, "main");
  return main != nullptr &&
         std::ranges::any_of(main->static_routes, [&](const config::VpcStaticRoute& route) {
           return route.to.overlaps(to) &&
                  (route.blackhole() || std::ranges::any_of(route.via, [](const auto& hop) {
                     return std::holds_alternative<config::ViaAddress>(hop);
                   }));
         });
}

}  // namespace

void warn_of_port(const config::Port& port, Warnings& warnings) {
  const auto device = config::read_device(port.device, 0);
  if (!device) return;
  for (const auto& argument : device->arguments) {
    // Devices of the kernel (/dev/vhost-net) are there already.
    if (argument.use != config::ArgumentUse::writes || argument.value.starts_with("/dev/"))
      continue;
    warnings.push_back(
        fmt::format("port {}: its device writes {}, with the rights of bgwd ({}=); is that meant?",
                    port.name, argument.value, argument.key));
  }
}

void warn_of_vpc(const config::Vpc& vpc, Warnings& warnings) {
  if (vpc.interface) warn_of_interface(vpc, *vpc.interface, warnings);
  for (const auto& table : vpc.route_tables) warn_of_table(vpc, table, warnings);
}

void warn_of_underlay(const config::Underlay& underlay, Warnings& warnings) {
  warn_of_lone_addresses(fmt::format("underlay {}", underlay.name), "VTEPs", underlay.addresses,
                         warnings);
}

namespace {

bool leads_by(const config::GatewayStaticRoute& route, const config::OutsideInterface& interface) {
  return std::ranges::any_of(route.via, [&](const auto& hop) {
    const auto* via = std::get_if<config::ViaAddress>(&hop);
    return via != nullptr && control::is_on_link(interface.addresses, via->address);
  });
}

void warn_of_outside(const config::Gateway& gateway, const config::OutsideInterface& interface,
                     Warnings& warnings) {
  const auto where = fmt::format("gateway {}, interface {}", gateway.name, interface.name);
  warn_of_lone_addresses(where, "routers", interface.addresses, warnings);
  const bool is_used = std::ranges::any_of(
      gateway.static_routes, [&](const auto& route) { return leads_by(route, interface); });
  // Of those that have none there is a warning already.
  if (is_used || std::ranges::none_of(interface.addresses, has_hosts)) return;
  warnings.push_back(fmt::format(
      "{}: no static route leads outside by it, so nothing is sent there and no reply leaves; add "
      "{{to: …, via: {{address: …}}}} with the address of a router on its link",
      where));
}

}  // namespace

void warn_of_gateway(const config::ValidModel& model, const config::Gateway& gateway,
                     Warnings& warnings) {
  for (const auto& interface : gateway.interfaces) warn_of_outside(gateway, interface, warnings);
  for (const auto& route : gateway.static_routes) {
    for (const auto& hop : route.via) {
      const auto* via = std::get_if<config::ViaAttachment>(&hop);
      if (via == nullptr) continue;
      const auto& vpc = *model.vpcs().find(model.attachments().find(via->attachment)->vpc);
      if (leads_on(vpc, route.to)) continue;
      warnings.push_back(fmt::format(
          "gateway {}: static {} via {} ends in vpc {}, whose table main has no route for it with "
          "an address: packets are dropped there; add {{to: {}, via: {{address: …}}}} to that "
          "table",
          gateway.name, route.to.to_string(), via->attachment, vpc.name, route.to.to_string()));
    }
  }
}

}  // namespace bgw::control
