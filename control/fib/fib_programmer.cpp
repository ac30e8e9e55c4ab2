#include "control/fib/fib_programmer.h"

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
constexpr std::uint32_t first_tunnel = dataplane::no_tunnel.value + 1;

std::string gateway_key(const std::string& gateway) {
  return gateway;
}
std::string table_key(const std::string& vpc, const std::string& table) {
  return vpc + "/" + table;
}
std::string source_key(const std::string& vpc) {
  return vpc + ": sources";
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

// The routes of one table, by family.
struct RouteSet {
  std::vector<lpm::Ipv4Route> v4;
  std::vector<lpm::Ipv6Route> v6;

  void add(const config::IpPrefix& prefix, Hop next_hop) {
    if (prefix.family() == config::Family::ipv4) {
      v4.push_back({prefix.address.v4_host_order(), prefix.length, next_hop.value()});
    } else {
      v6.push_back(
          {dataplane::lpm_key(to_address(prefix.address)), prefix.length, next_hop.value()});
    }
  }
};

tl::unexpected<std::string> full(const char* what, std::uint32_t limit) {
  return tl::unexpected(fmt::format(
      "no room in the FIB for another {} (limit {}): remove some, or split the VPCs over several "
      "gateway hosts",
      what, limit));
}

bool has_ipv6(const std::vector<config::InterfaceAddress>& addresses) {
  return std::ranges::any_of(addresses, [](const auto& own) { return !own.address.is_v4(); });
}

// What the gateway itself sends to link-local addresses; packets from VPCs never get here with one.
void add_link_local(const std::vector<config::InterfaceAddress>& addresses, Plan& plan) {
  if (!has_ipv6(addresses)) return;
  const auto link_local = config::IpAddress::v6(0xfe80000000000000, 0);
  plan.push_back({config::IpPrefix::around(link_local, 64), {OnLink{}}});
}

}  // namespace

FibProgrammer::FibProgrammer(const dataplane::NeighbourTable* neighbours,
                             const dataplane::FdbTable* fdb, lpm::Arena::Options arena,
                             Limits limits)
    : neighbours_(neighbours),
      fdb_(fdb),
      arena_(arena),
      vpcs_(0, limits.vpcs),
      table_names_(first_table, limits.tables),
      groups_(0, limits.groups),
      address_hops_(0, limits.address_hops),
      tunnels_(first_tunnel, limits.tunnels),
      v4_(arena_, limits.routes_per_table),
      v6_(arena_, limits.routes_per_table) {}

tl::expected<std::unique_ptr<dataplane::FibSnapshot>, std::string> FibProgrammer::prepare(
    const config::ValidModel& model, const Rib& rib, const ProgrammedPorts& ports,
    std::uint64_t generation) {
  vpcs_.begin();
  table_names_.begin();
  groups_.begin();
  address_hops_.begin();
  tunnels_.begin();
  v4_.begin();
  v6_.begin();
  auto built = assign_indices(model).and_then([&] { return build_tables(model, rib); });
  if (!built) {
    abandon();
    return tl::unexpected(built.error());
  }
  auto fib = assemble(model, ports, generation);
  // So that nothing can fail any more once workers see it.
  v4_.reserve();
  v6_.reserve();
  return fib;
}

void FibProgrammer::abandon() {
  v4_.abandon();
  v6_.abandon();
  // No snapshot has ever shown these blocks, and what is replaced but still in use is not retired
  // before reclaim(): all that is retired now may be reused at once.
  arena_.reclaim(arena_.retire_epoch());
  vpcs_.abandon();
  table_names_.abandon();
  groups_.abandon();
  address_hops_.abandon();
  tunnels_.abandon();
}

void FibProgrammer::published() {
  v4_.published();
  v6_.published();
  vpcs_.keep();
  table_names_.keep();
  groups_.keep();
  address_hops_.keep();
  tunnels_.keep();
}

std::vector<VpcIndex> FibProgrammer::retired_vpcs() const {
  std::vector<VpcIndex> slots;
  for (const auto index : vpcs_.retired()) slots.emplace_back(index);
  return slots;
}

std::vector<VpcIndex> FibProgrammer::reclaim() {
  v4_.reclaim();
  v6_.reclaim();
  arena_.reclaim(arena_.retire_epoch());
  table_names_.reclaim();
  groups_.reclaim();
  address_hops_.reclaim();
  tunnels_.reclaim();
  std::vector<VpcIndex> slots;
  for (const auto index : vpcs_.reclaim()) slots.emplace_back(index);
  return slots;
}

std::optional<VpcIndex> FibProgrammer::vpc_index(const std::string& name) const {
  const auto index = vpcs_.find(name);
  if (!index) return std::nullopt;
  return VpcIndex{*index};
}

std::optional<VpcIndex> FibProgrammer::underlay_index(const std::string& name) const {
  return vpc_index(underlay_name(name));
}

std::optional<dataplane::TunnelIndex> FibProgrammer::tunnel_index(
    const std::string& underlay, const config::IpAddress& remote) const {
  const auto index = tunnels_.find({underlay, remote});
  if (!index) return std::nullopt;
  return dataplane::TunnelIndex{static_cast<std::uint16_t>(*index)};
}

FibProgrammer::Occupancy FibProgrammer::occupancy() const {
  return {vpcs_.size(),    table_names_.size(),         groups_.size(),    address_hops_.size(),
          tunnels_.size(), v4_.routes() + v6_.routes(), arena_.occupancy()};
}

