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

// Into `ways`, whose memory is used again.
template <typename OfPropagation, typename OfStatic>
void collect(const config::Vpc& vpc, OfPropagation of_propagation, OfStatic of_static,
             WaysOut& ways) {
  ways.ranges.clear();
  ways.statics.clear();
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
}

void collect_imports(const config::Vpc& vpc, std::string_view gateway, WaysOut& ways) {
  collect(
      vpc, [&](const config::Propagation& each) { return each.gateway == gateway; },
      [&](const config::VpcStaticRoute& each) { return leads_to(each, gateway); }, ways);
}

void collect_all(const config::Vpc& vpc, WaysOut& ways) {
  collect(
      vpc, [](const config::Propagation&) { return true; },
      [](const config::VpcStaticRoute& each) { return !each.blackhole(); }, ways);
}

// Where a value is among the distinct ones. Most are as the one before.
class Distinct {
 public:
  explicit Distinct(std::vector<WaysOut>& values) : values_(values) {}
  std::size_t position_of(const WaysOut& ways) {
    if (last_ < values_.size() && values_[last_] == ways) return last_;
    const auto [found, is_new] = positions_.try_emplace(ways, values_.size());
    if (is_new) values_.push_back(ways);
    return last_ = found->second;
  }

 private:
  std::vector<WaysOut>& values_;
  std::map<WaysOut, std::size_t> positions_;
  std::size_t last_ = 0;
};

}  // namespace

bool WaysOut::lead_to(const config::IpPrefix& destination) const {
  return std::ranges::any_of(ranges, [&](const auto& r) { return r.contains(destination); }) ||
         std::ranges::any_of(statics, [&](const auto& to) { return to.overlaps(destination); });
}

GatewayReach::GatewayReach(const config::ValidModel& model, const config::Gateway& gateway) {
  Distinct imports(imports_), all(ways_out_);
  WaysOut ways;
  for (const auto& attachment : model.attachments()) {
    if (attachment.gateway != gateway.name) continue;
    const auto& vpc = *model.vpcs().find(attachment.vpc);
    positions_.emplace(&vpc, members_.size());
    auto& member = members_.emplace_back(Member{&attachment, &vpc, 0, 0, {}});
    collect_imports(vpc, gateway.name, ways);
    member.imports = imports.position_of(ways);
    collect_all(vpc, ways);
    member.ways_out = all.position_of(ways);
    member.routes = advertised({&attachment, &vpc});
    for (const auto& prefix : member.routes) routes_.push_back({prefix, &vpc});
  }
  add_static_routes(model, gateway);
  std::ranges::stable_sort(routes_, {}, &Route::prefix);
}

void GatewayReach::add_static_routes(const config::ValidModel& model,
                                     const config::Gateway& gateway) {
  for (const auto& route : gateway.static_routes) {
    for (const auto& via : route.via) {
      const auto* to = std::get_if<config::ViaAttachment>(&via);
      if (to == nullptr) {
        outside_.push_back(route.to);
        break;
      }
      const auto* attachment = model.attachments().find(to->attachment);
      const auto* vpc = model.vpcs().find(attachment->vpc);
      routes_.push_back({route.to, vpc});
      members_[positions_.at(vpc)].routes.push_back(route.to);
    }
  }
}

const GatewayReach::Member* GatewayReach::find(const config::Vpc& vpc) const {
  const auto found = positions_.find(&vpc);
  return found == positions_.end() ? nullptr : &members_[found->second];
}

const GatewayReach::Prefixes& GatewayReach::routes_to(const config::Vpc& vpc) const {
  static const Prefixes none;
  const auto* member = find(vpc);
  return member == nullptr ? none : member->routes;
}

bool GatewayReach::leads_outside(const config::IpPrefix& range) const {
  return std::ranges::any_of(outside_, [&](const auto& prefix) { return range.contains(prefix); });
}

// Prefixes sort by address, then length: one is followed by all that are inside it.
std::vector<GatewayReach::Route>::const_iterator GatewayReach::first_inside(
    const config::IpPrefix& range) const {
  return std::ranges::lower_bound(routes_, range, {}, &Route::prefix);
}

}  // namespace bgw::control
