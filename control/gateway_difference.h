// Which of their valid prefixes gateways have in common, where tables import the same range from
// several of them.
#pragma once

#include <cstddef>
#include <vector>

#include "control/rib.h"

namespace bgw::control {

// Gateways that differ in more prefixes are taken for different altogether.
inline constexpr std::size_t differences_listed = 1000;

// For Rib::differences: of every two gateways that are first and later among those that a table
// imports one range from. Takes the sum of these gateways' routes.
std::vector<GatewayDifference> differences_of(const Rib& rib);

}  // namespace bgw::control
