// What a commit changes in the slow path.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "control/packets/addresses.h"
#include "control/slow_path/own_addresses.h"
#include "control/slow_path/slow_path_impl.h"

namespace bgw::control {

using dataplane::Address;
using dataplane::DropReason;
using dataplane::Link;
using dataplane::TunnelIndex;
using dataplane::VpcIndex;

void SlowPath::Impl::configure(std::vector<SlowPathVpc> wanted,
                               const std::vector<SlowPathTunnel>& tunnels) {
  std::vector<VpcIndex> gone;
  for (const auto& entry : vpcs.all()) {
    const SlowPathVpc& present = entry.second.config;
    const bool stays = std::ranges::any_of(wanted, [&](const SlowPathVpc& w) {
      return w.index == present.index && w.name == present.name;
    });
    if (!stays) gone.push_back(present.index);
  }
  for (const VpcIndex index : gone) {
    forget(index, "the VPC was removed");
    vpcs.all().erase(index);
  }
  for (auto& vpc : wanted) update(std::move(vpc));
  pin_next_hops(tunnels);
}

// So that a tunnel is ready before the first packet needs it.
void SlowPath::Impl::pin_next_hops(const std::vector<SlowPathTunnel>& tunnels) {
  std::map<VpcIndex, std::set<Address>> next_hops;
  for (const auto& tunnel : tunnels) {
    const SlowVpc* underlay = vpcs.find_up(tunnel.underlay);
    if (underlay != nullptr && is_on_link(underlay->config, tunnel.next_hop) &&
        !is_own(underlay->config, tunnel.next_hop)) {
      next_hops[tunnel.underlay].insert(tunnel.next_hop);
    }
  }
  for (const auto& entry : vpcs.all()) neighbours.pin(entry.first, next_hops[entry.first], now);
}

// Brings one VPC up to date; what it loses is forgotten, what it gains is announced.
void SlowPath::Impl::update(SlowPathVpc wanted) {
  const VpcIndex index = wanted.index;
  auto [found, is_new] = vpcs.all().try_emplace(
      index, SlowVpc{{}, {}, {options.icmp_errors_per_second, options.icmp_error_burst}});
  const SlowPathVpc before = std::exchange(found->second.config, std::move(wanted));
  const SlowPathVpc& after = found->second.config;
  if (!after.enabled) return forget(index, "the VPC's interface went down");
  const bool moved = !is_new && (before.port != after.port || before.vxlan != after.vxlan);
  if (moved) forget(index, "the VPC's interface moved to another port");

  fdb.retain(index, [&](TunnelIndex tunnel) { return uses_tunnel(after, tunnel); });
  neighbours.retain(index, [&](const Address& address, Link link) {
    return is_on_link(after, address) && !is_own(after, address) &&
           (!link.known() || uses_tunnel(after, link.tunnel()));
  });
  const bool came_up = is_new || moved || !before.enabled || before.mac != after.mac;
  const auto announce = [&](const Address& address) {
    if (!came_up && is_own(before, address)) return;
    if (address.is_v4()) {
      arp.announce(index, address.as_v4());
    } else {
      nd.announce(index, address);
    }
  };
  for (const auto& interface : after.addresses) announce(to_address(interface.address));
  if (const auto link_local = link_local_of(after)) announce(*link_local);
  if (came_up || before != after) nd.advertise(index);
}

void SlowPath::Impl::forget(VpcIndex vpc, const char* why) {
  neighbours.retain(vpc, [](const Address&, Link) { return false; });
  fdb.retain(vpc, [](TunnelIndex) { return false; });
  drop_held_from(vpc);
  reassembly.forget(vpc);
  arp.forget(vpc);
  nd.forget(vpc);
  pings.cancel(vpc, why);
}

// What waits must not walk on as if it came from whoever gets the slot next.
void SlowPath::Impl::drop_held_from(VpcIndex in_vpc) {
  neighbours.drop_held_from(in_vpc);
  for (auto& held : released) {
    if (held.packet->note().in_vpc == in_vpc) drop(std::move(held.packet), DropReason::no_route);
  }
  std::erase_if(released, [](const HeldPacket& held) { return held.packet == nullptr; });
}

}  // namespace bgw::control
