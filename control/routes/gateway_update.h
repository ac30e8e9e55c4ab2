// One gateway's table from commit to commit: G1–G5 where something changes, and what follows.
#pragma once

#include <span>
#include <vector>

#include "config/valid_model.h"
#include "control/routes/arrival_list.h"
#include "control/routes/arrivals.h"
#include "control/routes/rib.h"
#include "control/routes/route_source.h"

namespace bgw::control {

// What is computed of one gateway.
struct GatewayState {
  GatewayRoutes routes;
  GatewayArrivals arrivals;
  GatewayStream stream{};
};

// An attachment of the gateway that changes, or whose VPC does. Null pointers where it isn't
// attached.
struct AttachmentChange {
  AttachedVpc before;
  AttachedVpc after;
};

struct GatewayUpdate {
  GatewayState state;
  // Where what is forwarded may differ: another route, or the same to another VPC. Sorted.
  std::vector<config::IpPrefix> changed;
};

// A gateway as from nothing, with the arrivals of before and what a stream has told.
GatewayState compute_state(const config::Gateway& gateway, const config::ValidModel& model,
                           const GatewayArrivals& before, GatewayStream stream);

// What compute_state() would give for `after` in `model`, in proportion to what changes. `changes`
// in the model's order of attachments; all that isn't among them is as it was.
GatewayUpdate update_gateway(const GatewayState& state, const config::Gateway& before,
                             const config::Gateway& after, const config::ValidModel& model,
                             std::span<const AttachmentChange> changes);

// The same when a stream tells something new, of each prefix once. In proportion to that, as long
// as nothing is decided about arrivals: they keep their state.
GatewayUpdate update_gateway(const GatewayState& state, const config::Gateway& gateway,
                             const config::ValidModel& model, std::vector<RouteDelta> deltas);

}  // namespace bgw::control
