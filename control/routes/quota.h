// G5: how many dynamic routes a gateway admits.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "control/routes/compute_routes.h"
#include "control/routes/decision.h"

namespace bgw::control {

// Admits batches in order of arrival; the first that does not fit and all later ones are blocked.
// `decisions` runs parallel to `arrivals`.
void block_over_quota(std::optional<std::uint32_t> dynamic_routes,
                      std::span<const Arrival> arrivals, std::span<Decision> decisions);

}  // namespace bgw::control
