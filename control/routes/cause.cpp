#include "control/routes/cause.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "control/routes/prefix_search.h"

namespace bgw::control {
namespace {

using config::IpPrefix;

constexpr std::size_t most_gateways = 4;  // that somebody is advised to attach to

const IpPrefix* containing(const std::vector<IpPrefix>& prefixes,
                           const config::IpAddress& address) {
  const auto found = std::ranges::find_if(
      prefixes, [&](const IpPrefix& prefix) { return prefix.contains(address); });
  return found == prefixes.end() ? nullptr : &*found;
}

bool leads_to(const Route& route, const std::string& attachment) {
  return std::ranges::find(route.next_hops, NextHop{ToAttachment{attachment}}) !=
         route.next_hops.end();
}

bool is_static(const Route& route) {
  return route.origin == Origin::static_route;
}

bool is_blackhole(const Route& route) {
  return std::ranges::find(route.next_hops, NextHop{ToBlackhole{}}) != route.next_hops.end();
}

class Search {
 public:
  Search(const Situation& situation, const Endpoint& from, const Endpoint& to)
      : model_(situation.model),
        rib_(situation.routes.rib),
        from_(*model_.vpcs().find(from.vpc)),
        to_(*model_.vpcs().find(to.vpc)),
        destination_(to.address),
        host_(IpPrefix::around(destination_, address_bits(destination_.family))) {}

  Cause of(const WalkOutcome& outcome) {
    const WalkStep& last = outcome.steps.back();
    for (const WalkStep& step : outcome.steps) {
      if (step.rule.starts_with("F1")) table_ = step.table.substr(step.table.find('/') + 1);
    }
    if (last.rule.starts_with("F1")) return source(outcome);
    if (containing(from_.cidrs, destination_) != nullptr) {
      return {"V1",
              fmt::format("{} is local in {}: what a VPC has itself comes first, and nothing "
                          "else is reached there",
                          destination_.to_string(), from_.name),
              {}};
    }
    const auto through = std::ranges::find_if(
        outcome.steps, [](const WalkStep& step) { return step.rule.starts_with("F3"); });
    if (through == outcome.steps.end()) return own_table(last);
    const bool got_there = last.rule.starts_with("F4") && last.table == to_.name + "/main";
    if (got_there && outcome.verdict == Verdict::drop) return delivery(last);
    Cause cause = in_gateway(through->table);
    if (outcome.verdict == Verdict::deliver && outcome.is_outside()) {
      cause.reason =
          fmt::format("it goes outside by interface {} of {}, to {}: {}", outcome.interface,
                      outcome.gateway, outcome.neighbour.to_string(), cause.reason);
    }
    return cause;
  }

 private:
  Cause source(const WalkOutcome& outcome) const {
    Cause cause{"F1", outcome.steps.back().detail, {}};
    if (outcome.drop_reason == "no_interface" && from_.interface) {
      cause.remedies.push_back(enable_interface(from_.name));
    }
    return cause;
  }

  const Route* own_static() const {
    const VpcRoutes& routes = *rib_.find_vpc(from_.name);
    const auto table = std::ranges::find(routes.tables, table_, &TableRoutes::name);
    const Route* longest = nullptr;  // sorted: the last that contains it
    for (const Route& route : table->own) {
      if (is_static(route) && route.status == Status::valid && route.prefix.contains(destination_))
        longest = &route;
    }
    return longest;
  }

  // The packet did not get to a gateway.
  Cause own_table(const WalkStep& last) const {
    if (const Route* route = own_static()) return prevails(*route);
    return importing(last.detail);
  }

  Cause prevails(const Route& route) const {
    return {"V2",
            fmt::format("{} of {}/{} prevails", describe(route), from_.name, table_),
            {remove_static(from_.name, table_, route.prefix)}};
  }

  static const std::string* attachment_of(const config::ValidModel& model, const std::string& vpc,
                                          const std::string& gateway) {
    for (const auto& each : model.attachments()) {
      if (each.vpc == vpc && each.gateway == gateway) return &each.name;
    }
    return nullptr;
  }
  std::vector<std::string> gateways_of(const std::string& vpc) const {
    std::vector<std::string> gateways;
    for (const auto& each : model_.attachments()) {
      if (each.vpc == vpc) gateways.push_back(each.gateway);
    }
    return gateways;
  }

