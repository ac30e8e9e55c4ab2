// RIB as JSON, in the form that `bgwd --print-routes` and `bgwctl -j route list` promise.
#pragma once

#include <ostream>
#include <span>

#include <nlohmann/json.hpp>

#include "control/routes/rib.h"

namespace bgw::control {

// {"prefix","origin","next_hop","status","reason"}; next_hop is a list for an ECMP group.
nlohmann::ordered_json to_json(const Route& route);
nlohmann::ordered_json to_json(std::span<const Route> routes);
// {"gateways":[{"name","routes":[…]}],"vpcs":[{"name","route_tables":[{"name","routes":[…]}]}]},
// VPC by VPC: with all imports spelled out a RIB may be larger than memory.
void write_json(const Rib& rib, std::ostream& out);

}  // namespace bgw::control
