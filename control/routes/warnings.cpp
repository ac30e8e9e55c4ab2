#include "control/routes/warnings.h"

#include <set>
#include <string_view>

#include <fmt/format.h>

#include "control/routes/assertion_warnings.h"
#include "control/routes/object_warnings.h"
#include "control/routes/reach.h"
#include "control/routes/reach_warnings.h"

namespace bgw::control {
namespace {

using config::ValidModel;
using Names = std::set<std::string_view>;

// Nobody reads more, and to find them out keeps commits waiting.
constexpr std::size_t most_warnings = 100;

// What differs, by name: VPCs also where an attachment of theirs does, gateways where anything
// does that routes go by.
struct Touched {
  Names ports, vpcs, underlays, gateways, changed_gateways;
};

Touched touched(const ValidModel& before, const ValidModel& after) {
  Touched names;
  config::for_each_difference(before.ports(), after.ports(), [&](const auto&, const auto& now) {
    if (now) names.ports.insert(now->name);
  });
  config::for_each_difference(before.vpcs(), after.vpcs(), [&](const auto&, const auto& now) {
    if (now) names.vpcs.insert(now->name);
  });
  config::for_each_difference(before.underlays(), after.underlays(),
                              [&](const auto&, const auto& now) {
                                if (now) names.underlays.insert(now->name);
                              });
  config::for_each_difference(before.gateways(), after.gateways(),
                              [&](const auto&, const auto& now) {
                                if (now) names.changed_gateways.insert(now->name);
                              });
  config::for_each_difference(before.attachments(), after.attachments(),
                              [&](const auto&, const auto& now) {
                                if (now) names.vpcs.insert(now->vpc);
                              });
  for (const auto& attachment : after.attachments()) {
    if (names.vpcs.contains(attachment.vpc)) names.gateways.insert(attachment.gateway);
  }
  return names;
}

}  // namespace

std::vector<std::string> find_warnings(const ValidModel& before, const ValidModel& after) {
  const auto names = touched(before, after);
  std::vector<std::string> warnings;
  for (const auto name : names.ports) warn_of_port(*after.ports().find(name), warnings);
  for (const auto& vpc : after.vpcs()) {
    if (names.vpcs.contains(vpc.name)) warn_of_vpc(vpc, warnings);
  }
  for (const auto name : names.underlays) warn_of_underlay(*after.underlays().find(name), warnings);
  for (const auto& gateway : after.gateways()) {
    if (names.changed_gateways.contains(gateway.name)) warn_of_gateway(after, gateway, warnings);
    if (!names.gateways.contains(gateway.name)) continue;
    const GatewayReach reach(after, gateway);
    warn_of_reach(
        gateway, reach, [&](const config::Vpc& vpc) { return names.vpcs.contains(vpc.name); },
        warnings);
  }
  warn_of_assertions(before, after, warnings);
  if (warnings.size() > most_warnings) {
    const auto more = warnings.size() - most_warnings;
    warnings.resize(most_warnings);
    warnings.push_back(fmt::format("… and {} more warnings", more));
  }
  return warnings;
}

std::vector<std::string> find_warnings(const ValidModel& model) {
  static const ValidModel nothing;
  return find_warnings(nothing, model);
}

}  // namespace bgw::control
