#include "control/fib_programmer.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace bgw::control {
namespace {

using dataplane::DropReason;
using Hop = dataplane::NextHop;  // beside the NextHop of rib.h
using dataplane::NextHopKind;
using dataplane::TableIndex;
using dataplane::VpcIndex;

constexpr std::size_t max_group = std::tuple_size_v<decltype(dataplane::EcmpGroup::members)>;
// Table 0 stays empty, so that a slot without a table answers "no route".
constexpr std::uint32_t first_table = 1;

std::string gateway_key(const std::string& gateway) {
  return gateway;
}
std::string table_key(const std::string& vpc, const std::string& table) {
  return vpc + "/" + table;
}
std::string source_key(const std::string& vpc) {
  return vpc + ": sources";
}

std::uint64_t address_key(VpcIndex vpc, const config::IpAddress& address) {
  return std::uint64_t{vpc.value} << 32 | address.v4_host_order();
}

DropReason drop_reason(DiscardReason reason) {
  switch (reason) {
    case DiscardReason::blackhole:
      return DropReason::blackhole;
    case DiscardReason::directed_broadcast:
      return DropReason::destination_broadcast;
    case DiscardReason::no_route:
      break;
  }
  return DropReason::no_route;
}

lpm::Ipv4Route lpm_route(const config::IpPrefix& prefix, Hop next_hop) {
  return {prefix.address.v4_host_order(), prefix.length, next_hop.value()};
}

tl::unexpected<std::string> full(const char* what, std::uint32_t limit) {
  return tl::unexpected(fmt::format(
      "no room in the FIB for another {} (limit {}): remove some, or split the VPCs over several "
      "gateway hosts",
      what, limit));
}

using Routes = std::vector<lpm::Ipv4Route>;

auto prefix_of(const lpm::Ipv4Route& route) {
  return std::pair{route.address, route.length};
}

}  // namespace

// From one sorted list of routes to another.
struct RouteChanges {
  Routes removed;
  Routes added;  // or with another value
  std::size_t size() const { return removed.size() + added.size(); }
};

namespace {

// Sorted by prefix, without the routes that later ones replace.
void keep_last_of_each(Routes& routes) {
  std::ranges::stable_sort(routes, {}, prefix_of);
  const auto same = [](const auto& a, const auto& b) { return prefix_of(a) == prefix_of(b); };
  routes.erase(routes.begin(), std::unique(routes.rbegin(), routes.rend(), same).base());
}

RouteChanges changes_between(const Routes& before, const Routes& after) {
  RouteChanges changes;
  auto old = before.begin();
  for (const auto& route : after) {
    while (old != before.end() && prefix_of(*old) < prefix_of(route))
      changes.removed.push_back(*old++);
    const bool known = old != before.end() && prefix_of(*old) == prefix_of(route);
    if (!known || old->value != route.value) changes.added.push_back(route);
    if (known) ++old;
  }
  changes.removed.insert(changes.removed.end(), old, before.end());
  return changes;
}

}  // namespace

FibProgrammer::FibProgrammer(const dataplane::NeighbourTable* neighbours, lpm::Arena::Options arena,
                             Limits limits)
    : neighbours_(neighbours),
      routes_per_table_(limits.routes_per_table),
      arena_(arena),
      vpcs_(0, limits.vpcs),
      table_names_(first_table, limits.tables),
      groups_(0, limits.groups),
      address_hops_(0, limits.address_hops) {}

tl::expected<std::unique_ptr<dataplane::FibSnapshot>, std::string> FibProgrammer::prepare(
    const config::Model& model, const Rib& rib, const ProgrammedPorts& ports,
    std::uint64_t generation) {
  vpcs_.begin();
  table_names_.begin();
  groups_.begin();
  address_hops_.begin();
  next_.clear();
  auto built = assign_indices(model).and_then([&] { return build_tables(model, rib); });
  if (!built) {
    abandon();
    return tl::unexpected(built.error());
  }
  auto fib = assemble(model, ports, generation);
  // So that nothing can fail any more once workers see it.
  replaced_.reserve(replaced_.size() + 1);
  published_.reserve(published_.size() + opened_.size());
  return fib;
}

