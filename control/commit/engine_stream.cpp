// The engine's lane for streams of routes, beside that of commits.
#include <utility>

#include "control/commit/engine.h"
#include "control/commit/served.h"

namespace bgw::control {

tl::expected<std::vector<RefusedRoute>, Refusal> Engine::apply_stream(
    std::string gateway, std::vector<RouteDelta> deltas) {
  stream(std::move(gateway), std::move(deltas));
  std::vector<RefusedRoute> refused;
  while (is_streaming()) {
    if (auto built = build_stream(); !built) return tl::unexpected(std::move(built.error()));
    refused = publish_stream();
    reclaim();
  }
  return refused;
}

void Engine::stream(std::string gateway, std::vector<RouteDelta> deltas) {
  batch_.emplace(std::move(gateway), std::move(deltas));
}

tl::expected<void, Refusal> Engine::build_stream() {
  reclaim();
  if (pending_ || unsettled_) {
    return tl::unexpected(Refusal{
        "the tables of the last change are not yet what every worker uses; the routes wait"});
  }
  part_ = {};
  bool done = false;
  while (!done) {
    if (batch_->before() != running_ || batch_->has_to_be_planned_again()) {
      batch_->plan(running_, plan_index_);
    }
    auto built = batch_->is_in_place() ? change_in_place() : build_beside();
    if (!built) {
      batch_.reset();
      return tl::unexpected(std::move(built.error()));
    }
    done = *built;
  }
  return {};
}

// Both of these: false when routes were refused, so that others take their place.
tl::expected<bool, Refusal> Engine::change_in_place() {
  while (!batch_->rest().empty()) {
    Streamed streamed = programmer_.stream(batch_->gateway(), batch_->rest());
    batch_->took(streamed.applied);
    if (streamed.snapshot) {
      part_.fib = std::move(streamed.snapshot);
      return true;
    }
    if (!streamed.refusal.empty()) batch_->refuse_next(std::move(streamed.refusal));
  }
  if (batch_->has_to_be_planned_again()) return false;
  PlanChanges plans;
  plans.gateways.push_back({batch_->gateway(), false, {}, {}});
  finish_batch(updated(running_->reach, plans, running_->model));
  return true;
}

// VPC tables follow, so that workers get all of it at once, as with a commit.
tl::expected<bool, Refusal> Engine::build_beside() {
  const Running& before = *running_;
  PlanChanges plans = batch_->take_plans();
  Reachability reach = updated(before.reach, plans, before.model);
  auto fib =
      programmer_.prepare({before.generation, before.model, before.model, std::move(plans.tables),
                           std::move(plans.sources), std::move(plans.gateways)},
                          programmed_ports_);
  if (!fib) {
    if (batch_->refuse_all(fib.error())) return false;
    return tl::unexpected(Refusal{std::move(fib.error())});
  }
  part_.fib = std::move(*fib);
  part_.reads = std::move(plans.reads);
  finish_batch(std::move(reach));
  return true;
}

void Engine::finish_batch(Reachability reach) {
  const Running& before = *running_;
  part_.update = batch_->take_update();
  part_.next = std::make_shared<const Running>(
      Running{before.generation, before.model, std::move(part_.update.state), before.confirmation,
              std::move(reach), before.broken});
}

std::vector<RefusedRoute> Engine::publish_stream() {
  if (part_.fib) {
    for (auto* observer : observers_) observer->before_publication();
    part_.fib->rx_queues = queues(running_->model, programmed_ports_);
    unsettled_ = !plane_.publish(std::move(part_.fib));
    programmer_.published();
    if (!unsettled_) settle();
  } else {
    // Memory that routes gave up in place may be used again once workers have passed.
    reclaimable_ = reclaimable_ || plane_.grace_period(tidy_limit);
  }
  if (!part_.next) return {};
  std::swap(running_, part_.next);
  for (auto* observer : observers_) observer->streamed(*running_, part_.update.changes);
  auto refused = batch_->take_refused();
  batch_.reset();
  return refused;
}

}  // namespace bgw::control
