// Which of their valid prefixes gateways have in common, where tables import the same range from
// several of them.
#pragma once

#include <cstddef>
#include <vector>

#include "control/routes/rib.h"

namespace bgw::control {

// What is compared for one RIB, so that it stays in proportion whatever is configured. Gateways are
// taken for different altogether where that does not suffice.
struct DifferenceLimits {
  std::size_t listed = 1000;            // prefixes, of two gateways in a range
  std::size_t listed_in_all = 1000000;  // prefixes
  std::size_t compared = 20000000;      // routes
};

// For Rib::differences.
std::vector<GatewayDifference> differences_of(const Rib& rib, DifferenceLimits limits = {});

}  // namespace bgw::control