void FibProgrammer::abandon() {
  next_.clear();
  for (const auto& table : opened_) table->drop_version();
  opened_.clear();
  // No snapshot has ever shown these blocks, and what is replaced but still in use is not retired
  // before reclaim(): all that is retired now may be reused at once.
  arena_.reclaim(arena_.retire_epoch());
  vpcs_.abandon();
  table_names_.abandon();
  groups_.abandon();
  address_hops_.abandon();
}

void FibProgrammer::published() {
  replaced_.push_back(std::move(running_));
  running_ = std::move(next_);
  next_.clear();
  published_.insert(published_.end(), opened_.begin(), opened_.end());
  opened_.clear();
  vpcs_.keep();
  table_names_.keep();
  groups_.keep();
  address_hops_.keep();
}

std::vector<VpcIndex> FibProgrammer::retired_vpcs() const {
  std::vector<VpcIndex> slots;
  for (const auto index : vpcs_.retired()) slots.emplace_back(index);
  return slots;
}

std::vector<VpcIndex> FibProgrammer::reclaim() {
  for (const auto& table : published_) table->keep_version();
  published_.clear();
  replaced_.clear();
  arena_.reclaim(arena_.retire_epoch());
  table_names_.reclaim();
  groups_.reclaim();
  address_hops_.reclaim();
  std::vector<VpcIndex> slots;
  for (const auto index : vpcs_.reclaim()) slots.emplace_back(index);
  return slots;
}

std::optional<VpcIndex> FibProgrammer::vpc_index(const std::string& name) const {
  const auto index = vpcs_.find(name);
  if (!index) return std::nullopt;
  return VpcIndex{*index};
}

FibProgrammer::Occupancy FibProgrammer::occupancy() const {
  Occupancy occupancy{
      vpcs_.size(),      table_names_.size(), groups_.size(), address_hops_.size(), 0,
      arena_.occupancy()};
  for (const auto& built : running_) {
    if (built) occupancy.routes += built->routes.size();
  }
  return occupancy;
}

std::vector<FibProgrammer::TableOccupancy> FibProgrammer::table_occupancy() const {
  std::vector<TableOccupancy> tables;
  table_names_.for_each([&](const std::string& name, std::uint32_t index) {
    if (index >= running_.size() || !running_[index]) return;
    const Built& built = *running_[index];
    tables.push_back(
        {name, built.routes.size(), built.table->used_bytes(), built.table->rib_bytes()});
  });
  std::ranges::sort(tables, {}, &TableOccupancy::name);
  return tables;
}

// Names first: the tables refer to one another.
tl::expected<void, std::string> FibProgrammer::assign_indices(const config::Model& model) {
  const auto use_table = [&](const std::string& key) { return table_names_.use(key).has_value(); };
  for (const auto& vpc : model.vpcs) {
    if (!vpcs_.use(vpc.name)) return full("VPC", vpcs_.limit());
    bool room = use_table(source_key(vpc.name));
    for (const auto& table : vpc.route_tables) {
      room = room && use_table(table_key(vpc.name, table.name));
    }
    if (!room) return full("table", table_names_.limit());
  }
  for (const auto& gateway : model.gateways) {
    if (!use_table(gateway_key(gateway.name))) return full("table", table_names_.limit());
  }
  next_.resize(table_names_.end());
  return {};
}

tl::expected<void, std::string> FibProgrammer::build_tables(const config::Model& model,
                                                            const Rib& rib) {
  std::unordered_map<std::string_view, const VpcRoutes*> routes_of;
  for (const auto& routes : rib.vpcs) routes_of.emplace(routes.name, &routes);
  for (const auto& vpc : model.vpcs) {
    if (auto built = build_vpc(vpc, rib, *routes_of.at(vpc.name)); !built) return built;
  }
  for (const auto& gateway : rib.gateways) {
    auto built = build_plan(gateway_key(gateway.name), plan_gateway_table(model, gateway), {});
    if (!built) return built;
  }
  return {};
}

