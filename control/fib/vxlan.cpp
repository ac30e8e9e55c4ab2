#include "control/fib/vxlan.h"

#include <algorithm>
#include <variant>

namespace bgw::control {
namespace {

const config::InterfaceAddress* on_link_with(const config::Underlay& underlay,
                                             const config::IpAddress& remote) {
  const auto found = std::ranges::find_if(
      underlay.addresses, [&](const auto& own) { return own.on_link().contains(remote); });
  return found == underlay.addresses.end() ? nullptr : &*found;
}

}  // namespace

config::IpAddress local_towards(const config::Underlay& underlay, const config::IpAddress& remote) {
  if (const auto* own = on_link_with(underlay, remote)) return own->address;
  const auto found = std::ranges::find_if(
      underlay.addresses, [&](const auto& own) { return own.address.family == remote.family; });
  return found == underlay.addresses.end() ? config::IpAddress{} : found->address;
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

}  // namespace bgw::control
