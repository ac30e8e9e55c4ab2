// The rules G1–G5 for one gateway.
#pragma once

#include <span>

#include "config/model.h"
#include "control/routes/arrivals.h"
#include "control/routes/compute_routes.h"
#include "control/routes/rib.h"

namespace bgw::control {

struct GatewayTable {
  GatewayRoutes routes;
  GatewayHistory history;
};

// `attached`: the gateway's attachments in document order. `previous`: its arrivals before the
// commit.
GatewayTable compute_gateway(const config::Gateway& gateway, std::span<const AttachedVpc> attached,
                             std::span<const Arrival> previous);

}  // namespace bgw::control