tl::expected<void, std::string> FibProgrammer::build_vpc(const config::Vpc& vpc, const Rib& rib,
                                                         const VpcRoutes& routes) {
  std::vector<lpm::Ipv4Route> sources;
  for (const auto& source : plan_source_table(vpc, routes)) {
    if (source.prefix.family() != config::Family::ipv4) continue;
    const auto table = table_names_.find(table_key(vpc.name, source.route_table));
    sources.push_back(lpm_route(source.prefix, Hop::make(NextHopKind::table, *table)));
  }
  if (auto built = build_table(source_key(vpc.name), std::move(sources)); !built) return built;
  const VpcIndex owner{*vpcs_.find(vpc.name)};
  for (const auto& table : routes.tables) {
    auto built =
        build_plan(table_key(vpc.name, table.name), plan_vpc_table(vpc, rib, routes, table), owner);
    if (!built) return built;
  }
  return {};
}

tl::expected<void, std::string> FibProgrammer::build_plan(const std::string& key, const Plan& plan,
                                                          VpcIndex owner) {
  std::vector<lpm::Ipv4Route> routes;
  routes.reserve(plan.size());
  for (const auto& entry : plan) {
    if (entry.prefix.family() != config::Family::ipv4) continue;
    const auto hop = next_hop(entry, owner);
    if (!hop) return tl::unexpected(fmt::format("{}: {}", key, hop.error()));
    routes.push_back(lpm_route(entry.prefix, *hop));
  }
  return build_table(key, std::move(routes));
}

// Equal routes make an equal table: indices are stable, so comparing values compares meanings. A
// table of which little changes becomes a version of itself, unless workers may still read an older
// one.
tl::expected<void, std::string> FibProgrammer::build_table(const std::string& key, Routes routes) {
  const auto index = *table_names_.find(key);
  keep_last_of_each(routes);
  const Built* running = index < running_.size() ? running_[index].get() : nullptr;
  if (running != nullptr && running->routes == routes) {
    next_[index] = running_[index];
    return {};
  }
  constexpr std::size_t worth_a_version = 4;  // routes for each that changes
  const auto count = routes.size();
  RouteChanges changes;
  if (running != nullptr && replaced_.empty()) changes = changes_between(running->routes, routes);
  auto built = changes.size() > 0 && changes.size() * worth_a_version < count
                   ? build_version(*running, std::move(routes), changes)
                   : build_beside(std::move(routes));
  if (!built) {
    return tl::unexpected(fmt::format("{}: no room for its {} routes: {}", key, count,
                                      lpm::to_string(built.error())));
  }
  next_[index] = std::make_shared<const Built>(std::move(*built));
  return {};
}

tl::expected<FibProgrammer::Built, lpm::Error> FibProgrammer::build_beside(Routes routes) {
  auto table = lpm::Ipv4Table::build(arena_, routes,
                                     {.none = Hop{}.value(), .max_routes = routes_per_table_});
  if (!table) return tl::unexpected(table.error());
  const auto descriptor = table->descriptor();
  return Built{std::move(routes), std::make_shared<lpm::Ipv4Table>(std::move(*table)), descriptor};
}

tl::expected<FibProgrammer::Built, lpm::Error> FibProgrammer::build_version(
    const Built& running, Routes routes, const RouteChanges& changes) {
  opened_.push_back(running.table);
  running.table->open_version();
  bool republish = false;
  for (const auto& route : changes.removed) {
    const auto removed = running.table->remove(route.address, route.length, &republish);
    if (!removed) return tl::unexpected(removed.error());
  }
  for (const auto& route : changes.added) {
    const auto added = running.table->add(route, &republish);
    if (!added) return tl::unexpected(added.error());
  }
  return Built{std::move(routes), running.table, running.table->descriptor()};
}