  // Nothing in the table leads to a gateway that leads there.
  Cause importing(const std::string& detail) const {
    std::optional<Cause> other;
    for (const auto& gateway : gateways_of(from_.name)) {
      const auto* attachment = attachment_of(model_, to_.name, gateway);
      if (attachment == nullptr) continue;
      const Route* route =
          longest_valid_around(rib_.find_gateway(gateway)->routes, host_, host_.length);
      if (route != nullptr && leads_to(*route, *attachment)) return not_imported(gateway, *route);
      if (!other) other = in_gateway(gateway);
    }
    return other ? *other : not_attached(detail);
  }

  Cause not_imported(const std::string& gateway, const Route& route) const {
    const auto& table = *config::find_named(from_.route_tables, table_);
    const auto known =
        std::ranges::find(table.propagations, gateway, &config::Propagation::gateway);
    const auto advice = import_ranges(model_, from_.name, table_, gateway, route.prefix);
    const auto what = route.prefix.to_string();
    if (known == table.propagations.end()) {
      return {"V3",
              fmt::format("{}/{} has no propagation from {}, which has {}", from_.name, table_,
                          gateway, what),
              {advice}};
    }
    const bool in_range = std::ranges::any_of(
        known->ranges, [&](const IpPrefix& range) { return range.contains(route.prefix); });
    if (!in_range) {
      return {
          "V3",
          fmt::format("no range of {}/{} from {} contains {}", from_.name, table_, gateway, what),
          {advice}};
    }
    if (const Route* own = own_static()) return prevails(*own);
    return {"V4", fmt::format("{} of {} leads back to {}", what, gateway, from_.name), {}};
  }

  // No gateway has both.
  Cause not_attached(const std::string& detail) const {
    const auto mine = gateways_of(from_.name), theirs = gateways_of(to_.name);
    Cause cause{"attachment",
                fmt::format("{} and {} are attached to no gateway together ({})", from_.name,
                            to_.name, detail),
                {}};
    const auto add = [&](const std::string& gateway, const std::string& vpc) {
      const auto& a = *model_.gateways().find(gateway);
      const auto& b = *model_.vpcs().find(vpc);
      if (a.account == b.account && a.region == b.region && cause.remedies.size() < most_gateways) {
        cause.remedies.push_back(attach(model_, gateway, vpc));
      }
    };
    for (const auto& gateway : theirs) add(gateway, from_.name);
    for (const auto& gateway : mine) add(gateway, to_.name);
    if (!mine.empty() || !theirs.empty()) return cause;
    for (const auto& gateway : model_.gateways()) add(gateway.name, from_.name);
    return cause;
  }

  // The gateway doesn't lead there.
  Cause in_gateway(const std::string& gateway) const {
    const auto* attachment = attachment_of(model_, to_.name, gateway);
    if (attachment == nullptr) {
      // Another one may; the table has to lead to that then.
      const auto common = gateways_of(to_.name);
      for (const auto& each : gateways_of(from_.name)) {
        if (each != gateway && std::ranges::find(common, each) != common.end())
          return importing(fmt::format("{} is not attached to {}", to_.name, gateway));
      }
      return not_attached(fmt::format("the way leads to {}", gateway));
    }
    const RouteList& routes = rib_.find_gateway(gateway)->routes;
    const Route* current = longest_valid_around(routes, host_, host_.length);
    const Route* candidate = nullptr;
    for (const Route& route : routes) {
      if (route.prefix.contains(destination_) && leads_to(route, *attachment)) candidate = &route;
    }
    if (candidate == nullptr) return not_advertised(gateway, *attachment);
    if (candidate->status == Status::blocked) return over_quota(gateway, *candidate);
    if (candidate->status == Status::invalid) return invalid(gateway, *candidate, *attachment);
    return overruled(gateway, *candidate, current);
  }

