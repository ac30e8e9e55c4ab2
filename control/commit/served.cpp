#include "control/commit/served.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include "control/fib/vxlan.h"
#include "control/packets/addresses.h"
#include "control/routes/availability.h"

namespace bgw::control {
namespace {

const config::VxlanBinding* vxlan_of(const config::Vpc& vpc) {
  return vpc.interface ? std::get_if<config::VxlanBinding>(&vpc.interface->binding) : nullptr;
}

void put_on_port(SlowPathVpc& served, const ProgrammedPort& port) {
  served.mac = port.mac;
  served.port = port.id;
}

void put_on(SlowPathVpc& served, const Programmed& programmed, const config::PortBinding& binding) {
  put_on_port(served, programmed.ports.at(binding.port));
}

void put_on(SlowPathVpc& served, const Programmed& programmed, const config::VlanBinding& binding) {
  put_on_port(served, programmed.ports.at(binding.port));
  served.vlan = binding.id;
  served.outer_vlan = binding.outer.value_or(0);
}

// Its frames are the underlay's.
void put_on(SlowPathVpc& served, const Programmed& programmed,
            const config::VxlanBinding& binding) {
  std::visit([&](const auto& below) { put_on(served, programmed, below); },
             programmed.model.underlays().find(binding.underlay)->binding);
}

dataplane::TunnelIndex tunnel_to(const Programmed& programmed, const config::VxlanBinding& vxlan,
                                 const config::IpAddress& remote) {
  return *programmed.view.tunnels.find({vxlan.underlay, remote});
}

using Addresses = std::vector<dataplane::MappedAddress>;

template <typename StaticRoute>
void add_addresses(const std::vector<StaticRoute>& routes, Addresses& addresses) {
  for (const auto& route : routes) {
    for (const auto& via : route.via) {
      const auto* hop = std::get_if<config::ViaAddress>(&via);
      if (hop != nullptr) addresses.push_back(to_address(hop->address));
    }
  }
}

Addresses each_once(Addresses addresses) {
  std::ranges::sort(addresses);
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  return addresses;
}

// What packets leave the VPC by other than its hosts' own addresses.
Addresses next_hops(const config::Vpc& vpc) {
  Addresses addresses;
  if (vpc.interface->router) addresses.push_back(to_address(*vpc.interface->router));
  for (const auto& table : vpc.route_tables) add_addresses(table.static_routes, addresses);
  return each_once(std::move(addresses));
}

// Routers outside that the gateway's static routes lead to.
Addresses routers_outside(const config::Gateway& gateway) {
  Addresses addresses;
  add_addresses(gateway.static_routes, addresses);
  return each_once(std::move(addresses));
}

// Those that are on the interface's links.
Addresses next_hops(Addresses addresses, const config::OutsideInterface& interface) {
  std::erase_if(addresses, [&](const auto& address) {
    return !is_on_link(interface.addresses, to_config(address));
  });
  return addresses;
}

// Nothing of a VPC without an interface.
std::optional<SlowPathVpc> served(const Programmed& programmed, const config::Vpc& vpc) {
  if (!vpc.interface) return std::nullopt;
  SlowPathVpc result{*programmed.view.vpcs.find(vpc.name),
                     vpc.name,
                     vpc.interface->enabled,
                     {},
                     vpc.interface->mtu,
                     vpc.interface->addresses};
  result.autoconfiguration = vpc.interface->autoconfiguration;
  result.next_hops = next_hops(vpc);
  if (const auto* vxlan = vxlan_of(vpc)) {
    result.mtu = vxlan_mtu(*vpc.interface, *programmed.model.underlays().find(vxlan->underlay));
    result.vxlan = true;
    result.vni = vxlan->vni;
    for (const auto& remote : vxlan->remotes) {
      result.flood.push_back(tunnel_to(programmed, *vxlan, remote));
    }
  }
  std::visit([&](const auto& binding) { put_on(result, programmed, binding); },
             vpc.interface->binding);
  return result;
}

SlowPathVpc served(const Programmed& programmed, const config::Underlay& underlay) {
  const auto name = underlay_name(underlay.name);
  SlowPathVpc result{
      *programmed.view.vpcs.find(name), name, true, {}, underlay.mtu, underlay.addresses};
  result.underlay = true;
  std::visit([&](const auto& binding) { put_on(result, programmed, binding); }, underlay.binding);
  return result;
}

SlowPathVpc served(const Programmed& programmed, const config::Gateway& gateway,
                   const config::OutsideInterface& interface, const Addresses& routers) {
  const auto name = outside_name(gateway.name, interface.name);
  SlowPathVpc result{*programmed.view.vpcs.find(name),
                     name,
                     interface.enabled,
                     {},
                     interface.mtu,
                     interface.addresses};
  result.outside = true;
  result.next_hops = next_hops(routers, interface);
  std::visit([&](const auto& binding) { put_on(result, programmed, binding); }, interface.binding);
  return result;
}

// Of null none.
std::vector<SlowPathVpc> served(const Programmed& programmed, const config::Gateway* gateway) {
  std::vector<SlowPathVpc> result;
  if (gateway == nullptr || gateway->interfaces.empty()) return result;
  const Addresses routers = routers_outside(*gateway);
  for (const auto& interface : gateway->interfaces) {
    result.push_back(served(programmed, *gateway, interface, routers));
  }
  return result;
}

std::vector<SlowPathTunnel> tunnels_of(const Programmed& programmed) {
  std::map<dataplane::TunnelIndex, SlowPathTunnel> tunnels;
  for (const auto& vpc : programmed.model.vpcs()) {
    const auto* vxlan = vxlan_of(vpc);
    if (vxlan == nullptr) continue;
    const auto& underlay = *programmed.model.underlays().find(vxlan->underlay);
    for (const auto& remote : vxlan->remotes) {
      const auto index = tunnel_to(programmed, *vxlan, remote);
      tunnels.try_emplace(
          index, SlowPathTunnel{index, *programmed.view.vpcs.find(underlay_name(underlay.name)),
                                to_address(underlay_next_hop(underlay, remote)),
                                to_address(local_towards(underlay, remote)), to_address(remote)});
    }
  }
  std::vector<SlowPathTunnel> list;
  for (const auto& [index, tunnel] : tunnels) list.push_back(tunnel);
  return list;
}

bool same_tunnels(const config::VxlanBinding* a, const config::VxlanBinding* b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a->underlay == b->underlay && a->remotes == b->remotes;
}

// Whether all that several VPCs may share is as it was.
bool share_the_same(const Programmed& before, const Programmed& after) {
  bool same = before.ports == after.ports;
  config::for_each_difference(before.model.underlays(), after.model.underlays(),
                              [&](const auto&, const auto&) { same = false; });
  return same;
}

}  // namespace

SlowPathSettings slow_path_settings(const Programmed& programmed) {
  SlowPathSettings settings;
  for (const auto& vpc : programmed.model.vpcs()) {
    if (auto one = served(programmed, vpc)) settings.vpcs.push_back(std::move(*one));
  }
  for (const auto& underlay : programmed.model.underlays()) {
    settings.vpcs.push_back(served(programmed, underlay));
  }
  for (const auto& gateway : programmed.model.gateways()) {
    for (auto& one : served(programmed, &gateway)) settings.vpcs.push_back(std::move(one));
  }
  settings.tunnels = tunnels_of(programmed);
  return settings;
}

SlowPathChange slow_path_change(const Programmed& before, const Programmed& after) {
  if (!share_the_same(before, after)) {
    return change_between(slow_path_settings(before), slow_path_settings(after));
  }
  SlowPathChange change;
  bool tunnels_may_differ = false;
  config::for_each_difference(
      before.model.vpcs(), after.model.vpcs(), [&](const auto& old, const auto& now) {
        const auto was = old ? served(before, *old) : std::nullopt;
        auto is = now ? served(after, *now) : std::nullopt;
        if (was && (!is || is->index != was->index)) change.gone.push_back(was->index);
        tunnels_may_differ |=
            !same_tunnels(old ? vxlan_of(*old) : nullptr, now ? vxlan_of(*now) : nullptr);
        if (is && is != was) change.put.push_back(std::move(*is));
      });
  config::for_each_difference(
      before.model.gateways(), after.model.gateways(), [&](const auto& old, const auto& now) {
        auto interfaces =
            change_between({served(before, old.get()), {}}, {served(after, now.get()), {}});
        std::ranges::move(interfaces.gone, std::back_inserter(change.gone));
        std::ranges::move(interfaces.put, std::back_inserter(change.put));
      });
  if (tunnels_may_differ) {
    auto tunnels = change_between({{}, tunnels_of(before)}, {{}, tunnels_of(after)});
    change.tunnels_gone = std::move(tunnels.tunnels_gone);
    change.tunnels_put = std::move(tunnels.tunnels_put);
  }
  return change;
}

}  // namespace bgw::control
