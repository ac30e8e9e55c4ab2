// G1: whether an attachment, or an interface of a gateway, can carry packets.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/model.h"

namespace bgw::control {

// Why the attachments of a VPC are unavailable, or nothing: "interface of vpc-b is down".
std::optional<std::string> why_unavailable(const config::Vpc& vpc);
// The same of a gateway's interface by name: "interface edge-a is down".
std::optional<std::string> why_unavailable(const config::Gateway& gateway,
                                           std::string_view interface);

bool is_on_link(const std::vector<config::InterfaceAddress>& addresses,
                const config::IpAddress& address);

// The gateway's interface on whose link the address is; null when it is on none.
const config::OutsideInterface* interface_beside(const config::Gateway& gateway,
                                                 const config::IpAddress& address);

}  // namespace bgw::control
