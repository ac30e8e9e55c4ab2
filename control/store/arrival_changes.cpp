#include "control/store/arrival_changes.h"

#include <string_view>
#include <unordered_map>

namespace bgw::control {
namespace {

bool same_route(const Arrival& one, const Arrival& other) {
  return one.prefix == other.prefix && one.attachment == other.attachment;
}

}  // namespace

// What stands in `after` is looked for in `before` from where the last one was found, and what is
// passed over is removed: a route that has moved comes up again, and then arrives anew, as all that
// follow it do.
void add_arrival_changes(const GatewayHistory& before, const GatewayHistory& after,
                         GenerationChanges& changes) {
  auto old = before.arrivals.begin();
  for (const auto& arrival : after.arrivals) {
    while (old != before.arrivals.end() && !same_route(*old, arrival)) {
      changes.arrivals_removed.push_back({before.gateway, *old++});
    }
    if (old == before.arrivals.end() || *old != arrival) {
      changes.arrivals_put.push_back({after.gateway, arrival});
    }
    if (old != before.arrivals.end()) ++old;
  }
  for (; old != before.arrivals.end(); ++old) {
    changes.arrivals_removed.push_back({before.gateway, *old});
  }
}

void add_arrival_changes(const History& before, const History& after, GenerationChanges& changes) {
  std::unordered_map<std::string_view, const GatewayHistory*> old;
  for (const auto& gateway : before.gateways) old.emplace(gateway.gateway, &gateway);
  for (const auto& gateway : after.gateways) {
    const auto found = old.find(gateway.gateway);
    const GatewayHistory none{gateway.gateway, {}};
    add_arrival_changes(found == old.end() ? none : *found->second, gateway, changes);
    if (found != old.end()) old.erase(found);
  }
  for (const auto& gateway : before.gateways) {
    if (!old.contains(gateway.gateway)) continue;
    add_arrival_changes(gateway, {gateway.gateway, {}}, changes);
  }
}

}  // namespace bgw::control
