// G3 and V2: which of several candidates for one prefix forwards.
#pragma once

#include <span>
#include <variant>

#include "control/routes/rib.h"

namespace bgw::control {

// Members of an ECMP group at most.
inline constexpr std::size_t max_group = 4;

// Where it leads, lower wins and is compared first: to a VPC before outside. A blackhole, which is
// static, wins its prefix. In a VPC's table all are alike.
constexpr unsigned next_hop_preference(const NextHop& hop) {
  if (std::holds_alternative<ToAttachment>(hop)) return 100;
  if (std::holds_alternative<ToOutside>(hop)) return 120;
  return 0;
}

// Route type, lower wins. No route has a metric yet.
constexpr unsigned route_type_preference(Origin origin) {
  switch (origin) {
    case Origin::local:
    case Origin::connected:
      return 0;
    case Origin::static_route:
      return 100;
    case Origin::propagated:
      return 120;
    case Origin::ebgp:
      return 150;
    case Origin::ibgp:
      return 200;
  }
  return 255;
}

// "preference, loses to static 10.2.0.0/16 via att-c"
std::string loses_to(const Route& winner);

// The route as it was before keep_preferred() looked at it.
Route before_preference(Route route);

// Among the routes of one prefix that are still valid, the best stays so; the others become
// `invalid (preference, loses to …)`.
void keep_preferred(std::span<Route> same_prefix);

}  // namespace bgw::control
