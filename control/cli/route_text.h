// Routes as the API gives them, for people.
#pragma once

#include <string>

#include "control/cli/command.h"

namespace bgw::cli {

// {"attachment":"att-b"} → "attachment att-b", {"interface":"edge-a","address":"192.0.2.2"} →
// "address 192.0.2.2 (edge-a)"; an ECMP group's members joined by ", ".
std::string next_hop_text(const Json& next_hop);

// One route on one line.
std::string route_line(const Json& route);

}  // namespace bgw::cli
