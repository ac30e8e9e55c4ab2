// The rules G1–G5 for one gateway.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/model.h"
#include "control/routes/arrivals.h"
#include "control/routes/availability.h"
#include "control/routes/compute_routes.h"
#include "control/routes/decision.h"
#include "control/routes/rib.h"
#include "control/routes/route_source.h"

namespace bgw::control {

struct GatewayTable {
  GatewayRoutes routes;
  GatewayHistory history;
};

// `attached`: the gateway's attachments in document order. `previous`: its arrivals before the
// commit. `stream`: what a stream has told.
GatewayTable compute_gateway(const config::Gateway& gateway, std::span<const AttachedVpc> attached,
                             std::span<const Arrival> previous, const GatewayStream& stream = {});

// The steps, for one or for many prefixes.

// What a route through an attachment that the gateway has not is unavailable for.
std::optional<std::string> not_attached(const std::string& attachment);
// The same of any next hop that a gateway's route has; `of_attachment` answers for attachments.
template <typename OfAttachment>
std::optional<std::string> why_unavailable(const config::Gateway& gateway, const NextHop& hop,
                                           OfAttachment of_attachment) {
  if (const auto* to = std::get_if<ToAttachment>(&hop)) return of_attachment(to->attachment);
  const auto* outside = std::get_if<ToOutside>(&hop);
  return outside == nullptr ? std::nullopt : why_unavailable(gateway, outside->interface);
}
Decision unavailable(const std::string& why);
Route propagated_route(const Arrival& arrival, Decision decision);
// G3 and G4 for whole prefixes; the routes come out in listing order.
void settle_preferences(std::vector<Route>& routes);

}  // namespace bgw::control
