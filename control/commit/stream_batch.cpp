#include "control/commit/stream_batch.h"

#include <algorithm>
#include <utility>

#include "control/routes/prefix_search.h"

namespace bgw::control {
namespace {

std::vector<RouteDelta> last_of_each(std::vector<RouteDelta> deltas) {
  std::ranges::stable_sort(deltas, {}, &RouteDelta::prefix);
  std::vector<RouteDelta> last;
  for (RouteDelta& delta : deltas) {
    if (!last.empty() && last.back().prefix == delta.prefix) {
      last.back() = std::move(delta);
    } else {
      last.push_back(std::move(delta));
    }
  }
  return last;
}

}  // namespace

StreamBatch::StreamBatch(std::string gateway, std::vector<RouteDelta> deltas)
    : gateway_(std::move(gateway)), deltas_(last_of_each(std::move(deltas))) {}

void StreamBatch::plan(RunningPointer running, const PlanIndex& index) {
  before_ = std::move(running);
  for (std::size_t i = 0; i < taken_; ++i) taken_before_.insert(routes_[i].prefix);
  update_ = update_routes(before_->routes, before_->model, gateway_, deltas_);
  plans_ = plan_changes(index, before_->routes, before_->model, update_, before_->model);
  plan_taken();
  routes_.clear();
  taken_ = 0;
  withdrawn_ = false;
  in_place_ = plans_.tables.empty() && plans_.sources.empty();
  if (!in_place_) return;
  for (GatewayTableChange& table : plans_.gateways) {
    for (PlanEntry& entry : table.put) {
      routes_.push_back({entry.prefix, std::move(entry.targets)});
    }
    for (const config::IpPrefix& prefix : table.gone) routes_.push_back({prefix, {}});
  }
}

void StreamBatch::plan_taken() {
  const GatewayRoutes* gateway = update_.state.rib.find_gateway(gateway_);
  if (gateway == nullptr || taken_before_.empty()) return;
  if (plans_.gateways.empty()) plans_.gateways.push_back({gateway_, false, {}, {}});
  GatewayTableChange& table = plans_.gateways.front();
  std::set<config::IpPrefix> missing = taken_before_;
  for (const PlanEntry& entry : table.put) missing.erase(entry.prefix);
  for (const config::IpPrefix& prefix : table.gone) missing.erase(prefix);
  for (const config::IpPrefix& prefix : missing) {
    if (const Route* route = valid_route_at(gateway->routes, prefix)) {
      table.put.push_back(plan_gateway_route(before_->model, gateway_, *route));
    } else {
      table.gone.push_back(prefix);
    }
  }
}

bool StreamBatch::refuse_all(const std::string& reason) {
  for (RouteDelta& delta : deltas_) {
    if (delta.candidates.empty()) continue;
    delta.candidates.clear();
    refused_.push_back({delta.prefix, reason});
    withdrawn_ = true;
  }
  return withdrawn_;
}

void StreamBatch::refuse_next(std::string reason) {
  StreamedRoute& route = routes_[taken_];
  const auto delta = std::ranges::lower_bound(deltas_, route.prefix, {}, &RouteDelta::prefix);
  const bool is_streamed =
      delta != deltas_.end() && delta->prefix == route.prefix && !delta->candidates.empty();
  refused_.push_back({route.prefix, std::move(reason)});
  if (is_streamed) {
    delta->candidates.clear();
    withdrawn_ = true;
    ++taken_;
  } else if (!route.targets.empty()) {
    // What comes after it, such as a static route. To drop is better than to forward by what is
    // gone.
    route.targets.clear();
  } else {
    ++taken_;
  }
}

}  // namespace bgw::control
