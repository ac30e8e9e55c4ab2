#include "planned_walk.h"

#include "model_builder.h"

#include <algorithm>

namespace bgw::test {
namespace {

using Outcomes = std::vector<std::string>;

template <typename Entry>
const Entry* longest_match(const std::vector<Entry>& entries, const config::IpAddress& address) {
  const Entry* best = nullptr;
  for (const Entry& entry : entries) {
    if (!entry.prefix.contains(address)) continue;
    if (best == nullptr || entry.prefix.length > best->prefix.length) best = &entry;
  }
  return best;
}

std::string discard_name(control::DiscardReason reason) {
  switch (reason) {
    case control::DiscardReason::blackhole:
      return "drop blackhole";
    case control::DiscardReason::no_route:
      return "drop no_route";
    case control::DiscardReason::directed_broadcast:
      return "drop destination_broadcast";
    case control::DiscardReason::edge_to_edge:
      return "drop edge_to_edge";
  }
  return "drop for no known reason";
}

std::string nobodys_name(control::NobodysSource source) {
  return source == control::NobodysSource::own_address ? "drop source_own" : "drop source_no_host";
}

}  // namespace

void join_no_routes(Outcomes& outcomes) {
  const auto is_no_route = [](const std::string& outcome) { return outcome == "drop no_route"; };
  if (!outcomes.empty() && std::ranges::all_of(outcomes, is_no_route)) outcomes.resize(1);
}

PlannedWalk::PlannedWalk(const config::Model& model, const control::Rib& rib) {
  const config::ValidModel checked = valid(model);
  for (const control::GatewayRoutes& gateway : rib.gateways) {
    plans_[gateway.name] = plan_gateway_table(checked, gateway);
    for (const auto& interface : checked.gateways().find(gateway.name)->interfaces) {
      const std::string edge = gateway.name + "/" + interface.name;
      received_[edge] = control::plan_outside_received(gateway.name, interface);
      own_[edge] = control::plan_outside_table(gateway.name, interface);
      edge_sources_[edge] = control::plan_outside_sources(interface);
    }
  }
  for (std::size_t i = 0; i < rib.vpcs.size(); ++i) {
    const control::VpcRoutes& vpc = rib.vpcs[i];
    sources_[vpc.name] = plan_source_table(model.vpcs[i], vpc);
    for (const control::TableRoutes& table : vpc.tables) {
      plans_[vpc.name + "/" + table.name] = plan_vpc_table(model.vpcs[i], rib, vpc, table);
    }
  }
}

void PlannedWalk::follow(const control::Plan& plan, const std::string& vpc, bool delivery,
                         const config::IpAddress& destination, Outcomes& outcomes,
                         bool from_outside) const {
  const control::PlanEntry* entry = longest_match(plan, destination);
  if (entry == nullptr) {
    outcomes.push_back("drop no_route");
    return;
  }
  for (const control::PlanTarget& target : entry->targets) {
    if (std::holds_alternative<control::OnLink>(target)) {
      outcomes.push_back("deliver " + vpc + " " + destination.to_string());
    } else if (std::holds_alternative<control::Self>(target)) {
      outcomes.push_back("self " + vpc + " " + destination.to_string());
    } else if (const auto* neighbour = std::get_if<control::Neighbour>(&target)) {
      outcomes.push_back("deliver " + vpc + " " + neighbour->address.to_string());
    } else if (const auto* discard = std::get_if<control::Discard>(&target)) {
      outcomes.push_back(discard_name(discard->reason));
    } else if (const auto* into = std::get_if<control::DeliverIntoVpc>(&target)) {
      follow(plans_.at(into->vpc + "/main"), into->vpc, true, destination, outcomes);
    } else if (const auto* out = std::get_if<control::DeliverOutside>(&target)) {
      outcomes.push_back(from_outside ? "drop edge_to_edge"
                                      : "deliver " + out->gateway + "/" + out->interface + " " +
                                            out->address.to_string());
    } else if (delivery) {
      outcomes.push_back("drop routing_loop");
    } else {
      const auto& gateway = std::get<control::ContinueInGateway>(target).gateway;
      follow(plans_.at(gateway), gateway, true, destination, outcomes, from_outside);
    }
  }
}

Outcomes PlannedWalk::outcomes(const std::string& vpc, const config::IpAddress& source,
                               const config::IpAddress& destination) const {
  const control::SourceEntry* entry = longest_match(sources_.at(vpc), source);
  if (entry == nullptr) return {"drop source_spoofed"};
  if (const auto* nobodys = std::get_if<control::NobodysSource>(&entry->answer)) {
    return {nobodys_name(*nobodys)};
  }
  Outcomes outcomes;
  const auto& table = std::get<std::string>(entry->answer);
  follow(plans_.at(vpc + "/" + table), vpc, false, destination, outcomes);
  std::ranges::sort(outcomes);
  join_no_routes(outcomes);
  return outcomes;
}

Outcomes PlannedWalk::outcomes_from_outside(const std::string& gateway,
                                            const std::string& interface,
                                            const config::IpAddress& source,
                                            const config::IpAddress& destination) const {
  const std::string edge = gateway + "/" + interface;
  const control::PlanEntry* way_back = longest_match(plans_.at(gateway), source);
  if (way_back != nullptr &&
      !std::holds_alternative<control::DeliverOutside>(way_back->targets.front())) {
    return {"drop source_spoofed"};
  }
  const control::SourceEntry* entry = longest_match(edge_sources_.at(edge), source);
  if (entry == nullptr) return {"not even a default source"};
  if (const auto* nobodys = std::get_if<control::NobodysSource>(&entry->answer)) {
    return {nobodys_name(*nobodys)};
  }
  Outcomes outcomes;
  follow(received_.at(edge), edge, false, destination, outcomes, true);
  std::ranges::sort(outcomes);
  join_no_routes(outcomes);
  return outcomes;
}

Outcomes PlannedWalk::outcomes_of_own(const std::string& gateway, const std::string& interface,
                                      const config::IpAddress& destination) const {
  const std::string edge = gateway + "/" + interface;
  Outcomes outcomes;
  follow(own_.at(edge), edge, false, destination, outcomes);
  std::ranges::sort(outcomes);
  join_no_routes(outcomes);
  return outcomes;
}

}  // namespace bgw::test
