#include "control/routes/availability.h"

#include <algorithm>

#include <fmt/format.h>

namespace bgw::control {

std::optional<std::string> why_unavailable(const config::Vpc& vpc) {
  if (!vpc.interface) return fmt::format("{} has no interface", vpc.name);
  if (!vpc.interface->enabled) return fmt::format("interface of {} is down", vpc.name);
  return std::nullopt;
}

std::optional<std::string> why_unavailable(const config::Gateway& gateway,
                                           std::string_view interface) {
  const auto* known = config::find_named(gateway.interfaces, interface);
  if (known == nullptr) return fmt::format("no interface {} here", interface);
  if (!known->enabled) return fmt::format("interface {} is down", interface);
  return std::nullopt;
}

bool is_on_link(const std::vector<config::InterfaceAddress>& addresses,
                const config::IpAddress& address) {
  return std::ranges::any_of(addresses, [&](const config::InterfaceAddress& own) {
    return own.on_link().contains(address);
  });
}

const config::OutsideInterface* interface_beside(const config::Gateway& gateway,
                                                 const config::IpAddress& address) {
  for (const config::OutsideInterface& interface : gateway.interfaces) {
    if (is_on_link(interface.addresses, address)) return &interface;
  }
  return nullptr;
}

}  // namespace bgw::control
