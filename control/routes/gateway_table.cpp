#include "control/routes/gateway_table.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include "control/routes/decision.h"
#include "control/routes/overlap.h"
#include "control/routes/preference.h"
#include "control/routes/quota.h"

namespace bgw::control {
namespace {

// By attachment: why it is unavailable, or nothing.
using Availability = std::unordered_map<std::string_view, std::optional<std::string>>;

Availability availability_of(std::span<const AttachedVpc> attached) {
  Availability result;
  for (const AttachedVpc& one : attached) {
    result.emplace(one.attachment->name, why_unavailable(*one.vpc));
  }
  return result;
}

void drop_unavailable(const Availability& availability, std::span<const Arrival> arrivals,
                      std::span<Decision> decisions) {
  for (std::size_t i = 0; i < arrivals.size(); ++i) {
    const auto& why = availability.at(arrivals[i].attachment);
    if (decisions[i].open() && why) decisions[i] = unavailable(*why);
  }
}

}  // namespace

Route propagated_route(const Arrival& arrival, Decision decision) {
  return {arrival.prefix,
          Origin::propagated,
          {ToAttachment{arrival.attachment}},
          decision.status,
          std::move(decision.reason)};
}

std::optional<std::string> not_attached(const std::string& attachment) {
  return fmt::format("no attachment {} here", attachment);
}

Decision unavailable(const std::string& why) {
  return {Status::invalid, "unavailable: " + why};
}

void settle_preferences(std::vector<Route>& routes) {
  std::ranges::sort(routes, listed_before);
  for (auto first = routes.begin(); first != routes.end();) {
    const auto last = std::find_if(first, routes.end(),
                                   [&](const Route& r) { return r.prefix != first->prefix; });
    keep_preferred({first, last});
    first = last;
  }
  std::ranges::sort(routes, listed_before);
}

GatewayTable compute_gateway(const config::Gateway& gateway, std::span<const AttachedVpc> attached,
                             std::span<const Arrival> previous, const GatewayStream& stream) {
  const Availability availability = availability_of(attached);
  std::vector<Arrival> arrivals = update_arrivals(attached, previous);
  std::vector<Decision> decisions(arrivals.size());
  block_over_quota(gateway.quotas.dynamic_routes, arrivals, decisions);
  drop_unavailable(availability, arrivals, decisions);
  settle_overlaps(gateway.overlap, arrivals, decisions);

  std::vector<Route> routes;
  routes.reserve(arrivals.size() + gateway.static_routes.size());
  const WhyUnavailable why_of = [&](const NextHop& hop) {
    return why_unavailable(gateway, hop, [&](const std::string& attachment) {
      const auto known = availability.find(attachment);
      return known == availability.end() ? not_attached(attachment) : known->second;
    });
  };
  StaticSource(gateway, why_of).append_all(routes);
  StreamSource(stream, why_of).append_all(routes);
  for (std::size_t i = 0; i < arrivals.size(); ++i) {
    routes.push_back(propagated_route(arrivals[i], std::move(decisions[i])));
  }
  settle_preferences(routes);
  return {{gateway.name, RouteList(std::move(routes))}, {gateway.name, std::move(arrivals)}};
}

}  // namespace bgw::control
