// What a commit changes in the slow path.
#include <algorithm>
#include <utility>

#include "control/packets/addresses.h"
#include "control/slow_path/own_addresses.h"
#include "control/slow_path/slow_path_impl.h"

namespace bgw::control {

using dataplane::DropReason;
using dataplane::Link;
using dataplane::MappedAddress;
using dataplane::TunnelIndex;
using dataplane::VpcIndex;

namespace {

// Why the hosts behind the interface are others; null when they may be the same.
const char* moved(const SlowPathVpc& before, const SlowPathVpc& after) {
  if (before.port != after.port) return "the VPC's interface moved to another port";
  if (before.vlan != after.vlan || before.outer_vlan != after.outer_vlan) {
    return "the VPC's interface moved to another VLAN";
  }
  if (before.vxlan != after.vxlan || before.vni != after.vni) {
    return "the VPC's interface moved to another VXLAN segment";
  }
  return nullptr;
}

// Why nothing of what is known of the VPC holds any more; null when some may.
const char* interruption(const SlowPathVpc& before, const SlowPathVpc& after) {
  if (before.name != after.name) return "the VPC was removed";
  if (!after.enabled) return "the VPC's interface went down";
  return moved(before, after);
}

}  // namespace

void SlowPath::Impl::configure(SlowPathChange change) {
  // First, so that next hops nobody needs any more go as neighbors like any other.
  for (const TunnelIndex tunnel : change.tunnels_gone) {
    next_hops.erase(tunnel);
    paths.erase(tunnel);
  }
  for (const auto& tunnel : change.tunnels_put) {
    next_hops.put(tunnel);
    paths.put(tunnel);
  }
  forget(interrupted_by(change));
  for (const VpcIndex index : change.gone) {
    vpcs.erase(index);
    remove_shares(index);
    paths.erase(index);
  }
  for (const VpcIndex index : change.gone) next_hops.touch(index);
  for (auto& vpc : change.put) {
    next_hops.touch(vpc.index);
    update(std::move(vpc));
  }
  pin_next_hops();
}

SlowPath::Impl::Reasons SlowPath::Impl::interrupted_by(const SlowPathChange& change) const {
  Reasons reasons;
  for (const VpcIndex index : change.gone) reasons.emplace(index, "the VPC was removed");
  for (const auto& after : change.put) {
    const SlowVpc* before = vpcs.find(after.index);
    const char* why = before == nullptr ? nullptr : interruption(before->config, after);
    if (why != nullptr) reasons.emplace(after.index, why);
  }
  return reasons;
}

// Brings one VPC up to date; what it loses is forgotten, what it gains is announced.
void SlowPath::Impl::update(SlowPathVpc wanted) {
  const VpcIndex index = wanted.index;
  const SlowVpc* present = vpcs.find(index);
  if (present != nullptr && present->config.name != wanted.name) vpcs.erase(index);
  constexpr std::uint64_t ns_per_second = 1'000'000'000;
  auto [vpc, is_new] =
      vpcs.add(index, dataplane::BucketRate::of(options.icmp_errors_per_second,
                                                options.icmp_error_burst, ns_per_second));
  const SlowPathVpc before = std::exchange(vpc.config, std::move(wanted));
  const SlowPathVpc& after = vpc.config;
  add_shares(index);
  paths.put(after);
  if (!after.enabled) return;

  fdb.retain(index, [&](TunnelIndex tunnel) { return uses_tunnel(after, tunnel); });
  neighbours.retain(index, [&](const MappedAddress& address, Link link) {
    return is_on_link(after, address) && !is_own(after, address) &&
           (!link.known() || uses_tunnel(after, link.tunnel()));
  });
  pin_next_hops(before, after);
  const bool starts = is_new || !before.enabled || moved(before, after) != nullptr;
  if (starts) {
    for (InterfaceObserver* observer : interface_observers) observer->interface_up(after);
    if (const auto down = links_down.find(after.port); down != links_down.end()) {
      for (InterfaceObserver* observer : interface_observers) {
        observer->link_down(after, down->second);
      }
    }
  }
  const bool came_up = starts || before.mac != after.mac;
  const auto announce = [&](const MappedAddress& address) {
    if (!came_up && is_own(before, address)) return;
    if (address.is_v4()) {
      arp.announce(index, address.as_v4());
    } else {
      nd.announce(index, address);
    }
  };
  for (const auto& interface : after.addresses) announce(to_address(interface.address));
  if (const auto link_local = link_local_of(after)) announce(*link_local);
  if (came_up || before != after) {
    nd.advertise(index);
    mld.listen(index, groups_of(after), came_up);
  }
}

void SlowPath::Impl::forget(const Reasons& interrupted) {
  if (interrupted.empty()) return;
  VpcSet gone;
  for (const auto& [vpc, why] : interrupted) {
    gone.insert(vpc);
    vpcs.interrupt(vpc);
    neighbours.retain(vpc, [](const MappedAddress&, Link) { return false; });
    fdb.retain(vpc, [](TunnelIndex) { return false; });
    arp.forget(vpc);
    nd.forget(vpc);
    mld.forget(vpc);
    paths.restart(vpc);
    tell_down(vpc, why);
  }
  for (Leftovers& of_class : punt_leftovers) of_class.add(gone);
  move_leftovers.add(gone);
  drop_held_from(gone);
  reassembly.forget(gone);
}

// Of what was up.
void SlowPath::Impl::tell_down(VpcIndex index, const char* why) const {
  const SlowVpc* vpc = vpcs.find_up(index);
  if (vpc == nullptr) return;
  for (InterfaceObserver* observer : interface_observers)
    observer->interface_down(vpc->config, why);
}

// What waits must not walk on as if it came from whoever gets the slot next.
void SlowPath::Impl::drop_held_from(const VpcSet& in_vpcs) {
  const bool some_wait =
      std::ranges::any_of(in_vpcs, [&](VpcIndex vpc) { return budget.held(vpc) > 0; });
  if (!some_wait) return;
  neighbours.drop_held_from(in_vpcs);
  for (auto& held : released) {
    if (in_vpcs.contains(held.packet->note().in_vpc)) {
      drop(std::move(held.packet), DropReason::no_route);
    }
  }
  std::erase_if(released, [](const HeldPacket& held) { return held.packet == nullptr; });
}

// Only VXLAN VPCs have MACs to learn.
void SlowPath::Impl::add_shares(VpcIndex index) {
  budget.add_vpc(index);
  neighbours.add_vpc(index);
  if (vpcs.find(index)->config.vxlan) {
    fdb.add_vpc(index);
  } else {
    fdb.remove_vpc(index);
  }
}

void SlowPath::Impl::remove_shares(VpcIndex index) {
  budget.remove_vpc(index);
  neighbours.remove_vpc(index);
  fdb.remove_vpc(index);
}

// What static routes lead by is asked for like what tunnels do.
void SlowPath::Impl::pin_next_hops(const SlowPathVpc& before, const SlowPathVpc& after) {
  for (const auto& address : before.next_hops) {
    if (!std::ranges::binary_search(after.next_hops, address)) {
      neighbours.unpin(after.index, address);
    }
  }
  for (const auto& address : after.next_hops) {
    if (is_on_link(after, address) && !is_own(after, address)) {
      neighbours.pin(after.index, address, now);
    }
  }
}

// So that a tunnel is ready before the first packet needs it.
void SlowPath::Impl::pin_next_hops() {
  for (const auto& next_hop : next_hops.take_touched()) {
    const auto& [index, address] = next_hop;
    const SlowVpc* underlay = vpcs.find_up(index);
    const bool wanted = next_hops.contains(next_hop) && underlay != nullptr &&
                        is_on_link(underlay->config, address) && !is_own(underlay->config, address);
    if (wanted) {
      neighbours.pin(index, address, now);
    } else {
      neighbours.unpin(index, address);
    }
  }
}

}  // namespace bgw::control
