#include "control/routes/fib_plan.h"

#include <algorithm>
#include <map>

#include "control/routes/import_plan.h"

namespace bgw::control {
namespace {

using config::IpAddress;
using config::IpPrefix;

// Entries by prefix. What is put in first stays.
class PlanBuilder {
 public:
  void add(const IpPrefix& prefix, std::vector<PlanTarget> targets) {
    entries_.emplace(prefix, std::move(targets));
  }
  void add_host(const IpAddress& address, PlanTarget target) {
    add(IpPrefix::around(address, address_bits(address.family)), {std::move(target)});
  }
  Plan take() {
    Plan plan;
    plan.reserve(entries_.size());
    for (auto& [prefix, targets] : entries_) plan.push_back({prefix, std::move(targets)});
    return plan;
  }

 private:
  std::map<IpPrefix, std::vector<PlanTarget>> entries_;
};

IpAddress last_address(const IpPrefix& ipv4) {
  const std::uint64_t host_bits = ~std::uint64_t{0} >> 32 >> ipv4.length;
  return IpAddress::v4(static_cast<std::uint32_t>(ipv4.address.v4_host_order() | host_bits));
}

// The addresses of a link that no host can have: IPv4's network and broadcast address (RFC 3021: a
// /31 has none), IPv6's Subnet-Router anycast address (RFC 4291 §2.6.1; RFC 6164: a /127 has none).
std::vector<IpAddress> no_hosts_of(const IpPrefix& on_link) {
  if (address_bits(on_link.family()) - on_link.length < 2) return {};
  if (on_link.family() == config::Family::ipv6) return {on_link.address};
  return {on_link.address, last_address(on_link)};
}

// The gateway's own addresses and, inside a CIDR, the directed broadcasts (RFC 1812 §5.3.5.2; the
// all-zeros form of §5.3.5.1 too).
void add_special_hosts(const std::vector<config::InterfaceAddress>& addresses, const IpPrefix& cidr,
                       PlanBuilder& plan) {
  for (const config::InterfaceAddress& own : addresses) {
    if (cidr.contains(own.address)) plan.add_host(own.address, Self{});
  }
  for (const config::InterfaceAddress& own : addresses) {
    const IpPrefix on_link = own.on_link();
    if (!own.address.is_v4() || !cidr.contains(on_link)) continue;
    for (const IpAddress& address : no_hosts_of(on_link))
      plan.add_host(address, Discard{DiscardReason::directed_broadcast});
  }
}

// As a router it answers to the Subnet-Router anycast addresses of its links (RFC 4291 §2.6.1).
void add_anycast(const std::vector<config::InterfaceAddress>& addresses, const IpPrefix& cidr,
                 PlanBuilder& plan) {
  for (const config::InterfaceAddress& own : addresses) {
    const IpPrefix on_link = own.on_link();
    if (own.address.is_v4() || !cidr.contains(on_link)) continue;
    for (const IpAddress& address : no_hosts_of(on_link)) plan.add_host(address, Self{});
  }
}

using SourceAnswers = std::map<IpPrefix, std::variant<std::string, NobodysSource>>;

// Before all others: what is put in first stays.
void add_nobodys_sources(const std::vector<config::InterfaceAddress>& addresses,
                         SourceAnswers& sources) {
  const auto add = [&](const IpAddress& address, NobodysSource why) {
    sources.emplace(IpPrefix::around(address, address_bits(address.family)), why);
  };
  for (const config::InterfaceAddress& own : addresses)
    add(own.address, NobodysSource::own_address);
  for (const config::InterfaceAddress& own : addresses)
    for (const IpAddress& address : no_hosts_of(own.on_link()))
      add(address, NobodysSource::no_host);
}

void add_any_source(SourceAnswers& sources) {
  sources.emplace(IpPrefix::around(IpAddress::v4(0), 0), "main");
  sources.emplace(IpPrefix::around(IpAddress::v6(0, 0), 0), "main");
}

std::vector<SourceEntry> listed(SourceAnswers sources) {
  std::vector<SourceEntry> result;
  result.reserve(sources.size());
  for (auto& [prefix, answer] : sources) result.push_back({prefix, std::move(answer)});
  return result;
}

// Local delivery (F2, F4) for one CIDR.
void add_local(const config::Vpc& vpc, const IpPrefix& cidr, PlanBuilder& plan) {
  if (vpc.interface) {
    add_special_hosts(vpc.interface->addresses, cidr, plan);
    add_anycast(vpc.interface->addresses, cidr, plan);
    for (const config::InterfaceAddress& own : vpc.interface->addresses) {
      if (cidr.contains(own.on_link())) plan.add(own.on_link(), {OnLink{}});
    }
    const auto& router = vpc.interface->router;
    if (router && router->family == cidr.family()) {
      plan.add(cidr, {Neighbour{*router}});
      return;
    }
  }
  plan.add(cidr, {Discard{DiscardReason::no_route}});
}

struct StaticTarget {
  PlanTarget operator()(const ToGateway& hop) const { return ContinueInGateway{hop.gateway}; }
  PlanTarget operator()(const ToAddress& hop) const { return Neighbour{hop.address}; }
  PlanTarget operator()(const ToBlackhole&) const { return Discard{DiscardReason::blackhole}; }
  // A static route of a VPC has no other next hops.
  PlanTarget operator()(const ToAttachment&) const { return Discard{DiscardReason::no_route}; }
  PlanTarget operator()(const ToOutside&) const { return Discard{DiscardReason::no_route}; }
  PlanTarget operator()(const ToLocal&) const { return Discard{DiscardReason::no_route}; }
};

bool is_valid_static(const Route& route) {
  return route.origin == Origin::static_route && route.status == Status::valid;
}

bool has_address_hop(const Route& route) {
  return std::ranges::any_of(
      route.next_hops, [](const NextHop& hop) { return std::holds_alternative<ToAddress>(hop); });
}

}  // namespace

Plan plan_vpc_table(const config::Vpc& vpc, const Rib& rib, const VpcRoutes& routes,
                    const TableRoutes& table, PlanReads* reads) {
  PlanBuilder plan;
  for (const IpPrefix& cidr : vpc.cidrs) add_local(vpc, cidr, plan);
  for (const Route& route : table.own) {
    if (!is_valid_static(route)) continue;
    std::vector<PlanTarget> targets;
    for (const NextHop& hop : route.next_hops) targets.push_back(std::visit(StaticTarget{}, hop));
    plan.add(route.prefix, std::move(targets));
  }
  for (PlanEntry& entry : plan_imports(rib, routes, table, reads)) {
    plan.add(entry.prefix, std::move(entry.targets));
  }
  return plan.take();
}

PlanEntry plan_gateway_route(const config::ValidModel& model, const std::string& gateway,
                             const Route& route) {
  PlanEntry entry{route.prefix, {}};
  for (const NextHop& hop : route.next_hops) {
    if (const auto* to = std::get_if<ToAttachment>(&hop)) {
      entry.targets.emplace_back(DeliverIntoVpc{model.attachments().find(to->attachment)->vpc});
    } else if (const auto* outside = std::get_if<ToOutside>(&hop)) {
      entry.targets.emplace_back(DeliverOutside{gateway, outside->interface, outside->address});
    } else {
      entry.targets.emplace_back(Discard{DiscardReason::blackhole});
    }
  }
  return entry;
}

Plan plan_gateway_table(const config::ValidModel& model, const GatewayRoutes& gateway) {
  Plan plan;
  for (const Route& route : gateway.routes) {
    if (route.status == Status::valid)
      plan.push_back(plan_gateway_route(model, gateway.name, route));
  }
  return plan;
}

Plan plan_underlay_table(const config::Underlay& underlay) {
  PlanBuilder plan;
  for (const config::InterfaceAddress& own : underlay.addresses) {
    add_special_hosts({own}, own.on_link(), plan);
  }
  for (const config::InterfaceAddress& own : underlay.addresses)
    plan.add(own.on_link(), {OnLink{}});
  if (underlay.router) {
    const IpPrefix everything = IpPrefix::around(*underlay.router, 0);
    plan.add(everything, {Neighbour{*underlay.router}});
  }
  return plan.take();
}

namespace {

// A gateway's interface, whose links lead to `on_link`, and all else to the gateway's table.
Plan plan_outside(const std::string& gateway, const config::OutsideInterface& interface,
                  const PlanTarget& on_link) {
  PlanBuilder plan;
  for (const config::InterfaceAddress& own : interface.addresses) {
    add_special_hosts({own}, own.on_link(), plan);
    add_anycast({own}, own.on_link(), plan);
  }
  for (const config::InterfaceAddress& own : interface.addresses)
    plan.add(own.on_link(), {on_link});
  plan.add(IpPrefix::around(IpAddress::v4(0), 0), {ContinueInGateway{gateway}});
  plan.add(IpPrefix::around(IpAddress::v6(0, 0), 0), {ContinueInGateway{gateway}});
  return plan.take();
}

}  // namespace

Plan plan_outside_received(const std::string& gateway, const config::OutsideInterface& interface) {
  return plan_outside(gateway, interface, Discard{DiscardReason::edge_to_edge});
}

Plan plan_outside_table(const std::string& gateway, const config::OutsideInterface& interface) {
  return plan_outside(gateway, interface, OnLink{});
}

std::vector<SourceEntry> plan_outside_sources(const config::OutsideInterface& interface) {
  SourceAnswers sources;
  add_nobodys_sources(interface.addresses, sources);
  sources.emplace(IpPrefix::around(IpAddress::v4(0), 0), "received");
  sources.emplace(IpPrefix::around(IpAddress::v6(0, 0), 0), "received");
  return listed(std::move(sources));
}

std::vector<SourceEntry> plan_underlay_sources(const config::Underlay& underlay) {
  SourceAnswers sources;
  add_nobodys_sources(underlay.addresses, sources);
  add_any_source(sources);
  return listed(std::move(sources));
}

std::vector<SourceEntry> plan_source_table(const config::Vpc& vpc, const VpcRoutes& routes) {
  SourceAnswers entries;
  if (vpc.interface) add_nobodys_sources(vpc.interface->addresses, entries);
  for (const config::Subnet& subnet : vpc.subnets) entries.emplace(subnet.cidr, subnet.route_table);
  for (const IpPrefix& cidr : vpc.cidrs) entries.emplace(cidr, "main");
  if (vpc.interface && vpc.interface->source_check == config::SourceCheck::off) {
    add_any_source(entries);
  }
  const auto main = std::ranges::find(routes.tables, "main", &TableRoutes::name);
  if (main != routes.tables.end()) {
    for (const Route& route : main->own) {
      if (is_valid_static(route) && has_address_hop(route)) entries.emplace(route.prefix, "main");
    }
  }
  return listed(std::move(entries));
}

}  // namespace bgw::control
