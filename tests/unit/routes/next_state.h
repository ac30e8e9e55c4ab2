// A configuration with its routes and who reaches whom, and the next one made of it as commits do.
#pragma once

#include "config/valid_model.h"
#include "control/routes/plan_changes.h"
#include "control/routes/reachability.h"
#include "control/routes/route_update.h"
#include "model_builder.h"

namespace bgw::test {

struct State {
  config::ValidModel model;
  control::RouteState routes;
  control::Reachability reach;
};

inline State next_state(const State& state, control::PlanIndex& index, const config::Model& next) {
  State after;
  after.model = valid(next).shared_with(state.model);
  const auto update = control::update_routes(state.routes, state.model, after.model);
  const auto plans = control::plan_changes(index, state.routes, state.model, update, after.model);
  for (const auto& [table, reads] : plans.reads) index.put(table, reads);
  after.routes = update.state;
  after.reach = control::updated(state.reach, plans, after.model);
  control::complete(after.reach, after.model, after.routes.rib);
  return after;
}

}  // namespace bgw::test
