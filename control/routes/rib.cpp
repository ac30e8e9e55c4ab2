#include "control/routes/rib.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bgw::control {

std::string_view to_string(Origin origin) {
  switch (origin) {
    case Origin::local:
      return "local";
    case Origin::connected:
      return "connected";
    case Origin::static_route:
      return "static";
    case Origin::propagated:
      return "propagated";
    case Origin::ebgp:
      return "ebgp";
    case Origin::ibgp:
      return "ibgp";
  }
  return "unknown";
}

std::string_view to_string(Status status) {
  switch (status) {
    case Status::valid:
      return "valid";
    case Status::invalid:
      return "invalid";
    case Status::shadowed:
      return "shadowed";
    case Status::blocked:
      return "blocked";
  }
  return "unknown";
}

namespace {

struct HopText {
  std::string operator()(const ToAttachment& hop) const { return hop.attachment; }
  std::string operator()(const ToOutside& hop) const {
    return fmt::format("{} ({})", hop.address.to_string(), hop.interface);
  }
  std::string operator()(const ToGateway& hop) const { return hop.gateway; }
  std::string operator()(const ToAddress& hop) const { return hop.address.to_string(); }
  std::string operator()(const ToLocal& hop) const { return hop.vpc; }
  std::string operator()(const ToBlackhole&) const { return "blackhole"; }
};

}  // namespace

std::string to_string(const NextHop& hop) {
  return std::visit(HopText{}, hop);
}

std::string describe(const Route& route) {
  const std::string name = fmt::format("{} {}", to_string(route.origin), route.prefix.to_string());
  if (route.origin == Origin::local || route.next_hops.empty()) return name;
  if (std::holds_alternative<ToBlackhole>(route.next_hops.front())) return name + " blackhole";
  std::vector<std::string> hops;
  for (const NextHop& hop : route.next_hops) hops.push_back(to_string(hop));
  return fmt::format("{} via {}", name, fmt::join(hops, ", "));
}

bool listed_before(const Route& a, const Route& b) {
  const auto key = [](const Route& r) {
    return std::make_tuple(std::cref(r.prefix), r.status != Status::valid, r.origin,
                           std::cref(r.next_hops), r.status, std::cref(r.reason));
  };
  return key(a) < key(b);
}

const GatewayDifference* Rib::find_difference(std::string_view a, std::string_view b,
                                              const config::IpPrefix& range) const {
  const std::tuple key{std::min(a, b), std::max(a, b), range};
  const auto key_of = [](const GatewayDifference& d) {
    return std::tuple{std::string_view(d.first), std::string_view(d.second), d.range};
  };
  const auto it = std::ranges::lower_bound(differences, key, {}, key_of);
  return it == differences.end() || key_of(*it) != key ? nullptr : &*it;
}

}  // namespace bgw::control