  Cause not_advertised(const std::string& gateway, const std::string& attachment) const {
    const auto& attached = *model_.attachments().find(attachment);
    const auto subnet = std::ranges::find_if(
        to_.subnets, [&](const config::Subnet& each) { return each.cidr.contains(destination_); });
    Cause cause{"advertise",
                fmt::format("{} advertises nothing to {} that contains {}", attachment, gateway,
                            destination_.to_string()),
                {}};
    const auto* cidr = containing(to_.cidrs, destination_);
    if (subnet != to_.subnets.end()) {
      if (!std::holds_alternative<config::AdvertiseAll>(attached.advertise)) {
        cause.remedies.push_back(advertise_too(attached, subnet->name));
      }
    } else if (cidr != nullptr) {
      cause.reason += fmt::format(", which is in no subnet of {}", to_.name);
      cause.remedies.push_back(add_static(gateway, *cidr, attachment));
    } else {
      cause.reason += fmt::format(", and it is outside of {}'s CIDRs", to_.name);
      const VpcRoutes& routes = *rib_.find_vpc(to_.name);
      const auto main = std::ranges::find(routes.tables, "main", &TableRoutes::name);
      for (const Route& route : main->own) {
        const bool is_behind = is_static(route) && route.prefix.contains(destination_) &&
                               std::holds_alternative<ToAddress>(route.next_hops.front());
        if (is_behind) cause.remedies.push_back(add_static(gateway, route.prefix, attachment));
      }
    }
    return cause;
  }

  Cause over_quota(const std::string& gateway, const Route& route) const {
    const auto& routes = rib_.find_gateway(gateway)->routes;
    const auto needed = static_cast<std::size_t>(
        std::ranges::count_if(routes, [](const Route& each) { return !is_static(each); }));
    return {"G5", described(gateway, route), {raise_quota(gateway, needed)}};
  }

  static std::string described(const std::string& gateway, const Route& route) {
    return fmt::format("{} of {} is {}: {}", describe(route), gateway, to_string(route.status),
                       route.reason);
  }

  Cause invalid(const std::string& gateway, const Route& route,
                const std::string& attachment) const {
    Cause cause{"", described(gateway, route), {}};
    if (route.reason.starts_with("overlap")) {
      cause.rule = "G2";
      cause.remedies = {allow_longest_match(gateway),
                        add_static(gateway, route.prefix, attachment)};
    } else if (route.reason.starts_with("preference")) {
      const Route& winner = *valid_route_at(rib_.find_gateway(gateway)->routes, route.prefix);
      cause.rule = is_blackhole(winner) ? "G4" : "G3";
      if (is_static(winner)) cause.remedies.push_back(remove_static(gateway, winner.prefix));
    } else {
      cause.rule = "G1";
      if (to_.interface && !to_.interface->enabled) {
        cause.remedies.push_back(enable_interface(to_.name));
      }
    }
    return cause;
  }

  // Its route is valid, and a longer one leads elsewhere.
  Cause overruled(const std::string& gateway, const Route& route, const Route* current) const {
    Cause cause{
        "F3",
        fmt::format("{} of {} is more specific than {}",
                    current == nullptr ? "nothing" : describe(*current), gateway, describe(route)),
        {}};
    if (current != nullptr && is_static(*current)) {
      cause.remedies.push_back(remove_static(gateway, current->prefix));
    }
    return cause;
  }

  // It got to the VPC and is dropped there.
  Cause delivery(const WalkStep& last) const {
    Cause cause{"F4", last.detail, {}};
    if (containing(to_.cidrs, destination_) != nullptr) return cause;
    const VpcRoutes& routes = *rib_.find_vpc(to_.name);
    const auto main = std::ranges::find(routes.tables, "main", &TableRoutes::name);
    for (const Route& route : main->own) {
      if (route.prefix.contains(destination_) && is_static(route)) {
        cause.remedies.insert(cause.remedies.begin(),
                              remove_static(to_.name, "main", route.prefix));
      }
    }
    return cause;
  }

  const config::ValidModel& model_;
  const Rib& rib_;
  const config::Vpc& from_;
  const config::Vpc& to_;
  config::IpAddress destination_;
  IpPrefix host_;
  std::string table_ = "main";  // that routes the source
};

}  // namespace

Cause cause_of(const Situation& situation, const Endpoint& from, const Endpoint& to,
               const WalkOutcome& outcome) {
  return Search(situation, from, to).of(outcome);
}

}  // namespace bgw::control
