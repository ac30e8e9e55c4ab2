#include "control/routes/preference.h"

#include <string_view>
#include <utility>

namespace bgw::control {

namespace {

constexpr std::string_view lost = "preference, loses to ";

// The next hops of a route are of one kind.
std::pair<unsigned, unsigned> preference(const Route& route) {
  const unsigned where = route.next_hops.empty() ? 0 : next_hop_preference(route.next_hops.front());
  return {where, route_type_preference(route.origin)};
}

}  // namespace

std::string loses_to(const Route& winner) {
  return std::string(lost) + describe(winner);
}

Route before_preference(Route route) {
  if (route.status == Status::invalid && route.reason.starts_with(lost)) {
    route.status = Status::valid;
    route.reason.clear();
  }
  return route;
}

void keep_preferred(std::span<Route> same_prefix) {
  const Route* winner = nullptr;
  for (const Route& route : same_prefix) {
    if (route.status != Status::valid) continue;
    if (winner == nullptr || preference(route) < preference(*winner)) winner = &route;
  }
  for (Route& route : same_prefix) {
    if (route.status != Status::valid || &route == winner) continue;
    route.status = Status::invalid;
    route.reason = loses_to(*winner);
  }
}

}  // namespace bgw::control
