// The rules G1–G5 for one gateway.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/model.h"
#include "control/routes/arrivals.h"
#include "control/routes/compute_routes.h"
#include "control/routes/decision.h"
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

// The steps, for one or for many prefixes.

// Why an attachment is unavailable (G1), or nothing.
using WhyUnavailable = std::function<std::optional<std::string>(const std::string& attachment)>;
Decision unavailable(const std::string& why);
// A group forwards through the members that are available; without any it lists them all.
Route static_route(const config::GatewayStaticRoute& configured, const WhyUnavailable& why_of);
Route propagated_route(const Arrival& arrival, Decision decision);
// G3 and G4 for whole prefixes; the routes come out in listing order.
void settle_preferences(std::vector<Route>& routes);

}  // namespace bgw::control
