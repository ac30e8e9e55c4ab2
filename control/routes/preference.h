// G3 and V2: which of several candidates for one prefix forwards.
#pragma once

#include <span>

#include "control/routes/rib.h"

namespace bgw::control {

// Members of an ECMP group at most.
inline constexpr std::size_t max_group = 4;

// Route type, lower wins. Next hops are all attachments, or none, and no route has a metric yet, so
// that this alone decides; a blackhole wins its prefix because it is static.
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

// Among the routes of one prefix that are still valid, the best stays so; the others become
// `invalid (preference, loses to …)`.
void keep_preferred(std::span<Route> same_prefix);

}  // namespace bgw::control
