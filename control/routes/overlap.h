// G2: which of the propagated routes that overlap is accepted.
#pragma once

#include <span>

#include "config/model.h"
#include "control/routes/compute_routes.h"
#include "control/routes/decision.h"

namespace bgw::control {

// Accepts, of the arrivals whose decision is still open, first those accepted before the change,
// then the others, both in order of arrival, each unless it conflicts with an accepted one of
// another attachment. Records the outcome in Arrival::accepted and the conflict in the decision.
void settle_overlaps(config::OverlapMode mode, std::span<Arrival> arrivals,
                     std::span<Decision> decisions);

}  // namespace bgw::control
