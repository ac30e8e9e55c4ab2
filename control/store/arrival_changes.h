// How a gateway's order of arrival changes from one generation to the next.
#pragma once

#include "control/routes/compute_routes.h"
#include "control/store/store.h"

namespace bgw::control {

// Appends what leads from `before` to `after`, which may be of any number of gateways in any order.
// Pure; linear in both, and little when routes only go, come last or are accepted or no longer.
void add_arrival_changes(const History& before, const History& after, GenerationChanges& changes);

// Of one gateway.
void add_arrival_changes(const GatewayHistory& before, const GatewayHistory& after,
                         GenerationChanges& changes);

}  // namespace bgw::control
