#include "control/routes/assertion_pairs.h"

#include <algorithm>
#include <array>
#include <utility>

namespace bgw::control {
namespace {

using config::Family;

constexpr std::array families{Family::ipv4, Family::ipv6};

// `*` once more than the rest needs: it takes one character more and tries again.
bool fits(std::string_view pattern, std::string_view name) {
  std::size_t at = 0, in_name = 0, after_star = std::string_view::npos, taken = 0;
  while (in_name < name.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      after_star = ++at;
      taken = in_name;
    } else if (at < pattern.size() && pattern[at] == name[in_name]) {
      ++at;
      ++in_name;
    } else if (after_star != std::string_view::npos) {
      at = after_star;
      in_name = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

AddressSet of_family(const AddressSet& set, Family family) {
  AddressSet some;
  std::ranges::copy_if(set, std::back_inserter(some),
                       [&](const AddressRange& range) { return range.first.family == family; });
  return some;
}

AddressSet hosts_of(const AddressSet& set, const VpcReach& vpc) {
  AddressSet nobodys;
  for (const auto& address : vpc.nobodys) nobodys.push_back({address, address});
  return difference(set, united(std::move(nobodys)));
}

// Addresses whose packets go by one table; without one there is no way for them.
struct Sources {
  const TableWays* table;
  AddressSet addresses;
};

// Of all subnets: a VPC that can't send still has hosts.
std::vector<Sources> sources_of(const AssertedVpc& vpc) {
  std::vector<Sources> all;
  const auto& sending = vpc.reach->sources;
  auto next = sending.begin();  // mostly those of the subnets, in their order
  for (const config::Subnet& subnet : vpc.vpc->subnets) {
    if (next == sending.end() || next->cidr != subnet.cidr) {
      next = std::ranges::find(sending, subnet.cidr, &ReachSource::cidr);
    }
    const TableWays* table = next == sending.end() ? nullptr : (next++)->table.get();
    auto known = std::ranges::find(all, table, &Sources::table);
    if (known == all.end()) known = all.insert(known, {table, {}});
    known->addresses.push_back(AddressRange::of(subnet.cidr));
  }
  for (auto& sources : all) sources.addresses = united(std::move(sources.addresses));
  return all;
}

AddressSet subnets_of(const config::Vpc& vpc) {
  AddressSet all;
  for (const config::Subnet& subnet : vpc.subnets) all.push_back(AddressRange::of(subnet.cidr));
  return united(std::move(all));
}

AddressSet set_of(const std::vector<config::IpPrefix>& prefixes) {
  AddressSet all;
  for (const auto& prefix : prefixes) all.push_back(AddressRange::of(prefix));
  return united(std::move(all));
}

class PairOfVpcs {
 public:
  PairOfVpcs(const Reachability& reach, const AssertedVpc& from, const AssertedVpc& to)
      : reach_(reach), from_(from), to_(to) {}

  std::vector<BrokenPackets> delivered(const std::vector<config::IpPrefix>& prefixes) {
    for (const Sources& sources : sources_of(from_)) {
      if (sources.table == nullptr) continue;
      AddressSet got = reached(reach_, *sources.table, to_.vpc->name);
      if (!prefixes.empty()) got = intersection(got, set_of(prefixes));
      if (got.empty()) continue;
      add(sources.addresses, got, false);
    }
    return std::move(found_);
  }

  std::vector<BrokenPackets> missing(const std::vector<config::IpPrefix>& prefixes) {
    AddressSet wanted = subnets_of(*to_.vpc);
    if (!prefixes.empty()) wanted = intersection(wanted, set_of(prefixes));
    if (wanted.empty()) return {};
    for (const Sources& sources : sources_of(from_)) {
      add(sources.addresses, difference(wanted, surely(sources, to_)), false);
    }
    const AddressSet senders = subnets_of(*from_.vpc);
    for (const Sources& repliers : sources_of(to_)) {
      add(difference(senders, surely(repliers, from_)), intersection(repliers.addresses, wanted),
          true);
    }
    return std::move(found_);
  }

 private:
  AddressSet surely(const Sources& sources, const AssertedVpc& to) const {
    return sources.table == nullptr ? AddressSet{}
                                    : surely_reached(reach_, *sources.table, to.vpc->name);
  }

  // Most sets have no host of both.
  void add(const AddressSet& sources, const AddressSet& destinations, bool is_way_back) {
    if (destinations.empty() || sources.empty()) return;
    for (const Family family : families) {
      BrokenPackets packets{hosts_of(of_family(sources, family), *from_.reach),
                            hosts_of(of_family(destinations, family), *to_.reach), is_way_back};
      if (packets.sources.empty() || packets.destinations.empty()) continue;
      found_.push_back(std::move(packets));
    }
  }

  const Reachability& reach_;
  const AssertedVpc& from_;
  const AssertedVpc& to_;
  std::vector<BrokenPackets> found_;
};

}  // namespace

bool fits(const std::vector<std::string>& patterns, std::string_view name) {
  return std::ranges::any_of(patterns, [&](std::string_view each) { return fits(each, name); });
}

std::vector<BrokenPackets> broken_packets(const Reachability& reach,
                                          const config::Assertion& assertion,
                                          const AssertedVpc& from, const AssertedVpc& to) {
  PairOfVpcs pair(reach, from, to);
  return assertion.expect == config::Expectation::unreachable
             ? pair.delivered(assertion.to.prefixes)
             : pair.missing(assertion.to.prefixes);
}

std::vector<BrokenPackets> without(std::vector<BrokenPackets> packets,
                                   const std::vector<BrokenPackets>& others) {
  for (const BrokenPackets& other : others) {
    std::vector<BrokenPackets> left;
    const auto add = [&](AddressSet sources, AddressSet destinations, bool is_way_back) {
      if (sources.empty() || destinations.empty()) return;
      left.push_back({std::move(sources), std::move(destinations), is_way_back});
    };
    for (BrokenPackets& each : packets) {
      add(intersection(each.sources, other.sources),
          difference(each.destinations, other.destinations), each.is_way_back);
      add(difference(each.sources, other.sources), std::move(each.destinations), each.is_way_back);
    }
    packets = std::move(left);
  }
  return packets;
}

}  // namespace bgw::control
