#include "control/routes/route_source.h"

#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bgw::control {
namespace {

// Leaves the members that are available, or all of them and the reasons.
void keep_available(Route& route, const WhyUnavailable& why_unavailable) {
  std::vector<NextHop> available;
  std::vector<std::string> reasons;
  for (const NextHop& hop : route.next_hops) {
    const auto* to = std::get_if<ToAttachment>(&hop);
    const auto why = to == nullptr ? std::nullopt : why_unavailable(to->attachment);
    if (why) {
      reasons.push_back(*why);
    } else {
      available.push_back(hop);
    }
  }
  if (!available.empty()) {
    route.next_hops = std::move(available);
  } else {
    route.status = Status::invalid;
    route.reason = fmt::format("unavailable: {}", fmt::join(reasons, ", "));
  }
}

}  // namespace

Route StaticSource::route(const config::GatewayStaticRoute& configured) const {
  Route route{configured.to, Origin::static_route, {}, Status::valid, {}};
  for (const config::ViaAttachment& via : configured.via) {
    route.next_hops.emplace_back(ToAttachment{via.attachment});
  }
  if (configured.blackhole()) {
    route.next_hops.emplace_back(ToBlackhole{});
  } else {
    keep_available(route, why_unavailable_);
  }
  return route;
}

void StaticSource::append_at(const config::IpPrefix& prefix, std::vector<Route>& candidates) const {
  for (const auto& configured : gateway_.static_routes) {
    if (configured.to == prefix) candidates.push_back(route(configured));
  }
}

void StaticSource::append_all(std::vector<Route>& candidates) const {
  for (const auto& configured : gateway_.static_routes) candidates.push_back(route(configured));
}

Route StreamSource::judged(Route route) const {
  keep_available(route, why_unavailable_);
  return route;
}

void StreamSource::append_at(const config::IpPrefix& prefix, std::vector<Route>& candidates) const {
  for (const Route& route : stream_.routes.at(prefix)) candidates.push_back(judged(route));
}

void StreamSource::append_all(std::vector<Route>& candidates) const {
  for (const Route& route : stream_.routes) candidates.push_back(judged(route));
}

}  // namespace bgw::control
