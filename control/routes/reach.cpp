#include "control/routes/reach.h"

#include <algorithm>
#include <map>
#include <utility>

#include "control/routes/arrivals.h"

namespace bgw::control {
namespace {

void sort_once(std::vector<config::IpPrefix>& prefixes) {
  std::ranges::sort(prefixes);
  prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());
}

bool leads_to(const config::VpcStaticRoute& route, std::string_view gateway) {
  return std::ranges::any_of(route.via, [&](const auto& hop) {
    const auto* via = std::get_if<config::ViaGateway>(&hop);
    return via != nullptr && via->gateway == gateway;
  });
}

template <typename OfPropagation, typename OfStatic>
WaysOut collect(const config::Vpc& vpc, OfPropagation of_propagation, OfStatic of_static) {
  WaysOut ways;
  for (const auto& table : vpc.route_tables) {
    for (const auto& propagation : table.propagations) {
      if (!of_propagation(propagation)) continue;
      ways.ranges.insert(ways.ranges.end(), propagation.ranges.begin(), propagation.ranges.end());
    }
    for (const auto& route : table.static_routes) {
      if (of_static(route)) ways.statics.push_back(route.to);
    }
  }
  sort_once(ways.ranges);
  sort_once(ways.statics);
  return ways;
}

// Where a value is among the distinct ones.
class Distinct {
 public:
  explicit Distinct(std::vector<WaysOut>& values) : values_(values) {}
  std::size_t position_of(WaysOut ways) {
    const auto [found, is_new] = positions_.try_emplace(std::move(ways), values_.size());
    if (is_new) values_.push_back(found->first);
    return found->second;
  }

 private:
  std::vector<WaysOut>& values_;
  std::map<WaysOut, std::size_t> positions_;
};

}  // namespace

bool WaysOut::lead_to(const config::IpPrefix& destination) const {
  return std::ranges::any_of(ranges, [&](const auto& r) { return r.contains(destination); }) ||
         std::ranges::any_of(statics, [&](const auto& to) { return to.overlaps(destination); });
}

WaysOut ways_out(const config::Vpc& vpc, std::string_view gateway) {
  return collect(
      vpc, [&](const config::Propagation& each) { return each.gateway == gateway; },
      [&](const config::VpcStaticRoute& each) { return leads_to(each, gateway); });
}

WaysOut ways_out(const config::Vpc& vpc) {
  return collect(
      vpc, [](const config::Propagation&) { return true; },
      [](const config::VpcStaticRoute& each) { return !each.blackhole(); });
}

GatewayReach::GatewayReach(const config::ValidModel& model, const config::Gateway& gateway) {
  Distinct imports(imports_), ways(ways_out_);
  for (const auto& attachment : model.attachments()) {
    if (attachment.gateway != gateway.name) continue;
    const auto& vpc = *model.vpcs().find(attachment.vpc);
    positions_.emplace(&vpc, members_.size());
    members_.push_back({&attachment, &vpc, imports.position_of(ways_out(vpc, gateway.name)),
                        ways.position_of(ways_out(vpc))});
    for (const auto& prefix : advertised({&attachment, &vpc})) add_route(prefix, vpc);
  }
  for (const auto& route : gateway.static_routes) {
    for (const auto& via : route.via) {
      const auto* attachment = model.attachments().find(via.attachment);
      add_route(route.to, *model.vpcs().find(attachment->vpc));
    }
  }
  std::ranges::stable_sort(routes_, {}, &Route::prefix);
}

void GatewayReach::add_route(const config::IpPrefix& prefix, const config::Vpc& vpc) {
  routes_.push_back({prefix, &vpc});
  routes_to_[&vpc].push_back(prefix);
}

const GatewayReach::Member* GatewayReach::find(const config::Vpc& vpc) const {
  const auto found = positions_.find(&vpc);
  return found == positions_.end() ? nullptr : &members_[found->second];
}

const GatewayReach::Prefixes& GatewayReach::routes_to(const config::Vpc& vpc) const {
  static const Prefixes none;
  const auto found = routes_to_.find(&vpc);
  return found == routes_to_.end() ? none : found->second;
}

// Prefixes sort by address, then length: one is followed by all that are inside it.
std::vector<GatewayReach::Route>::const_iterator GatewayReach::first_inside(
    const config::IpPrefix& range) const {
  return std::ranges::lower_bound(routes_, range, {}, &Route::prefix);
}

}  // namespace bgw::control
