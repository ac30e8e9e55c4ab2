#include "control/slow_path/own_addresses.h"

#include <algorithm>

#include "control/packets/addresses.h"
#include "control/packets/ipv4.h"
#include "control/packets/ipv6.h"
#include "control/packets/mld.h"

namespace bgw::control {

using dataplane::MappedAddress;

namespace {

const config::InterfaceAddress* on_link_interface(const SlowPathVpc& vpc,
                                                  const MappedAddress& address) {
  if (address.is_v4()) return on_link_address(vpc.addresses, address.as_v4());
  const auto found =
      std::ranges::find_if(vpc.addresses, [&](const config::InterfaceAddress& interface) {
        return is_ipv6_host_in(interface, address);
      });
  return found == vpc.addresses.end() ? nullptr : &*found;
}

const config::InterfaceAddress* anycast_interface(const SlowPathVpc& vpc,
                                                  const MappedAddress& address) {
  const auto found =
      std::ranges::find_if(vpc.addresses, [&](const config::InterfaceAddress& interface) {
        return !vpc.underlay && is_anycast_of(interface, address);
      });
  return found == vpc.addresses.end() ? nullptr : &*found;
}

}  // namespace

std::optional<MappedAddress> link_local_of(const SlowPathVpc& vpc) {
  const bool has_ipv6 = std::ranges::any_of(
      vpc.addresses,
      [](const config::InterfaceAddress& interface) { return !interface.address.is_v4(); });
  if (!has_ipv6) return std::nullopt;
  return dataplane::link_local_of(vpc.mac);
}

bool is_own(const SlowPathVpc& vpc, const MappedAddress& address) {
  const bool configured =
      std::ranges::any_of(vpc.addresses, [&](const config::InterfaceAddress& interface) {
        return to_address(interface.address) == address;
      });
  return configured || (is_link_local(address) && link_local_of(vpc) == address);
}

bool is_own_anycast(const SlowPathVpc& vpc, const MappedAddress& address) {
  return anycast_interface(vpc, address) != nullptr;
}

MulticastGroups groups_of(const SlowPathVpc& vpc) {
  const auto link_local = link_local_of(vpc);
  if (!link_local) return {};
  MulticastGroups groups{solicited_node(*link_local)};
  if (!vpc.underlay) groups.insert(ipv6_all_routers);
  for (const auto& interface : vpc.addresses) {
    if (interface.address.is_v4()) continue;
    groups.insert(solicited_node(to_address(interface.address)));
    const MappedAddress first = to_address(interface.on_link().address);
    if (is_own_anycast(vpc, first)) groups.insert(solicited_node(first));
  }
  return groups;
}

bool is_own_group(const SlowPathVpc& vpc, const MappedAddress& group) {
  if (!is_multicast_v6(group) || !link_local_of(vpc)) return false;
  return group == ipv6_all_nodes || groups_of(vpc).contains(group);
}

std::optional<MappedAddress> answer_source(const SlowPathVpc& vpc, const MappedAddress& other,
                                           const MappedAddress& addressed) {
  const auto* anycast = anycast_interface(vpc, addressed);
  if (anycast != nullptr && !is_link_local(other)) return to_address(anycast->address);
  if (anycast != nullptr || is_multicast_v6(addressed)) return on_link_source(vpc, other);
  return addressed;
}

bool is_on_link(const SlowPathVpc& vpc, const MappedAddress& address) {
  return on_link_source(vpc, address).has_value();
}

std::optional<MappedAddress> on_link_source(const SlowPathVpc& vpc, const MappedAddress& other) {
  if (is_link_local(other)) return link_local_of(vpc);
  const auto* interface = on_link_interface(vpc, other);
  if (interface == nullptr) return std::nullopt;
  return to_address(interface->address);
}

std::optional<MappedAddress> source_towards(const SlowPathVpc& vpc, const MappedAddress& other) {
  if (const auto on_link = on_link_source(vpc, other)) return on_link;
  const auto first = std::ranges::find_if(vpc.addresses, [&](const config::InterfaceAddress& i) {
    return i.address.is_v4() == other.is_v4();
  });
  if (first == vpc.addresses.end()) return std::nullopt;
  return to_address(first->address);
}

}  // namespace bgw::control
