// What a gateway delivers into which VPC (F3, F4).
#pragma once

#include <memory>

#include "control/routes/reachability.h"

namespace bgw::control {

// In proportion to the gateway's valid routes and attachments. `vpcs` has all that are attached.
std::shared_ptr<const GatewayReachability> deliveries_of(const GatewayRoutes& gateway,
                                                         const config::ValidModel& model,
                                                         const config::Objects<VpcReach>& vpcs);

}  // namespace bgw::control
