#include "control/routes/arrivals.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace bgw::control {

std::vector<config::IpPrefix> advertised(const AttachedVpc& attached) {
  const auto& subnets = attached.vpc->subnets;
  std::vector<config::IpPrefix> prefixes;
  const auto* listed = std::get_if<std::vector<std::string>>(&attached.attachment->advertise);
  if (listed == nullptr) {
    for (const config::Subnet& subnet : subnets) prefixes.push_back(subnet.cidr);
    return prefixes;
  }
  for (const std::string& name : *listed) {
    const auto subnet = std::ranges::find(subnets, name, &config::Subnet::name);
    if (subnet != subnets.end()) prefixes.push_back(subnet->cidr);
  }
  return prefixes;
}

namespace {

using PrefixSet = std::unordered_set<config::IpPrefix>;

}  // namespace

std::vector<Arrival> update_arrivals(std::span<const AttachedVpc> attached,
                                     std::span<const Arrival> previous) {
  std::unordered_map<std::string_view, PrefixSet> missing;  // advertised, not yet in the result
  for (const AttachedVpc& one : attached) {
    const auto prefixes = advertised(one);
    missing.emplace(one.attachment->name, PrefixSet(prefixes.begin(), prefixes.end()));
  }

  std::vector<Arrival> arrivals;
  std::uint64_t last_batch = 0;
  for (const Arrival& arrival : previous) {
    last_batch = std::max(last_batch, arrival.batch);
    const auto of_attachment = missing.find(arrival.attachment);
    if (of_attachment == missing.end()) continue;
    if (of_attachment->second.erase(arrival.prefix) > 0) arrivals.push_back(arrival);
  }

  for (const AttachedVpc& one : attached) {
    PrefixSet& fresh = missing.at(one.attachment->name);
    if (fresh.empty()) continue;
    ++last_batch;
    for (const config::IpPrefix& prefix : advertised(one)) {
      if (fresh.erase(prefix) == 0) continue;
      arrivals.push_back({one.attachment->name, prefix, last_batch, false});
    }
  }
  return arrivals;
}

}  // namespace bgw::control
