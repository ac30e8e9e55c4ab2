// From indices and tables to the snapshot: groups, ports, and what stands behind interfaces.
#include <algorithm>

#include "control/fib/fib_programmer.h"

namespace bgw::control {
namespace {

using dataplane::FibSnapshot;
using dataplane::LinkKind;
using dataplane::TunnelIndex;
using dataplane::VpcFib;
using dataplane::VpcIndex;

dataplane::VlanTags tags_of(const config::VlanBinding& vlan) {
  using dataplane::Be16;
  dataplane::VlanTags tags;
  const auto add = [&](std::uint16_t type, std::uint16_t id) {
    tags.tags[tags.bytes / sizeof(dataplane::VlanTag)] = {.tag_type = Be16::from_host(type),
                                                          .control = Be16::from_host(id)};
    tags.bytes = static_cast<std::uint8_t>(tags.bytes + sizeof(dataplane::VlanTag));
  };
  if (vlan.outer) add(dataplane::ethertype_service_vlan, *vlan.outer);
  add(dataplane::ethertype_vlan, vlan.id);
  return tags;
}

const config::InterfaceAddress* on_link_with(const config::Underlay& underlay,
                                             const config::IpAddress& remote) {
  const auto found = std::ranges::find_if(
      underlay.addresses, [&](const auto& own) { return own.on_link().contains(remote); });
  return found == underlay.addresses.end() ? nullptr : &*found;
}

// The configuration's rules make sure that there is one of the remote's family.
config::IpAddress local_towards(const config::Underlay& underlay, const config::IpAddress& remote) {
  if (const auto* own = on_link_with(underlay, remote)) return own->address;
  const auto found = std::ranges::find_if(
      underlay.addresses, [&](const auto& own) { return own.address.family == remote.family; });
  return found == underlay.addresses.end() ? config::IpAddress{} : found->address;
}

}  // namespace

std::string underlay_name(const std::string& underlay) {
  return underlay + " (underlay)";
}

config::IpAddress underlay_next_hop(const config::Underlay& underlay,
                                    const config::IpAddress& remote) {
  const bool on_link = on_link_with(underlay, remote) != nullptr;
  return on_link || !underlay.router ? remote : *underlay.router;
}

std::uint16_t vxlan_mtu(const config::Interface& interface, const config::Underlay& underlay) {
  const auto& vxlan = std::get<config::VxlanBinding>(interface.binding);
  return std::min(interface.mtu, static_cast<std::uint16_t>(underlay.mtu - vxlan.overhead_bytes()));
}

std::unique_ptr<FibSnapshot> FibProgrammer::assemble(const config::ValidModel& model,
                                                     const ProgrammedPorts& ports,
                                                     std::uint64_t generation) const {
  auto fib = std::make_unique<FibSnapshot>();
  fib->generation = generation;
  fib->lpm_base = arena_.base();
  fib->neighbours = neighbours_;
  fib->fdb = fdb_;
  fib->tables = v4_.descriptors(table_names_.end());
  fib->tables_v6 = v6_.descriptors(table_names_.end());
  assemble_groups(*fib);
  for (const auto& [name, port] : ports) {
    if (fib->ports.size() <= port.id.value) fib->ports.resize(port.id.value + std::size_t{1});
  }
  fib->vpcs.resize(vpcs_.end());
  assemble_underlays(model, ports, *fib);
  for (const auto& vpc : model.vpcs()) assemble_vpc(model, vpc, ports, *fib);
  return fib;
}

void FibProgrammer::assemble_groups(FibSnapshot& fib) const {
  fib.groups.resize(groups_.end());
  groups_.for_each_used([&](const GroupKey& members, std::uint32_t index) {
    auto& group = fib.groups[index];
    group.count = static_cast<std::uint32_t>(members.size());
    std::ranges::transform(members, group.members.begin(),
                           [](auto value) { return dataplane::NextHop{value}; });
  });
  fib.address_hops.resize(address_hops_.end());
  address_hops_.for_each_used([&](const AddressHopKey& key, std::uint32_t index) {
    fib.address_hops[index] = {key.vpc, to_address(key.address)};
  });
}

void FibProgrammer::assemble_underlays(const config::ValidModel& model,
                                       const ProgrammedPorts& ports, FibSnapshot& fib) const {
  for (const auto& underlay : model.underlays()) {
    const auto& port = ports.at(underlay.port);
    const VpcIndex index = *underlay_index(underlay.name);
    auto& slot = fib.vpcs[index.value];
    slot = slot_of(underlay_name(underlay.name));
    slot.enabled = true;
    slot.mac = port.mac;
    slot.port = port.id;
    slot.mtu = underlay.mtu;
    slot.kind = LinkKind::underlay;
    slot.underlay = static_cast<std::uint16_t>(fib.underlays.size());
    fib.ports[port.id.value].untagged = index;
    auto& received = fib.underlays.emplace_back();
    for (const auto& own : underlay.addresses) received.own.push_back(to_address(own.address));
    std::vector<std::pair<std::uint32_t, VpcIndex>> owners;
    for (const auto& vpc : model.vpcs()) {
      if (!vpc.interface) continue;
      const auto* vxlan = std::get_if<config::VxlanBinding>(&vpc.interface->binding);
      if (vxlan == nullptr || vxlan->underlay != underlay.name) continue;
      owners.emplace_back(vxlan->vni, *vpc_index(vpc.name));
    }
    received.index(owners);
  }
  fib.tunnels.resize(std::max<std::size_t>(tunnels_.end(), 1));
  tunnels_.for_each_used([&](const TunnelKey& key, std::uint32_t index) {
    const auto& underlay = *model.underlays().find(key.underlay);
    const VpcIndex slot = *underlay_index(underlay.name);
    fib.tunnels[index] = dataplane::make_tunnel(
        slot, fib.vpcs[slot.value], to_address(local_towards(underlay, key.remote)),
        to_address(key.remote), to_address(underlay_next_hop(underlay, key.remote)));
  });
}

void FibProgrammer::assemble_vpc(const config::ValidModel& model, const config::Vpc& vpc,
                                 const ProgrammedPorts& ports, FibSnapshot& fib) const {
  const VpcIndex index = *vpc_index(vpc.name);
  auto& slot = fib.vpcs[index.value];
  slot = slot_of(vpc.name);
  if (!vpc.interface) return;
  slot.enabled = vpc.interface->enabled;
  slot.mtu = vpc.interface->mtu;
  const auto& binding = vpc.interface->binding;
  if (const auto* untagged = std::get_if<config::PortBinding>(&binding)) {
    const auto& port = ports.at(untagged->port);
    slot.port = port.id;
    slot.mac = port.mac;
    fib.ports[port.id.value].untagged = index;
  } else if (const auto* vlan = std::get_if<config::VlanBinding>(&binding)) {
    bind(*vlan, ports, index, fib);
  } else {
    bind(model, std::get<config::VxlanBinding>(binding), index, fib);
    slot.mtu = vxlan_mtu(*vpc.interface,
                         *model.underlays().find(std::get<config::VxlanBinding>(binding).underlay));
  }
}

void FibProgrammer::bind(const config::VlanBinding& vlan, const ProgrammedPorts& ports,
                         VpcIndex index, FibSnapshot& fib) const {
  const auto& port = ports.at(vlan.port);
  auto& slot = fib.vpcs[index.value];
  slot.port = port.id;
  slot.mac = port.mac;
  slot.tags = tags_of(vlan);
  if (vlan.outer) {
    fib.ports[port.id.value].own(*vlan.outer, vlan.id, index);
  } else {
    fib.ports[port.id.value].own(vlan.id, index);
  }
}

void FibProgrammer::bind(const config::ValidModel& model, const config::VxlanBinding& vxlan,
                         VpcIndex index, FibSnapshot& fib) const {
  auto& slot = fib.vpcs[index.value];
  const auto& underlay = *model.underlays().find(vxlan.underlay);
  const auto& below = fib.vpcs[underlay_index(underlay.name)->value];
  slot.kind = LinkKind::vxlan;
  slot.port = below.port;
  slot.mac = below.mac;
  slot.vni = vxlan.vni;
  slot.uniform_dscp = vxlan.dscp == config::DscpModel::uniform;
  slot.first_remote = static_cast<std::uint32_t>(fib.remotes.size());
  slot.remote_count = static_cast<std::uint32_t>(vxlan.remotes.size());
  for (const auto& remote : vxlan.remotes) {
    fib.remotes.push_back({to_address(remote), *tunnel_index(underlay.name, remote)});
  }
  std::sort(fib.remotes.end() - slot.remote_count, fib.remotes.end(),
            [](const auto& a, const auto& b) { return a.vtep < b.vtep; });
}

}  // namespace bgw::control
