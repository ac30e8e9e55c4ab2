#include "control/routes/route_source.h"

#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "control/routes/availability.h"

namespace bgw::control {
namespace {

// The members that are available as one candidate, and each of the others with its reason; without
// any that is, all of them as one.
void append_judged(Route route, const WhyUnavailable& why_unavailable,
                   std::vector<Route>& candidates) {
  std::vector<NextHop> available, unavailable;
  std::vector<std::string> reasons;
  for (const NextHop& hop : route.next_hops) {
    const auto why = why_unavailable(hop);
    (why ? unavailable : available).push_back(hop);
    if (why) reasons.push_back(*why);
  }
  if (available.empty()) {
    route.status = Status::invalid;
    route.reason = fmt::format("unavailable: {}", fmt::join(reasons, ", "));
    candidates.push_back(std::move(route));
    return;
  }
  for (std::size_t i = 0; i < unavailable.size(); ++i) {
    candidates.push_back({route.prefix,
                          route.origin,
                          {unavailable[i]},
                          Status::invalid,
                          "unavailable: " + reasons[i]});
  }
  route.next_hops = std::move(available);
  candidates.push_back(std::move(route));
}

}  // namespace

void StaticSource::append(const config::GatewayStaticRoute& configured,
                          std::vector<Route>& candidates) const {
  Route route{configured.to, Origin::static_route, {}, Status::valid, {}};
  for (const auto& via : configured.via) {
    if (const auto* to = std::get_if<config::ViaAttachment>(&via)) {
      route.next_hops.emplace_back(ToAttachment{to->attachment});
    } else {
      const auto& address = std::get<config::ViaAddress>(via).address;
      route.next_hops.emplace_back(ToOutside{interface_beside(gateway_, address)->name, address});
    }
  }
  if (configured.blackhole()) {
    route.next_hops.emplace_back(ToBlackhole{});
    candidates.push_back(std::move(route));
  } else {
    append_judged(std::move(route), why_unavailable_, candidates);
  }
}

void StaticSource::append_at(const config::IpPrefix& prefix, std::vector<Route>& candidates) const {
  for (const auto& configured : gateway_.static_routes) {
    if (configured.to == prefix) append(configured, candidates);
  }
}

void StaticSource::append_all(std::vector<Route>& candidates) const {
  for (const auto& configured : gateway_.static_routes) append(configured, candidates);
}

void StreamSource::append_at(const config::IpPrefix& prefix, std::vector<Route>& candidates) const {
  for (const Route& route : stream_.routes.at(prefix)) {
    append_judged(route, why_unavailable_, candidates);
  }
}

void StreamSource::append_all(std::vector<Route>& candidates) const {
  for (const Route& route : stream_.routes) append_judged(route, why_unavailable_, candidates);
}

}  // namespace bgw::control
