#include "control/routes/preference.h"

namespace bgw::control {

std::string loses_to(const Route& winner) {
  return "preference, loses to " + describe(winner);
}

void keep_preferred(std::span<Route> same_prefix) {
  const Route* winner = nullptr;
  for (const Route& route : same_prefix) {
    if (route.status != Status::valid) continue;
    if (winner == nullptr ||
        route_type_preference(route.origin) < route_type_preference(winner->origin)) {
      winner = &route;
    }
  }
  for (Route& route : same_prefix) {
    if (route.status != Status::valid || &route == winner) continue;
    route.status = Status::invalid;
    route.reason = loses_to(*winner);
  }
}

}  // namespace bgw::control
