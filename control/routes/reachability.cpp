#include "control/routes/reachability.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "control/routes/deliveries.h"
#include "control/routes/fib_plan.h"

namespace bgw::control {
namespace {

constexpr std::string_view main_table = "main";

bool is_nobodys(const PlanEntry& entry) {
  const PlanTarget& target = entry.targets.front();
  if (std::holds_alternative<Self>(target)) return true;
  const auto* discard = std::get_if<Discard>(&target);
  return discard != nullptr && discard->reason == DiscardReason::directed_broadcast;
}

bool is_delivered(const PlanTarget& target) {
  return std::holds_alternative<OnLink>(target) || std::holds_alternative<Neighbour>(target);
}

// Calls visit(range, targets) for what the plan does with hosts.
template <typename Visit>
void for_each_range(const Plan& plan, Visit visit) {
  std::vector<config::IpPrefix> prefixes;
  std::vector<const PlanEntry*> entries;
  for (const PlanEntry& entry : plan) {
    if (is_nobodys(entry)) continue;
    prefixes.push_back(entry.prefix);
    entries.push_back(&entry);
  }
  for_each_longest(prefixes, [&](const AddressRange& range, std::size_t position) {
    visit(range, entries[position]->targets);
  });
}

bool touch(const AddressRange& a, const AddressRange& b) {
  return a.first.family == b.first.family && address_after(a.last) == b.first;
}

std::shared_ptr<const TableWays> ways_of(const std::string& name, const Plan& plan) {
  TableWays table{name, {}};
  for_each_range(plan, [&](const AddressRange& range, const std::vector<PlanTarget>& targets) {
    Way way{range, {}, true};
    for (const PlanTarget& target : targets) {
      const auto* to = std::get_if<ContinueInGateway>(&target);
      if (to != nullptr) way.gateways.push_back(to->gateway);
    }
    if (way.gateways.empty()) return;
    way.sure = way.gateways.size() == targets.size();
    Way* last = table.ways.empty() ? nullptr : &table.ways.back();
    if (last != nullptr && touch(last->range, range) && last->gateways == way.gateways &&
        last->sure == way.sure) {
      last->range.last = range.last;
    } else {
      table.ways.push_back(std::move(way));
    }
  });
  return std::make_shared<const TableWays>(std::move(table));
}

void set_main(VpcReach& vpc, const Plan& plan) {
  vpc.accepts.clear();
  vpc.nobodys.clear();
  for (const PlanEntry& entry : plan) {
    if (is_nobodys(entry)) vpc.nobodys.push_back(entry.prefix.address);
  }
  for_each_range(plan, [&](const AddressRange& range, const std::vector<PlanTarget>& targets) {
    const auto delivered = std::ranges::count_if(targets, is_delivered);
    if (delivered == 0) return;
    const bool sure = static_cast<std::size_t>(delivered) == targets.size();
    vpc.accepts.push_back({range, sure});
  });
}

bool can_send(const config::Vpc& vpc) {
  return vpc.interface && vpc.interface->enabled;
}

// A subnet has hosts unless all of its addresses are nobody's.
void add_sources(const config::Vpc& vpc, const std::map<std::string, const Plan*>& plans,
                 VpcReach& reach) {
  if (!can_send(vpc)) return;
  std::map<std::string, std::shared_ptr<const TableWays>> tables;
  for (const config::Subnet& subnet : vpc.subnets) {
    if (!first_but(AddressRange::of(subnet.cidr), reach.nobodys)) continue;
    auto& table = tables[subnet.route_table];
    if (!table) table = ways_of(subnet.route_table, *plans.at(subnet.route_table));
    reach.sources.push_back({subnet.name, subnet.cidr, table});
  }
}

std::shared_ptr<const VpcReach> reach_of(const config::Vpc& vpc,
                                         const std::map<std::string, const Plan*>& plans) {
  VpcReach reach{vpc.name, {}, {}, {}};
  set_main(reach, *plans.at(std::string(main_table)));
  add_sources(vpc, plans, reach);
  return std::make_shared<const VpcReach>(std::move(reach));
}

// The same where only some tables are planned anew.
std::shared_ptr<const VpcReach> with_tables(VpcReach reach,
                                            const std::map<std::string, const Plan*>& plans) {
  for (const auto& [name, plan] : plans) {
    std::shared_ptr<const TableWays> table;
    for (ReachSource& source : reach.sources) {
      if (source.table->name != name) continue;
      if (!table) table = ways_of(name, *plan);
      source.table = table;
    }
    if (name == main_table) set_main(reach, *plan);
  }
  return std::make_shared<const VpcReach>(std::move(reach));
}

// The gateways that a VPC is attached to deliver otherwise.
void add_gateways_of(const config::ValidModel& model, const std::set<std::string_view>& vpcs,
                     std::set<std::string, std::less<>>& gateways) {
  if (vpcs.empty()) return;
  for (const auto& attachment : model.attachments()) {
    if (vpcs.contains(attachment.vpc)) gateways.insert(attachment.gateway);
  }
}

template <typename Object, typename Known>
void erase_unknown(config::Objects<Object>& objects, const Known& known) {
  std::vector<std::string> gone;
  for (const auto& object : objects) {
    if (known(object.name)) continue;
    gone.push_back(object.name);
  }
  for (const auto& name : gone) objects.erase(name);
}

}  // namespace

Reachability reachability(const config::ValidModel& model, const Rib& rib) {
  Reachability reach;
  std::vector<config::Objects<VpcReach>::Pointer> vpcs;
  for (const config::Vpc& vpc : model.vpcs()) {
    const VpcRoutes& routes = *rib.find_vpc(vpc.name);
    std::map<std::string, Plan> plans;
    std::map<std::string, const Plan*> by_name;
    for (const TableRoutes& table : routes.tables) {
      by_name[table.name] = &(plans[table.name] = plan_vpc_table(vpc, rib, routes, table));
    }
    vpcs.push_back(reach_of(vpc, by_name));
  }
  reach.vpcs = config::Objects<VpcReach>(std::move(vpcs));
  complete(reach, model, rib);
  return reach;
}

Reachability updated(const Reachability& before, const PlanChanges& plans,
                     const config::ValidModel& model) {
  std::map<std::string_view, std::map<std::string, const Plan*>> tables;
  for (const VpcTablePlan& table : plans.tables) tables[table.vpc][table.table] = &table.plan;
  std::set<std::string_view> whole;
  for (const VpcSourcePlan& vpc : plans.sources) whole.insert(vpc.vpc);

  Reachability after = before;
  std::vector<config::Objects<VpcReach>::Pointer> created;
  std::set<std::string_view> accepting;  // VPCs that may take other packets
  for (const auto& [name, changed] : tables) {
    const auto old = before.vpcs.find_shared(name);
    auto now = whole.contains(name) || !old ? reach_of(*model.vpcs().find(name), changed)
                                            : with_tables(*old, changed);
    if (old && *old == *now) continue;
    if (!old || old->accepts != now->accepts) accepting.insert(name);
    old ? after.vpcs.put(std::move(now)) : created.push_back(std::move(now));
  }
  const auto is_vpc = [&](const std::string& name) { return model.vpcs().find(name) != nullptr; };
  if (after.vpcs.size() + created.size() != model.vpcs().size()) erase_unknown(after.vpcs, is_vpc);
  if (!created.empty()) {
    auto all = after.vpcs.pointers();
    all.insert(all.end(), created.begin(), created.end());
    after.vpcs = config::Objects<VpcReach>(std::move(all));
  }

  std::set<std::string, std::less<>> stale;
  for (const GatewayTableChange& gateway : plans.gateways) stale.insert(gateway.gateway);
  add_gateways_of(model, accepting, stale);
  erase_unknown(after.gateways, [&](const std::string& name) {
    return !stale.contains(name) && model.gateways().find(name) != nullptr;
  });
  return after;
}

void complete(Reachability& reach, const config::ValidModel& model, const Rib& rib) {
  for (const config::Gateway& gateway : model.gateways()) {
    if (reach.gateways.find(gateway.name) != nullptr) continue;
    reach.gateways.put(deliveries_of(*rib.find_gateway(gateway.name), model, reach.vpcs));
  }
}

std::span<const std::uint32_t> GatewayReachability::into(std::string_view vpc) const {
  const auto found = std::ranges::lower_bound(vpcs, vpc);
  if (found == vpcs.end() || *found != vpc) return {};
  const auto id = static_cast<std::size_t>(found - vpcs.begin());
  return std::span(positions).subspan(starts[id], starts[id + 1] - starts[id]);
}

AddressSet reached(const Reachability& reach, const TableWays& table, std::string_view vpc) {
  std::vector<AddressRange> ranges;
  const GatewayReachability* gateway = nullptr;
  std::span<const std::uint32_t> into;
  for (const Way& way : table.ways) {
    for (const std::string& name : way.gateways) {
      if (gateway == nullptr || gateway->name != name) {
        gateway = reach.gateways.find(name);
        into = gateway->into(vpc);
      }
      for (const auto position : into) {
        const auto part = common_part(gateway->deliveries[position].range, way.range);
        if (part) ranges.push_back(*part);
      }
    }
  }
  return united(std::move(ranges));
}

namespace {

AddressSet surely_delivered(const GatewayReachability& gateway, std::string_view vpc) {
  std::vector<AddressRange> sure;
  for (const auto position : gateway.into(vpc)) {
    const Delivery& delivery = gateway.deliveries[position];
    if (delivery.sure) sure.push_back(delivery.range);
  }
  return united(std::move(sure));
}

AddressSet parts_in(const AddressRange& range, const AddressSet& set) {
  AddressSet parts;
  for (const AddressRange& each : set) {
    if (const auto part = common_part(each, range)) parts.push_back(*part);
  }
  return parts;
}

}  // namespace

AddressSet surely_reached(const Reachability& reach, const TableWays& table, std::string_view vpc) {
  std::vector<AddressRange> all;
  const std::string* gateway = nullptr;  // mostly that of the way before
  AddressSet sure;
  for (const Way& way : table.ways) {
    if (!way.sure) continue;
    AddressSet by_all;
    for (const std::string& name : way.gateways) {
      if (gateway == nullptr || *gateway != name) {
        gateway = &name;
        sure = surely_delivered(*reach.gateways.find(name), vpc);
      }
      by_all =
          &name == &way.gateways.front() ? parts_in(way.range, sure) : intersection(by_all, sure);
    }
    all.insert(all.end(), by_all.begin(), by_all.end());
  }
  return united(std::move(all));
}

bool has_host(const AddressSet& set, const VpcReach& vpc) {
  return std::ranges::any_of(
      set, [&](const AddressRange& range) { return first_but(range, vpc.nobodys).has_value(); });
}

std::vector<std::string> reached_vpcs(const Reachability& reach, const VpcReach& from) {
  std::set<const TableWays*> tables;
  for (const ReachSource& source : from.sources) tables.insert(source.table.get());
  std::map<const GatewayReachability*, std::vector<bool>> seen;
  std::set<std::string_view> names;
  for (const TableWays* table : tables) {
    for (const Way& way : table->ways) {
      for (const std::string& name : way.gateways) {
        const auto& gateway = *reach.gateways.find(name);
        auto& known = seen[&gateway];
        known.resize(gateway.vpcs.size());
        gateway.for_each_in(way.range, [&](const Delivery& delivery) {
          if (known[delivery.vpc] || gateway.vpcs[delivery.vpc] == from.name) return;
          const auto part = common_part(delivery.range, way.range);
          const VpcReach& to = *reach.vpcs.find(gateway.vpcs[delivery.vpc]);
          if (!first_but(*part, to.nobodys)) return;
          known[delivery.vpc] = true;
          names.insert(gateway.vpcs[delivery.vpc]);
        });
      }
    }
  }
  return {names.begin(), names.end()};
}

}  // namespace bgw::control
