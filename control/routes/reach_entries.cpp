// Differences of reachability as lists, for people.
#include <algorithm>
#include <optional>

#include "control/routes/reach_difference.h"

namespace bgw::control {
namespace {

std::optional<config::IpAddress> first_host(const AddressSet& set, const VpcReach& vpc) {
  for (const AddressRange& range : set) {
    if (const auto host = first_but(range, vpc.nobodys)) return host;
  }
  return std::nullopt;
}

bool overlaps(const AddressSet& set, const config::IpPrefix& prefix) {
  const auto range = AddressRange::of(prefix);
  return std::ranges::any_of(
      set, [&](const AddressRange& each) { return common_part(each, range).has_value(); });
}

// What `part` of the changes is about, in the state that has it.
ReachEntry entry_of(const PairChange& pair, AddressSet SourceChange::*part,
                    const Reachability& reach, std::size_t most_prefixes) {
  const VpcReach& from = *reach.vpcs.find(pair.from);
  const VpcReach& to = *reach.vpcs.find(pair.to);
  ReachEntry entry{pair.from, pair.to, {}, {}, false, {}};
  std::vector<AddressRange> sources, destinations;
  bool has_witness = false;
  for (const SourceChange& change : pair.sources) {
    const AddressSet& set = change.*part;
    if (set.empty()) continue;
    sources.insert(sources.end(), change.sources.begin(), change.sources.end());
    destinations.insert(destinations.end(), set.begin(), set.end());
    if (has_witness) continue;
    const auto source = first_host(change.sources, from);
    const auto destination = first_host(set, to);
    has_witness = source && destination;
    if (has_witness) entry.witness = {*source, *destination};
  }
  const AddressSet of_sources = united(std::move(sources));
  for (const ReachSource& source : from.sources) {
    if (overlaps(of_sources, source.cidr)) entry.subnets.push_back(source.subnet);
  }
  entry.prefixes = prefixes_of(united(std::move(destinations)), most_prefixes + 1);
  entry.has_more_prefixes = entry.prefixes.size() > most_prefixes;
  if (entry.has_more_prefixes) entry.prefixes.pop_back();
  return entry;
}

}  // namespace

std::vector<SubnetsReach> reach_between(const Reachability& reach, const VpcReach& from,
                                        std::string_view to, std::size_t most_prefixes) {
  std::vector<std::pair<AddressSet, SubnetsReach>> parts;
  const VpcReach& target = *reach.vpcs.find(to);
  for (const ReachSource& source : from.sources) {
    AddressSet set = reached(reach, *source.table, to);
    if (!has_host(set, target)) continue;
    auto part = std::ranges::find(parts, set, &std::pair<AddressSet, SubnetsReach>::first);
    if (part == parts.end()) {
      SubnetsReach shown{{}, prefixes_of(set, most_prefixes + 1), false};
      shown.has_more_prefixes = shown.prefixes.size() > most_prefixes;
      if (shown.has_more_prefixes) shown.prefixes.pop_back();
      part = parts.insert(part, {std::move(set), std::move(shown)});
    }
    part->second.subnets.push_back(source.subnet);
  }
  std::vector<SubnetsReach> result;
  for (auto& [set, part] : parts) result.push_back(std::move(part));
  return result;
}

bool ReachDifference::empty() const {
  return gained.pairs + lost.pairs + narrowed.pairs + widened.pairs + not_compared == 0;
}

ReachDifference difference(const Reachability& before, const Reachability& after,
                           ReachLimits limits) {
  ReachDifference result;
  const auto add = [&](ReachDifference::List& list, const PairChange& pair,
                       AddressSet SourceChange::*part, const Reachability& reach) {
    if (++list.pairs > limits.listed) return;
    list.entries.push_back(entry_of(pair, part, reach, limits.prefixes));
  };
  result.not_compared =
      for_each_pair_change(before, after, limits.compared, [&](const PairChange& pair) {
        if (pair.has_gained()) {
          add(pair.was ? result.widened : result.gained, pair, &SourceChange::gained, after);
        }
        if (pair.has_lost()) {
          add(pair.is ? result.narrowed : result.lost, pair, &SourceChange::lost, before);
        }
      });
  return result;
}

}  // namespace bgw::control
