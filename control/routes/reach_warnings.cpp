#include "control/routes/reach_warnings.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

#include <fmt/format.h>

namespace bgw::control {
namespace {

using config::IpPrefix;
using config::Vpc;
using Member = GatewayReach::Member;
using Prefixes = GatewayReach::Prefixes;
using Route = GatewayReach::Route;
using Warnings = std::vector<std::string>;

// Of ways back that are missing, among thousands of VPCs with ranges of their own.
constexpr std::size_t most_looked_at = 20'000'000;

class ReachWarnings {
 public:
  ReachWarnings(const config::Gateway& gateway, const GatewayReach& reach, Warnings& warnings)
      : gateway_(gateway), reach_(reach), warnings_(warnings), importers_(reach.imports().size()) {
    for (const auto& member : reach.members()) {
      auto& importers = importers_[member.imports];
      importers.first = member.vpc;
      ++importers.count;
    }
  }

  void warn_of(const Member& member) {
    const bool alone = reach_.members().size() == 1;  // the first one, whom others follow
    if (!member.vpc->interface) {
      warnings_.push_back(
          fmt::format("attachment {}: vpc {} has no interface, so it is unavailable and nobody "
                      "reaches it; give the VPC an interface",
                      member.attachment->name, member.vpc->name));
    }
    warn_of_advertised(member, alone);
    if (!alone) warn_of_ranges(member);
    warn_of_way_back(member);
  }

  // Of others that reach the target.
  void warn_of_way_back_from(const Member& target, const std::vector<const Member*>& others) {
    for (const auto* member : others) {
      const auto& sources = reach_.routes_to(*member->vpc);
      if (sources.empty() || leads_back(target.ways_out, sources)) continue;
      const auto there = imports_of(*member, *target.vpc);
      if (there) lost(*member, *there, target);
    }
  }

  // Whatever was found of ways back: by who asks or by who would answer, whichever are fewer.
  void tell_of_ways_back() {
    const bool by_asking = by_asking_.size() <= by_answering_.size();
    for (const auto& [vpc, one] : by_asking ? by_asking_ : by_answering_) {
      const auto others =
          one.more == 0 ? std::string()
                        : fmt::format(" (nor {} {} others)", by_asking ? "from" : "to", one.more);
      tell_of_way_back(one, others);
    }
  }

 private:
  // A prefix of the other VPC that the member imports.
  std::optional<IpPrefix> imports_of(const Member& member, const Vpc& other) const {
    const auto& imports = reach_.imports()[member.imports];
    for (const auto& prefix : reach_.routes_to(other)) {
      if (imports.lead_to(prefix)) return prefix;
    }
    return std::nullopt;
  }

  bool leads_back(std::size_t ways_out, const Prefixes& sources) {
    const auto& ways = reach_.all_ways_out()[ways_out];
    looked_at_ += sources.size();
    return std::ranges::any_of(sources, [&](const IpPrefix& each) { return ways.lead_to(each); });
  }

  void warn_of_advertised(const Member& member, bool alone) {
    const auto& routes = reach_.routes_to(*member.vpc);
    const bool all = std::holds_alternative<config::AdvertiseAll>(member.attachment->advertise);
    if (all && member.vpc->subnets.empty() && routes.empty()) {
      warnings_.push_back(fmt::format(
          "attachment {}: advertises all subnets of vpc {}, which has none: nobody reaches it; "
          "declare the segments that others are to reach as its subnets",
          member.attachment->name, member.vpc->name));
    }
    if (alone || routes.empty() || is_imported(member, routes)) return;
    if (!gateway_.interfaces.empty()) return;  // it is for those outside
    warnings_.push_back(fmt::format(
        "attachment {}: nobody imports {}: no other VPC of gateway {} has a propagation with a "
        "range around it; add one to those that are to reach vpc {}",
        member.attachment->name, routes.front().to_string(), gateway_.name, member.vpc->name));
  }

  // By another member: one with other imports, or a second one with the same.
  bool is_imported(const Member& member, const Prefixes& routes) const {
    for (std::size_t i = 0; i < importers_.size(); ++i) {
      if (importers_[i].count == 1 && importers_[i].first == member.vpc) continue;
      const auto& imports = reach_.imports()[i];
      if (std::ranges::any_of(routes, [&](const auto& each) { return imports.lead_to(each); })) {
        return true;
      }
    }
    return false;
  }

  void warn_of_ranges(const Member& member) {
    for (const auto& table : member.vpc->route_tables) {
      for (const auto& propagation : table.propagations) {
        if (propagation.gateway != gateway_.name) continue;
        for (const auto& range : propagation.ranges) warn_of_range(member, table, range);
      }
    }
  }

