// How many objects there may be: what forwarding has room for.
#include <set>
#include <tuple>
#include <utility>

#include "config/rule_checks.h"

namespace bgw::config {
namespace {

// The first of a list that is too much is where it is reported.
void check_count(RuleContext& context, const char* list, std::size_t count, std::size_t most,
                 const char* what, std::size_t beside = 0) {
  if (count + beside <= most) return;
  context.report(Rule::count, fmt::format("{}[{}]", list, most > beside ? most - beside : 0),
                 fmt::format("there may be {} {}, and these are {}", most, what, count + beside));
}

std::size_t count_vteps(const ModelView& model) {
  std::set<std::pair<std::string_view, IpAddress>> vteps;
  for (std::size_t i = 0; i < model.vpcs.size(); ++i) {
    const auto& interface = model.vpcs[i].interface;
    const auto* vxlan = interface ? std::get_if<VxlanBinding>(&interface->binding) : nullptr;
    if (vxlan == nullptr) continue;
    for (const auto& remote : vxlan->remotes) vteps.emplace(vxlan->underlay, remote);
  }
  return vteps.size();
}

}  // namespace

void check_counts(RuleContext& context) {
  const auto& model = context.model;
  std::size_t outside = 0;
  for (const Gateway& gateway : model.gateways) outside += gateway.interfaces.size();
  check_count(context, "ports", model.ports.size(), max_ports, "ports");
  check_count(context, "vpcs", model.vpcs.size(), max_vpcs,
              "VPCs, underlays and outside interfaces", model.underlays.size() + outside);
  check_count(context, "attachments", model.attachments.size(), max_attachments,
              "attachments and outside interfaces", outside);
  check_count(context, "assertions", model.assertions.size(), max_assertions, "assertions");
  std::size_t tables = model.gateways.size() + model.underlays.size() + 3 * outside, remotes = 0;
  for (std::size_t i = 0; i < model.vpcs.size(); ++i) {
    const auto& vpc = model.vpcs[i];
    tables += 1 + vpc.route_tables.size();  // one is for the source check
    const auto* vxlan =
        vpc.interface ? std::get_if<VxlanBinding>(&vpc.interface->binding) : nullptr;
    if (vxlan != nullptr) remotes += vxlan->remotes.size();
  }
  if (tables > max_tables) {
    context.report(Rule::count, "vpcs",
                   fmt::format("there may be {} forwarding tables (one for each gateway, "
                               "underlay, VPC and route table, three for each outside interface), "
                               "and these are {}",
                               max_tables, tables));
  }
  if (remotes <= max_vteps) return;
  if (const auto vteps = count_vteps(model); vteps > max_vteps) {
    context.report(Rule::count, "vpcs",
                   fmt::format("there may be {} remote VTEPs, and these are {}", max_vteps, vteps));
  }
}

}  // namespace bgw::config
