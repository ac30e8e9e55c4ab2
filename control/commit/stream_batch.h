// A batch of a route stream on its way into force.
#pragma once

#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "control/commit/running.h"
#include "control/fib/fib_programmer.h"
#include "control/routes/plan_changes.h"
#include "control/routes/route_source.h"
#include "control/routes/route_update.h"

namespace bgw::control {

// A route that the tables have no room for, and why; the stream has none for its prefix now.
struct RefusedRoute {
  config::IpPrefix prefix;
  std::string reason;
};

// What routes become by a batch, and what of the gateway's table is still to be changed. Any
// thread, one at a time.
class StreamBatch {
 public:
  // Of a prefix that is named twice the last delta counts.
  StreamBatch(std::string gateway, std::vector<RouteDelta> deltas);

  // Works out what follows from the batch on top of `running`; the table is to take all of it, and
  // what it has taken of an earlier plan, as it is by this one.
  void plan(RunningPointer running, const PlanIndex& index);
  const RunningPointer& before() const { return before_; }

  // Nothing but routes of the gateway's own table changes: they can go into the running one.
  bool is_in_place() const { return in_place_; }
  // In the other case.
  PlanChanges take_plans() { return std::move(plans_); }

  std::span<const StreamedRoute> rest() const { return std::span(routes_).subspan(taken_); }
  void took(std::size_t routes) { taken_ += routes; }
  // The table can't hold the first of rest().
  void refuse_next(std::string reason);
  // The tables can't hold what follows. False when the batch has no routes, so that others can't.
  bool refuse_all(const std::string& reason);
  // Since plan(): it has to be called again, as if the stream had withdrawn what was refused.
  bool has_to_be_planned_again() const { return withdrawn_; }

  const std::string& gateway() const { return gateway_; }
  RouteUpdate take_update() { return std::move(update_); }
  std::vector<RefusedRoute> take_refused() { return std::move(refused_); }

 private:
  void plan_taken();

  std::string gateway_;
  std::vector<RouteDelta> deltas_;  // sorted by prefix
  RunningPointer before_;
  RouteUpdate update_;
  PlanChanges plans_;
  std::vector<StreamedRoute> routes_;
  std::size_t taken_ = 0;
  std::set<config::IpPrefix> taken_before_;  // of earlier plans
  bool in_place_ = false;
  bool withdrawn_ = false;
  std::vector<RefusedRoute> refused_;
};

}  // namespace bgw::control
