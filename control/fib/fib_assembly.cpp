#include "control/fib/fib_assembly.h"

#include <algorithm>
#include <span>
#include <utility>
#include <variant>

#include "control/fib/vxlan.h"
#include "control/packets/addresses.h"

namespace bgw::control {
namespace {

using dataplane::FibSnapshot;
using dataplane::LinkKind;
using dataplane::PortFib;
using dataplane::TableIndex;
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

}  // namespace

FibAssembly::FibAssembly(FibSnapshot& fib, const FibIndices& indices, const FibChange& change,
                         const ProgrammedPorts& ports_before, const ProgrammedPorts& ports)
    : fib_(fib), indices_(indices), change_(change), ports_before_(ports_before), ports_(ports) {}

VpcIndex FibAssembly::index_of(const std::string& vpc) const {
  return VpcIndex{*indices_.vpcs.find(vpc)};
}

VpcIndex FibAssembly::underlay_index(const std::string& underlay) const {
  return index_of(underlay_name(underlay));
}

const config::Underlay& FibAssembly::underlay(const std::string& name) const {
  return *change_.after.underlays().find(name);
}

PortFib& FibAssembly::port(const std::string& name) {
  return fib_.ports[ports_.at(name).id.value];
}

void write_attachments(FibSnapshot& fib, const FibIndices& indices) {
  fib.attachments.resize(indices.attachments.end());
  indices.attachments.for_each_new([&](const AttachmentKey& key, std::uint32_t index) {
    fib.attachments[index] = {key.gateway, key.vpc};
  });
}

void write_groups(FibSnapshot& fib, const FibIndices& indices) {
  fib.groups.resize(indices.groups.end());
  indices.groups.for_each_new([&](const GroupKey& members, std::uint32_t index) {
    auto& group = fib.groups[index];
    group.count = static_cast<std::uint32_t>(members.size());
    std::ranges::transform(members, group.members.begin(),
                           [](auto value) { return dataplane::NextHop{value}; });
  });
  fib.address_hops.resize(indices.address_hops.end());
  indices.address_hops.for_each_new([&](const AddressHopKey& key, std::uint32_t index) {
    fib.address_hops[index] = {key.vpc, to_address(key.address)};
  });
}

void FibAssembly::interfaces() {
  fib_.vpcs.resize(indices_.vpcs.end());
  fib_.tunnels.resize(std::max<std::size_t>(indices_.tunnels.end(), 1));
  for (const auto& [name, port] : ports_) {
    if (fib_.ports.size() <= port.id.value) fib_.ports.resize(port.id.value + std::size_t{1});
  }
  if (carriers_differ()) {
    bind_all();
  } else {
    bind_changed();
  }
  indices_.tunnels.for_each_ending(
      [&](const TunnelKey&, std::uint32_t index) { fib_.tunnels[index] = {}; });
}

// Has an underlay changed, or a port of the same name become another one?
bool FibAssembly::carriers_differ() const {
  bool differ = false;
  config::for_each_difference(change_.before.underlays(), change_.after.underlays(),
                              [&](const auto&, const auto&) { differ = true; });
  for (const auto& [name, port] : ports_) {
    const auto before = ports_before_.find(name);
    if (before != ports_before_.end() && before->second != port) differ = true;
  }
  return differ;
}

void FibAssembly::bind_all() {
  std::ranges::fill(fib_.vpcs, VpcFib{});
  std::ranges::fill(fib_.ports, PortFib{});
  std::ranges::fill(fib_.tunnels, dataplane::Tunnel{});
  fib_.underlays.clear();
  fib_.remotes.clear();
  for (const auto& one : change_.after.underlays()) add_underlay(one);
  for (const auto& vpc : change_.after.vpcs()) bind(vpc, true);
  for (const auto& gateway : change_.after.gateways()) bind_outside(gateway);
  update_vnis();
  update_remotes();
  indices_.tunnels.for_each(
      [&](const TunnelKey& key, std::uint32_t index) { write_tunnel(key, index); });
}

// What a VPC gives up, another one may take.
void FibAssembly::bind_changed() {
  const auto& before = change_.before.vpcs();
  const auto& after = change_.after.vpcs();
  const auto stays_bound = [](const auto& old, const auto& now) {
    return old && now && old->interface && now->interface &&
           old->interface->binding == now->interface->binding;
  };
  config::for_each_difference(before, after, [&](const auto& old, const auto& now) {
    if (old && !stays_bound(old, now)) unbind(*old);
  });
  for_each_other_outside(change_, [&](const auto& old, const auto&) {
    if (old) unbind_outside(*old);
  });
  config::for_each_difference(before, after, [&](const auto& old, const auto& now) {
    if (now) bind(*now, !stays_bound(old, now));
  });
  for_each_other_outside(change_, [&](const auto&, const auto& now) {
    if (now) bind_outside(*now);
  });
  if (!unbound_vxlan_.empty() || !new_vnis_.empty()) update_vnis();
  if (!unbound_vxlan_.empty() || !new_remotes_.empty()) update_remotes();
  indices_.tunnels.for_each_new(
      [&](const TunnelKey& key, std::uint32_t index) { write_tunnel(key, index); });
}

void FibAssembly::add_underlay(const config::Underlay& added) {
  const auto& carrier = ports_.at(added.port());
  const VpcIndex index = underlay_index(added.name);
  auto& slot = fib_.vpcs[index.value];
  slot = slot_of(underlay_name(added.name));
  slot.enabled = true;
  slot.mac = carrier.mac;
  slot.port = carrier.id;
  slot.mtu = added.mtu;
  slot.kind = LinkKind::underlay;
  slot.underlay = static_cast<std::uint16_t>(fib_.underlays.size());
  if (const auto* vlan = std::get_if<config::VlanBinding>(&added.binding)) {
    slot.tags = tags_of(*vlan);
    own_vlan(*vlan, index);
  } else {
    fib_.ports[carrier.id.value].untagged = index;
  }
  auto& received = fib_.underlays.emplace_back();
  for (const auto& own : added.addresses) received.own.push_back(to_address(own.address));
}

void FibAssembly::unbind_outside(const config::Gateway& gateway) {
  for (const auto& interface : gateway.interfaces) {
    fib_.vpcs[index_of(outside_name(gateway.name, interface.name)).value] = {};
    std::visit([&](const auto& binding) { unbind(binding); }, interface.binding);
  }
}

void FibAssembly::bind_outside(const config::Gateway& gateway) {
  for (const auto& interface : gateway.interfaces) {
    const auto name = outside_name(gateway.name, interface.name);
    const VpcIndex index = index_of(name);
    auto& slot = fib_.vpcs[index.value];
    slot = slot_of(name);
    slot.enabled = interface.enabled;
    slot.mtu = interface.mtu;
    slot.outside = true;
    slot.gateway = TableIndex{*indices_.tables.find(gateway_key(gateway.name))};
    slot.attachment = dataplane::AttachmentIndex{*indices_.attachments.find({slot.gateway, index})};
    if (const auto* vlan = std::get_if<config::VlanBinding>(&interface.binding)) {
      bind(*vlan, index, true);
    } else {
      bind(std::get<config::PortBinding>(interface.binding), index);
    }
  }
}

void FibAssembly::write_tunnel(const TunnelKey& key, std::uint32_t index) {
  const auto& below = underlay(key.underlay);
  const VpcIndex slot = underlay_index(key.underlay);
  fib_.tunnels[index] = dataplane::make_tunnel(
      slot, fib_.vpcs[slot.value], to_address(local_towards(below, key.remote)),
      to_address(key.remote), to_address(underlay_next_hop(below, key.remote)));
}

// A slot with its tables, otherwise empty; `owner` is a VPC or an underlay_name().
VpcFib FibAssembly::slot_of(const std::string& owner) const {
  return {.in_use = true,
          .source_table = TableIndex{*indices_.tables.find(source_key(owner))},
          .main_table = TableIndex{*indices_.tables.find(table_key(owner, "main"))}};
}

void FibAssembly::unbind(const config::Vpc& vpc) {
  const VpcIndex index = index_of(vpc.name);
  fib_.vpcs[index.value] = {};
  if (!vpc.interface) return;
  const auto& binding = vpc.interface->binding;
  if (const auto* untagged = std::get_if<config::PortBinding>(&binding)) {
    unbind(*untagged);
  } else if (const auto* vlan = std::get_if<config::VlanBinding>(&binding)) {
    unbind(*vlan);
  } else {
    unbound_vxlan_.insert(index.value);
  }
}

void FibAssembly::unbind(const config::PortBinding& untagged) {
  fib_.ports[ports_before_.at(untagged.port).id.value].untagged = dataplane::no_vpc;
}

void FibAssembly::unbind(const config::VlanBinding& vlan) {
  auto& carrier = fib_.ports[ports_before_.at(vlan.port).id.value];
  if (vlan.outer) {
    carrier.own(*vlan.outer, vlan.id, dataplane::no_vpc);
  } else {
    carrier.own(vlan.id, dataplane::no_vpc);
  }
}

void FibAssembly::bind(const config::Vpc& vpc, bool is_new_binding) {
  const VpcIndex index = index_of(vpc.name);
  auto& slot = fib_.vpcs[index.value];
  const VpcFib before = slot;
  slot = slot_of(vpc.name);
  if (!vpc.interface) return;
  slot.enabled = vpc.interface->enabled;
  slot.mtu = vpc.interface->mtu;
  const auto& binding = vpc.interface->binding;
  if (const auto* untagged = std::get_if<config::PortBinding>(&binding)) {
    bind(*untagged, index);
  } else if (const auto* vlan = std::get_if<config::VlanBinding>(&binding)) {
    bind(*vlan, index, is_new_binding);
  } else {
    const auto& vxlan = std::get<config::VxlanBinding>(binding);
    slot.mtu = vxlan_mtu(*vpc.interface, underlay(vxlan.underlay));
    slot.first_remote = before.first_remote;
    slot.remote_count = before.remote_count;
    bind(vxlan, index, is_new_binding);
  }
}

void FibAssembly::bind(const config::PortBinding& untagged, VpcIndex index) {
  const auto& carrier = ports_.at(untagged.port);
  auto& slot = fib_.vpcs[index.value];
  slot.port = carrier.id;
  slot.mac = carrier.mac;
  fib_.ports[carrier.id.value].untagged = index;
}

void FibAssembly::bind(const config::VlanBinding& vlan, VpcIndex index, bool is_new_binding) {
  const auto& carrier = ports_.at(vlan.port);
  auto& slot = fib_.vpcs[index.value];
  slot.port = carrier.id;
  slot.mac = carrier.mac;
  slot.tags = tags_of(vlan);
  if (is_new_binding) own_vlan(vlan, index);
}

void FibAssembly::own_vlan(const config::VlanBinding& vlan, VpcIndex owner) {
  if (vlan.outer) {
    port(vlan.port).own(*vlan.outer, vlan.id, owner);
  } else {
    port(vlan.port).own(vlan.id, owner);
  }
}

void FibAssembly::bind(const config::VxlanBinding& vxlan, VpcIndex index, bool is_new_binding) {
  auto& slot = fib_.vpcs[index.value];
  const auto& below = fib_.vpcs[underlay_index(vxlan.underlay).value];
  slot.kind = LinkKind::vxlan;
  slot.port = below.port;
  slot.mac = below.mac;
  slot.vni = vxlan.vni;
  slot.uniform_dscp = vxlan.dscp == config::DscpModel::uniform;
  if (!is_new_binding) return;
  slot.remote_count = 0;  // until update_remotes()
  new_vnis_[below.underlay].emplace_back(vxlan.vni, index);
  auto& remotes = new_remotes_.emplace_back(index, std::vector<dataplane::Remote>{}).second;
  for (const auto& remote : vxlan.remotes) {
    const auto tunnel = *indices_.tunnels.find({vxlan.underlay, remote});
    remotes.push_back({to_address(remote), TunnelIndex{static_cast<std::uint16_t>(tunnel)}});
  }
  std::ranges::sort(remotes, {}, &dataplane::Remote::vtep);
}

// What each underlay knew, without the bindings that are no more, and with the new ones.
void FibAssembly::update_vnis() {
  for (std::size_t i = 0; i < fib_.underlays.size(); ++i) {
    auto& known = fib_.underlays[i].vnis;
    auto owners = std::move(new_vnis_[static_cast<std::uint16_t>(i)]);
    bool differs = !owners.empty();
    for (const auto& [place, vpc] : known) {
      if (place == 0) continue;
      if (unbound_vxlan_.contains(vpc.value)) {
        differs = true;
      } else {
        owners.emplace_back(place - 1, vpc);
      }
    }
    if (differs) fib_.underlays[i].index(owners);
  }
}

// Side by side again, without gaps.
void FibAssembly::update_remotes() {
  const auto before = std::move(fib_.remotes);
  fib_.remotes.clear();
  const auto append = [&](VpcFib& slot, std::span<const dataplane::Remote> remotes) {
    slot.first_remote = static_cast<std::uint32_t>(fib_.remotes.size());
    slot.remote_count = static_cast<std::uint32_t>(remotes.size());
    fib_.remotes.insert(fib_.remotes.end(), remotes.begin(), remotes.end());
  };
  for (auto& slot : fib_.vpcs) {
    if (slot.remote_count == 0) continue;
    append(slot, std::span(before).subspan(slot.first_remote, slot.remote_count));
  }
  for (const auto& [vpc, remotes] : new_remotes_) append(fib_.vpcs[vpc.value], remotes);
}

}  // namespace bgw::control
