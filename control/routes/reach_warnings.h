// Warnings about who reaches whom through a gateway. Each is added to `warnings`.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "control/routes/reach.h"

namespace bgw::control {

// Of the VPCs that `is_touched` and their attachments: nothing advertised, advertised and imported
// by nobody, ranges without routes, destinations from where nothing leads back.
void warn_of_reach(const config::Gateway& gateway, const GatewayReach& reach,
                   const std::function<bool(const config::Vpc&)>& is_touched,
                   std::vector<std::string>& warnings);

}  // namespace bgw::control
