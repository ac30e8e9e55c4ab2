#include "control/routes/assertion_warnings.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "control/routes/assertion_pairs.h"

namespace bgw::control {
namespace {

using config::Assertion;
using config::IpPrefix;
using config::ValidModel;
using Vpcs = std::vector<const config::Vpc*>;
using Warnings = std::vector<std::string>;

Vpcs fitting(const ValidModel& model, const std::vector<std::string>& patterns) {
  Vpcs vpcs;
  for (const auto& vpc : model.vpcs()) {
    if (fits(patterns, vpc.name)) vpcs.push_back(&vpc);
  }
  return vpcs;
}

void warn_of_names(const Assertion& assertion, std::string_view key,
                   const std::vector<std::string>& patterns, const Vpcs& vpcs, Warnings& warnings) {
  for (const auto& pattern : patterns) {
    const bool is_used = std::ranges::any_of(
        vpcs, [&](const config::Vpc* vpc) { return fits(std::vector{pattern}, vpc->name); });
    if (is_used) continue;
    warnings.push_back(fmt::format(
        "assertion {}: {}: no vpc is named {}, so it says nothing of any; mend the name, or take "
        "it out",
        assertion.name, key, pattern));
  }
}

// Only hosts of subnets have to be reachable; what must not be reached may be behind a router.
void warn_of_prefixes(const Assertion& assertion, const Vpcs& vpcs, Warnings& warnings) {
  if (assertion.expect != config::Expectation::reachable || vpcs.empty()) return;
  for (const IpPrefix& prefix : assertion.to.prefixes) {
    const bool is_used = std::ranges::any_of(vpcs, [&](const config::Vpc* vpc) {
      return std::ranges::any_of(
          vpc->subnets, [&](const config::Subnet& subnet) { return subnet.cidr.overlaps(prefix); });
    });
    if (is_used) continue;
    warnings.push_back(fmt::format(
        "assertion {}: to.prefixes: no subnet of these VPCs has addresses of {}, so nothing is "
        "expected of it",
        assertion.name, prefix.to_string()));
  }
}

void warn_of(const ValidModel& model, const Assertion& assertion, Warnings& warnings) {
  const Vpcs from = fitting(model, assertion.from.vpcs), to = fitting(model, assertion.to.vpcs);
  warn_of_names(assertion, "from.vpcs", assertion.from.vpcs, from, warnings);
  warn_of_names(assertion, "to.vpcs", assertion.to.vpcs, to, warnings);
  warn_of_prefixes(assertion, to, warnings);
  if (from.size() == 1 && from == to) {
    warnings.push_back(fmt::format(
        "assertion {}: {} alone is on both sides, and nothing is said of what a VPC reaches in "
        "itself",
        assertion.name, from.front()->name));
  }
}

}  // namespace

void warn_of_assertions(const ValidModel& before, const ValidModel& after,
                        std::vector<std::string>& warnings) {
  if (after.assertions().empty()) return;
  std::vector<std::string_view> gone;
  config::for_each_difference(before.vpcs(), after.vpcs(), [&](const auto& old, const auto& now) {
    if (!now || (old && old->subnets != now->subnets)) gone.push_back(old ? old->name : now->name);
  });
  for (const auto& assertion : after.assertions().pointers()) {
    const auto& old = before.assertions().find_shared(assertion->name);
    const bool is_same = old && (old == assertion || *old == *assertion);
    const bool is_touched = std::ranges::any_of(gone, [&](std::string_view name) {
      return fits(assertion->from.vpcs, name) || fits(assertion->to.vpcs, name);
    });
    if (!is_same || is_touched) warn_of(after, *assertion, warnings);
  }
}

}  // namespace bgw::control
