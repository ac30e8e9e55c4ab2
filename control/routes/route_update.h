// Routes from commit to commit, in proportion to what changes: what compute_routes() computes from
// nothing, computed from what was.
#pragma once

#include <string>
#include <vector>

#include "config/objects.h"
#include "config/valid_model.h"
#include "control/routes/arrival_list.h"
#include "control/routes/compute_routes.h"
#include "control/routes/gateway_difference.h"
#include "control/routes/rib.h"
#include "control/routes/route_source.h"

namespace bgw::control {

// What is computed of a model, and what is needed to go on from there. Cheap to copy; states of
// which one was computed from the other share what is the same in both.
struct RouteState {
  Rib rib;
  config::Objects<GatewayArrivals> arrivals;  // by gateway, as in the RIB
  config::Objects<GatewayStream> streams;     // of gateways that streams have told of
  GatewayPairs pairs;                         // pairs_of(rib)
};

// Where a gateway's table may forward differently.
struct GatewayChange {
  std::string gateway;
  std::vector<config::IpPrefix> prefixes;  // sorted
};

// What a store has to know of a gateway's arrivals.
struct ArrivalChange {
  std::string gateway;
  std::vector<Arrival> removed;
  std::vector<Arrival> put;  // in order of arrival: new, or accepted now and not before …
};

struct RouteChanges {
  std::vector<GatewayChange> gateways;   // that are in both models
  std::vector<GatewayPair> differences;  // whose GatewayDifference is another one, or came, or went
  std::vector<ArrivalChange> arrivals;
};

struct RouteUpdate {
  RouteState state;
  RouteChanges changes;
};

// As compute_routes(model, history), with what streams have told.
RouteState compute_state(const config::ValidModel& model, const History& history,
                         const config::Objects<GatewayStream>& streams = {});

// `state` is of the model `before`; its result for `after` equals compute_state(after, history of
// state), and shares with `state` what is the same. What changes is known by its address: models
// that come from texts should be `shared_with(before)`. Pure; any thread.
RouteUpdate update_routes(const RouteState& state, const config::ValidModel& before,
                          const config::ValidModel& after);

// What `state`, of `model`, becomes when a stream tells something new of one of its gateways. In
// proportion to that: this is the lane for many changes of one table, beside that of commits. A
// gateway that is gone changes nothing.
RouteUpdate update_routes(const RouteState& state, const config::ValidModel& model,
                          const std::string& gateway, std::vector<RouteDelta> deltas);

History history_of(const RouteState& state);

}  // namespace bgw::control