std::vector<FibProgrammer::TableOccupancy> FibProgrammer::table_occupancy() const {
  std::vector<TableOccupancy> tables;
  table_names_.for_each([&](const std::string& name, std::uint32_t index) {
    const auto v4 = v4_.occupancy(index);
    const auto v6 = v6_.occupancy(index);
    tables.push_back({name, v4.routes + v6.routes, v4.arena_bytes + v6.arena_bytes,
                      v4.rib_bytes + v6.rib_bytes});
  });
  std::ranges::sort(tables, {}, &TableOccupancy::name);
  return tables;
}

// Names first: the tables refer to one another.
tl::expected<void, std::string> FibProgrammer::assign_indices(const config::ValidModel& model) {
  const auto use_table = [&](const std::string& key) { return table_names_.use(key).has_value(); };
  for (const auto& underlay : model.underlays()) {
    const auto key = underlay_name(underlay.name);
    if (!vpcs_.use(key)) return full("underlay", vpcs_.limit());
    if (!use_table(table_key(key, "main")) || !use_table(source_key(key))) {
      return full("table", table_names_.limit());
    }
  }
  for (const auto& vpc : model.vpcs()) {
    if (!vpcs_.use(vpc.name)) return full("VPC", vpcs_.limit());
    bool room = use_table(source_key(vpc.name));
    for (const auto& table : vpc.route_tables) {
      room = room && use_table(table_key(vpc.name, table.name));
    }
    if (!room) return full("table", table_names_.limit());
    if (!vpc.interface) continue;
    const auto* vxlan = std::get_if<config::VxlanBinding>(&vpc.interface->binding);
    if (vxlan == nullptr) continue;
    for (const auto& remote : vxlan->remotes) {
      if (!tunnels_.use({vxlan->underlay, remote})) return full("VTEP", tunnels_.limit());
    }
  }
  for (const auto& gateway : model.gateways()) {
    if (!use_table(gateway_key(gateway.name))) return full("table", table_names_.limit());
  }
  return {};
}

tl::expected<void, std::string> FibProgrammer::build_tables(const config::ValidModel& model,
                                                            const Rib& rib) {
  std::unordered_map<std::string_view, const VpcRoutes*> routes_of;
  for (const auto& routes : rib.vpcs) routes_of.emplace(routes.name, &routes);
  for (const auto& vpc : model.vpcs()) {
    if (auto built = build_vpc(vpc, rib, *routes_of.at(vpc.name)); !built) return built;
  }
  for (const auto& gateway : rib.gateways) {
    auto built = build_plan(gateway_key(gateway.name), plan_gateway_table(model, gateway), {});
    if (!built) return built;
  }
  for (const auto& underlay : model.underlays()) {
    const auto key = underlay_name(underlay.name);
    const VpcIndex owner{*vpcs_.find(key)};
    Plan plan = plan_underlay_table(underlay);
    add_link_local(underlay.addresses, plan);
    auto built = build_plan(table_key(key, "main"), plan, owner).and_then([&] {
      return build_sources(source_key(key), any_source(), key);
    });
    if (!built) return built;
  }
  return {};
}

tl::expected<void, std::string> FibProgrammer::build_vpc(const config::Vpc& vpc, const Rib& rib,
                                                         const VpcRoutes& routes) {
  auto sources = build_sources(source_key(vpc.name), plan_source_table(vpc, routes), vpc.name);
  if (!sources) return sources;
  const VpcIndex owner{*vpcs_.find(vpc.name)};
  for (const auto& table : routes.tables) {
    Plan plan = plan_vpc_table(vpc, rib, routes, table);
    if (table.name == "main" && vpc.interface) add_link_local(vpc.interface->addresses, plan);
    auto built = build_plan(table_key(vpc.name, table.name), plan, owner);
    if (!built) return built;
  }
  return {};
}

tl::expected<void, std::string> FibProgrammer::build_sources(
    const std::string& key, const std::vector<SourceEntry>& sources, const std::string& owner) {
  RouteSet routes;
  for (const auto& source : sources) {
    const auto table = table_names_.find(table_key(owner, source.route_table));
    routes.add(source.prefix, Hop::make(NextHopKind::table, *table));
  }
  return build_table(v4_, key, std::move(routes.v4)).and_then([&] {
    return build_table(v6_, key, std::move(routes.v6));
  });
}

tl::expected<void, std::string> FibProgrammer::build_plan(const std::string& key, const Plan& plan,
                                                          VpcIndex owner) {
  RouteSet routes;
  for (const auto& entry : plan) {
    const auto hop = next_hop(entry, owner);
    if (!hop) return tl::unexpected(fmt::format("{}: {}", key, hop.error()));
    routes.add(entry.prefix, *hop);
  }
  return build_table(v4_, key, std::move(routes.v4)).and_then([&] {
    return build_table(v6_, key, std::move(routes.v6));
  });
}

dataplane::VpcFib FibProgrammer::slot_of(const std::string& owner) const {
  return {.in_use = true,
          .source_table = dataplane::TableIndex{*table_names_.find(source_key(owner))},
          .main_table = dataplane::TableIndex{*table_names_.find(table_key(owner, "main"))}};
}

template <typename Address>
tl::expected<void, std::string> FibProgrammer::build_table(
    FamilyTables<Address>& tables, const std::string& key,
    std::vector<lpm::Route<Address>> routes) {
  const auto count = routes.size();
  const auto built = tables.build(*table_names_.find(key), std::move(routes));
  if (built) return {};
  return tl::unexpected(
      fmt::format("{}: no room for its {} routes: {}", key, count, lpm::to_string(built.error())));
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
      const auto index = self.address_hops_.use({owner, neighbour.address});
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

}  // namespace bgw::control