  void warn_of_range(const Member& member, const config::RouteTable& table, const IpPrefix& range) {
    bool matches = false;
    reach_.for_each_route(range, *member.vpc, [&](const Route&) {
      matches = true;
      return false;
    });
    const bool shadowed = std::ranges::any_of(
        member.vpc->cidrs, [&](const IpPrefix& cidr) { return cidr.contains(range); });
    if (matches || shadowed) return;  // the latter has a warning of its own
    if (reach_.leads_outside(range)) return;
    warnings_.push_back(fmt::format(
        "vpc {}, route table {}: range {} matches no route of gateway {} that leads to another "
        "VPC; see bgwctl route list {} for what there is",
        member.vpc->name, table.name, range.to_string(), gateway_.name, gateway_.name));
  }

  // Whom the member reaches and who doesn't reach it.
  void warn_of_way_back(const Member& member) {
    const auto& sources = reach_.routes_to(*member.vpc);
    std::vector<char> leads(reach_.all_ways_out().size());
    bool all_lead = true;
    for (std::size_t i = 0; i < leads.size(); ++i) {
      leads[i] = looked_at_ < most_looked_at ? leads_back(i, sources) : true;
      all_lead = all_lead && leads[i];
    }
    if (all_lead) return;
    const auto look = [&](const Route& route) {
      const auto& other = *reach_.find(*route.vpc);
      if (!leads[other.ways_out]) lost(member, route.prefix, other);
      return ++looked_at_ < most_looked_at;
    };
    const auto& imports = reach_.imports()[member.imports];
    for (const auto& range : imports.ranges) reach_.for_each_route(range, *member.vpc, look);
    for (const auto& to : imports.statics) reach_.for_each_route(to, *member.vpc, look);
  }

  // Replies from there, where the other answers, that don't get back to who asks.
  struct Lost {
    const Member* asking;
    IpPrefix there;
    const Member* answering;
    std::size_t more = 0;
  };
  using LostOnes = std::map<std::string_view, Lost>;  // by name of a VPC

  void lost(const Member& asking, const IpPrefix& there, const Member& answering) {
    // Without subnets there is a warning already.
    if (reach_.routes_to(*asking.vpc).empty() && asking.vpc->subnets.empty()) return;
    // Routes of one VPC mostly follow each other.
    if (last_asking_ == &asking && last_answering_ == &answering) return;
    last_asking_ = &asking;
    last_answering_ = &answering;
    const auto note = [&](LostOnes& ones, const Vpc& vpc) {
      const auto [at, is_new] = ones.try_emplace(vpc.name, Lost{&asking, there, &answering});
      if (!is_new) ++at->second.more;
    };
    note(by_asking_, *asking.vpc);
    note(by_answering_, *answering.vpc);
  }

  void tell_of_way_back(const Lost& one, const std::string& others) {
    const auto& asking = *one.asking;
    const auto& sources = reach_.routes_to(*asking.vpc);
    const auto reaches = fmt::format(
        "vpc {}: reaches {} of vpc {} by gateway {}, but no reply comes back{}", asking.vpc->name,
        one.there.to_string(), one.answering->vpc->name, gateway_.name, others);
    if (sources.empty()) {
      warnings_.push_back(
          fmt::format("{}: attachment {} advertises nothing; let it advertise the subnets that ask",
                      reaches, asking.attachment->name));
      return;
    }
    warnings_.push_back(fmt::format(
        "{}: no route table of vpc {} leads to {}; add a propagation of gateway {} with that range "
        "to it",
        reaches, one.answering->vpc->name, sources.front().to_string(), gateway_.name));
  }

  const config::Gateway& gateway_;
  const GatewayReach& reach_;
  Warnings& warnings_;
  // Who has the same imports.
  struct Importers {
    const Vpc* first = nullptr;
    std::size_t count = 0;
  };
  std::vector<Importers> importers_;
  LostOnes by_asking_, by_answering_;
  const Member* last_asking_ = nullptr;
  const Member* last_answering_ = nullptr;
  std::size_t looked_at_ = 0;
};

}  // namespace

void warn_of_reach(const config::Gateway& gateway, const GatewayReach& reach,
                   const std::function<bool(const Vpc&)>& is_touched, Warnings& warnings) {
  ReachWarnings found(gateway, reach, warnings);
  std::vector<const Member*> touched, others;
  for (const auto& member : reach.members()) {
    (is_touched(*member.vpc) ? touched : others).push_back(&member);
  }
  for (const auto* member : touched) {
    found.warn_of(*member);
    found.warn_of_way_back_from(*member, others);
  }
  found.tell_of_ways_back();
}

}  // namespace bgw::control