tl::expected<Hop, std::string> FibProgrammer::next_hop(const PlanEntry& entry, VpcIndex owner) {
  if (entry.targets.size() == 1) return next_hop(entry.targets.front(), owner);
  if (entry.targets.empty() || entry.targets.size() > max_group) {
    return tl::unexpected(fmt::format("{} has {} next hops; 1 to {} can be programmed",
                                      entry.prefix.to_string(), entry.targets.size(), max_group));
  }
  GroupKey members;
  for (const auto& target : entry.targets) {
    const auto member = next_hop(target, owner);
    if (!member) return member;
    members.push_back(member->value());
  }
  const auto index = groups_.use(members);
  if (!index) return full("ECMP group", groups_.limit());
  return Hop::make(NextHopKind::group, *index);
}

tl::expected<Hop, std::string> FibProgrammer::next_hop(const PlanTarget& target, VpcIndex owner) {
  using Result = tl::expected<Hop, std::string>;
  struct Translate {
    FibProgrammer& self;
    VpcIndex owner;
    Result operator()(const OnLink&) const { return Hop::make(NextHopKind::on_link); }
    Result operator()(const Self&) const { return Hop::make(NextHopKind::self); }
    Result operator()(const Neighbour& neighbour) const {
      const auto index = self.address_hops_.use(address_key(owner, neighbour.address));
      if (!index) return full("address next hop", self.address_hops_.limit());
      return Hop::make(NextHopKind::neighbour, *index);
    }
    Result operator()(const ContinueInGateway& gateway) const {
      return Hop::make(NextHopKind::table, *self.table_names_.find(gateway_key(gateway.gateway)));
    }
    Result operator()(const DeliverIntoVpc& vpc) const {
      return Hop::make(NextHopKind::vpc, *self.vpcs_.find(vpc.vpc));
    }
    Result operator()(const Discard& discard) const {
      return Hop::discard(drop_reason(discard.reason));
    }
  };
  return std::visit(Translate{*this, owner}, target);
}

std::unique_ptr<dataplane::FibSnapshot> FibProgrammer::assemble(const config::Model& model,
                                                                const ProgrammedPorts& ports,
                                                                std::uint64_t generation) const {
  auto fib = std::make_unique<dataplane::FibSnapshot>();
  fib->generation = generation;
  fib->lpm_base = arena_.base();
  fib->neighbours = neighbours_;
  for (const auto& built : next_) {
    fib->tables.push_back(built ? built->descriptor : lpm::Ipv4Descriptor{});
  }
  fib->groups.resize(groups_.end());
  groups_.for_each_used([&](const GroupKey& members, std::uint32_t index) {
    auto& group = fib->groups[index];
    group.count = static_cast<std::uint32_t>(members.size());
    std::ranges::transform(members, group.members.begin(), [](auto v) { return Hop{v}; });
  });
  fib->address_hops.resize(address_hops_.end());
  address_hops_.for_each_used([&](std::uint64_t key, std::uint32_t index) {
    fib->address_hops[index] = {VpcIndex{static_cast<std::uint32_t>(key >> 32)},
                                static_cast<std::uint32_t>(key)};
  });
  for (const auto& [name, port] : ports) {
    if (fib->ports.size() <= port.id.value) fib->ports.resize(port.id.value + std::size_t{1});
  }
  fib->vpcs.resize(vpcs_.end());
  for (const auto& vpc : model.vpcs) {
    const VpcIndex index{*vpcs_.find(vpc.name)};
    auto& slot = fib->vpcs[index.value];
    slot.in_use = true;
    slot.source_table = TableIndex{*table_names_.find(source_key(vpc.name))};
    slot.main_table = TableIndex{*table_names_.find(table_key(vpc.name, "main"))};
    if (!vpc.interface) continue;
    slot.enabled = vpc.interface->enabled;
    slot.mtu = vpc.interface->mtu;
    if (const auto* binding = std::get_if<config::PortBinding>(&vpc.interface->binding)) {
      const auto& port = ports.at(binding->port);
      slot.port = port.id;
      slot.mac = port.mac;
      fib->ports[port.id.value].untagged = index;
    }
  }
  return fib;
}

}  // namespace bgw::control
