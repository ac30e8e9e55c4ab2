#include "control/fib/fib_programmer.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "control/fib/fib_assembly.h"

namespace bgw::control {
namespace {

using dataplane::AttachmentIndex;
using dataplane::FibSnapshot;
using Hop = dataplane::NextHop;  // beside the NextHop of rib.h
using dataplane::NextHopKind;
using dataplane::TableIndex;
using dataplane::TunnelIndex;
using dataplane::VpcIndex;

bool has_ipv6(const std::vector<config::InterfaceAddress>& addresses) {
  return std::ranges::any_of(addresses, [](const auto& own) { return !own.address.is_v4(); });
}

// What the gateway itself sends to link-local addresses; packets from VPCs never get here with one.
void add_link_local(const std::vector<config::InterfaceAddress>& addresses, RouteSet& routes) {
  if (!has_ipv6(addresses)) return;
  const auto link_local = config::IpAddress::v6(0xfe80000000000000, 0);
  routes.add(config::IpPrefix::around(link_local, 64), Hop::make(NextHopKind::on_link));
}

const config::VxlanBinding* vxlan_of(const config::Vpc& vpc) {
  return vpc.interface ? std::get_if<config::VxlanBinding>(&vpc.interface->binding) : nullptr;
}

std::string no_room(const std::string& key, std::size_t routes, lpm::Error error) {
  return fmt::format("{}: no room for its {} routes: {}", key, routes, lpm::to_string(error));
}

std::vector<std::string> table_keys(const config::Vpc& vpc) {
  std::vector<std::string> keys{source_key(vpc.name)};
  for (const auto& table : vpc.route_tables) keys.push_back(table_key(vpc.name, table.name));
  return keys;
}

// `owner` is an outside_name().
std::vector<std::string> outside_keys(const std::string& owner) {
  return {source_key(owner), table_key(owner, "received"), table_key(owner, "main")};
}

// The VPC tables that a change knows nothing of are not in the FIB either.
tl::unexpected<std::string> unknown_table(const std::string& key) {
  return tl::unexpected(fmt::format("table {} is planned, but not in the configuration", key));
}

}  // namespace

FibProgrammer::FibProgrammer(const dataplane::NeighbourTable* neighbours,
                             const dataplane::FdbTable* fdb, lpm::Arena::Options arena,
                             Limits limits)
    : neighbours_(neighbours),
      fdb_(fdb),
      arena_(arena),
      indices_(limits),
      v4_(arena_, limits.routes_per_table, [this](auto value) { indices_.let_go(Hop{value}); }),
      v6_(arena_, limits.routes_per_table, [this](auto value) { indices_.let_go(Hop{value}); }) {}

tl::expected<std::unique_ptr<FibSnapshot>, std::string> FibProgrammer::prepare(
    const FibChange& change, const ProgrammedPorts& ports) {
  struct Undo {
    FibProgrammer* programmer;
    ~Undo() {
      if (programmer != nullptr) programmer->abandon();
    }
  } undo{this};
  const auto built = assign_indices(change).and_then([&] { return build_tables(change); });
  if (!built) return tl::unexpected(built.error());
  auto fib = assemble(change, ports);
  next_view_ = next_view();
  next_ports_ = ports;
  // So that nothing can fail any more once workers see it.
  v4_.reserve();
  v6_.reserve();
  indices_.reserve();
  prepared_ = fib.get();
  undo.programmer = nullptr;
  return fib;
}

void FibProgrammer::abandon() {
  v4_.abandon();
  v6_.abandon();
  // What commits retire before reclaim() no snapshot has ever shown; it may be reused at once. What
  // streams retire readers may see.
  if (!streamed_) arena_.reclaim(arena_.retire_epoch());
  indices_.abandon();
  next_view_.reset();
  prepared_ = nullptr;
}

void FibProgrammer::published() {
  v4_.published();
  v6_.published();
  indices_.keep();
  running_ = std::exchange(prepared_, nullptr);
  ports_ = std::move(next_ports_);
  next_view_->occupancy = present_occupancy(next_view_->occupancy.routes);
  show(std::exchange(next_view_, nullptr));
  settled_ = false;
}

std::vector<VpcIndex> FibProgrammer::retired_vpcs() const {
  std::vector<VpcIndex> slots;
  for (const auto index : indices_.vpcs.retired()) slots.emplace_back(index);
  return slots;
}

std::vector<AttachmentIndex> FibProgrammer::retired_attachments() const {
  std::vector<AttachmentIndex> attachments;
  for (const auto index : indices_.attachments.retired()) attachments.emplace_back(index);
  return attachments;
}

std::vector<VpcIndex> FibProgrammer::reclaim() {
  std::vector<std::uint32_t> smaller;
  const auto note = [&](std::uint32_t index) { smaller.push_back(index); };
  v4_.for_each_replaced(note);
  v6_.for_each_replaced(note);
  v4_.reclaim();
  v6_.reclaim();
  arena_.reclaim(arena_.retire_epoch());
  auto slots = indices_.reclaim();
  settled_ = true;
  streamed_ = false;
  show_tables(smaller);
  return slots;
}

// Names first: the tables refer to one another.
FibProgrammer::Done FibProgrammer::assign_indices(const FibChange& change) {
  Done done;
  const auto assign = [&](const auto& before, const auto& after) {
    config::for_each_difference(before, after, [&](const auto& old, const auto& now) {
      if (done && now) done = acquire(*now);
      if (done && old) release(*old);
    });
  };
  assign(change.before.underlays(), change.after.underlays());
  assign(change.before.vpcs(), change.after.vpcs());
  assign(change.before.gateways(), change.after.gateways());
  assign(change.before.attachments(), change.after.attachments());
  return done;
}

FibProgrammer::Done FibProgrammer::acquire(const config::Underlay& underlay) {
  const auto key = underlay_name(underlay.name);
  if (!indices_.vpcs.acquire(key)) return no_room_for("underlay", indices_.vpcs.limit());
  return acquire_tables({table_key(key, "main"), source_key(key)});
}

void FibProgrammer::release(const config::Underlay& underlay) {
  const auto key = underlay_name(underlay.name);
  indices_.vpcs.release(*indices_.vpcs.find(key));
  release_tables({table_key(key, "main"), source_key(key)});
}

FibProgrammer::Done FibProgrammer::acquire(const config::Vpc& vpc) {
  if (!indices_.vpcs.acquire(vpc.name)) return no_room_for("VPC", indices_.vpcs.limit());
  if (const auto* vxlan = vxlan_of(vpc)) {
    for (const auto& remote : vxlan->remotes) {
      if (indices_.tunnels.acquire({vxlan->underlay, remote})) continue;
      return no_room_for("VTEP", indices_.tunnels.limit());
    }
  }
  return acquire_tables(table_keys(vpc));
}

void FibProgrammer::release(const config::Vpc& vpc) {
  indices_.vpcs.release(*indices_.vpcs.find(vpc.name));
  if (const auto* vxlan = vxlan_of(vpc)) {
    for (const auto& remote : vxlan->remotes) {
      indices_.tunnels.release(*indices_.tunnels.find({vxlan->underlay, remote}));
    }
  }
  release_tables(table_keys(vpc));
}

FibProgrammer::Done FibProgrammer::acquire(const config::Gateway& gateway) {
  Done done = acquire_tables({gateway_key(gateway.name)});
  for (const auto& interface : gateway.interfaces) {
    if (done) done = acquire(gateway, interface);
  }
  return done;
}

void FibProgrammer::release(const config::Gateway& gateway) {
  for (const auto& interface : gateway.interfaces) release(gateway, interface);
  release_tables({gateway_key(gateway.name)});
}

// Its tables, and what it has like an attachment.
FibProgrammer::Done FibProgrammer::acquire(const config::Gateway& gateway,
                                           const config::OutsideInterface& interface) {
  const auto name = outside_name(gateway.name, interface.name);
  if (!indices_.vpcs.acquire(name)) return no_room_for("outside interface", indices_.vpcs.limit());
  if (!indices_.attachments.acquire(key_of(gateway, interface))) {
    return no_room_for("attachment", indices_.attachments.limit());
  }
  return acquire_tables(outside_keys(name));
}

void FibProgrammer::release(const config::Gateway& gateway,
                            const config::OutsideInterface& interface) {
  const auto name = outside_name(gateway.name, interface.name);
  indices_.attachments.release(*indices_.attachments.find(key_of(gateway, interface)));
  indices_.vpcs.release(*indices_.vpcs.find(name));
  release_tables(outside_keys(name));
}

AttachmentKey FibProgrammer::key_of(const config::Gateway& gateway,
                                    const config::OutsideInterface& interface) const {
  return {TableIndex{*indices_.tables.find(gateway_key(gateway.name))},
          VpcIndex{*indices_.vpcs.find(outside_name(gateway.name, interface.name))}};
}

FibProgrammer::Done FibProgrammer::acquire(const config::Attachment& attachment) {
  if (indices_.attachments.acquire(key_of(attachment))) return {};
  return no_room_for("attachment", indices_.attachments.limit());
}

void FibProgrammer::release(const config::Attachment& attachment) {
  indices_.attachments.release(*indices_.attachments.find(key_of(attachment)));
}

// Of names that have their indices in this round.
AttachmentKey FibProgrammer::key_of(const config::Attachment& attachment) const {
  return {TableIndex{*indices_.tables.find(gateway_key(attachment.gateway))},
          VpcIndex{*indices_.vpcs.find(attachment.vpc)}};
}

FibProgrammer::Done FibProgrammer::acquire_tables(const std::vector<std::string>& keys) {
  for (const auto& key : keys) {
    if (!indices_.tables.acquire(key)) return no_room_for("table", indices_.tables.limit());
  }
  return {};
}

void FibProgrammer::release_tables(const std::vector<std::string>& keys) {
  for (const auto& key : keys) indices_.tables.release(*indices_.tables.find(key));
}

FibProgrammer::Done FibProgrammer::build_tables(const FibChange& change) {
  indices_.tables.for_each_ending([&](const std::string&, std::uint32_t index) {
    v4_.remove(index);
    v6_.remove(index);
  });
  Done done;
  const auto build_each = [&](const auto& list, auto build) {
    for (auto one = list.begin(); done && one != list.end(); ++one) done = build(*one);
  };
  build_each(change.sources,
             [&](const auto& plan) { return build_sources(plan.vpc, plan.sources); });
  build_each(change.tables, [&](const auto& plan) { return build_vpc_table(change, plan); });
  build_each(change.gateways, [&](const auto& one) { return change_gateway(one); });
  config::for_each_difference(change.before.underlays(), change.after.underlays(),
                              [&](const auto&, const auto& now) {
                                if (done && now) done = build_underlay(*now);
                              });
  for_each_other_outside(change, [&](const auto&, const auto& now) {
    if (!now) return;
    for (const auto& interface : now->interfaces) {
      if (done) done = build_outside(*now, interface);
    }
  });
  return done;
}

FibProgrammer::Done FibProgrammer::build_vpc_table(const FibChange& change,
                                                   const VpcTablePlan& planned) {
  const auto key = table_key(planned.vpc, planned.table);
  const auto* vpc = change.after.vpcs().find(planned.vpc);
  if (vpc == nullptr) return unknown_table(key);
  auto routes = HopWriter(indices_, VpcIndex{*indices_.vpcs.find(vpc->name)}).acquire(planned.plan);
  if (!routes) return tl::unexpected(fmt::format("{}: {}", key, routes.error()));
  if (planned.table == "main" && vpc->interface) {
    add_link_local(vpc->interface->addresses, *routes);
  }
  return build_table(key, std::move(*routes));
}

FibProgrammer::Done FibProgrammer::build_underlay(const config::Underlay& underlay) {
  const auto owner = underlay_name(underlay.name);
  const auto key = table_key(owner, "main");
  auto routes = HopWriter(indices_, VpcIndex{*indices_.vpcs.find(owner)})
                    .acquire(plan_underlay_table(underlay));
  if (!routes) return tl::unexpected(fmt::format("{}: {}", key, routes.error()));
  add_link_local(underlay.addresses, *routes);
  return build_table(key, std::move(*routes)).and_then([&] {
    return build_sources(owner, plan_underlay_sources(underlay));
  });
}

FibProgrammer::Done FibProgrammer::build_outside(const config::Gateway& gateway,
                                                 const config::OutsideInterface& interface) {
  const auto owner = outside_name(gateway.name, interface.name);
  const auto build = [&](const std::string& table, const Plan& plan) -> Done {
    const auto key = table_key(owner, table);
    auto routes = HopWriter(indices_, VpcIndex{*indices_.vpcs.find(owner)}).acquire(plan);
    if (!routes) return tl::unexpected(fmt::format("{}: {}", key, routes.error()));
    if (table == "main") add_link_local(interface.addresses, *routes);
    return build_table(key, std::move(*routes));
  };
  return build("received", plan_outside_received(gateway.name, interface))
      .and_then([&] { return build("main", plan_outside_table(gateway.name, interface)); })
      .and_then([&] { return build_sources(owner, plan_outside_sources(interface)); });
}

FibProgrammer::Done FibProgrammer::build_sources(const std::string& owner,
                                                 const std::vector<SourceEntry>& sources) {
  RouteSet routes;
  for (const auto& source : sources) {
    if (const auto* nobodys = std::get_if<NobodysSource>(&source.answer)) {
      routes.add(source.prefix, Hop::discard(drop_reason(*nobodys)));
      continue;
    }
    const auto key = table_key(owner, std::get<std::string>(source.answer));
    const auto table = indices_.tables.find(key);
    if (!table) return unknown_table(key);
    routes.add(source.prefix, Hop::make(NextHopKind::table, *table));
  }
  return build_table(source_key(owner), std::move(routes));
}

FibProgrammer::Done FibProgrammer::change_gateway(const GatewayTableChange& change) {
  const auto key = gateway_key(change.gateway);
  const auto index = indices_.tables.find(key);
  if (!index) return unknown_table(key);
  auto routes = HopWriter(indices_, TableIndex{*index}).acquire(change.put);
  if (!routes) return tl::unexpected(fmt::format("{}: {}", key, routes.error()));
  if (change.whole) return build_table(key, std::move(*routes));
  std::vector<FamilyTables<lpm::Ipv4Address>::Prefix> gone_v4;
  std::vector<FamilyTables<lpm::Ipv6Address>::Prefix> gone_v6;
  for (const auto& prefix : change.gone) {
    if (prefix.family() == config::Family::ipv4) {
      const auto route = v4_route(prefix, 0);
      gone_v4.emplace_back(route.address, route.length);
    } else {
      const auto route = v6_route(prefix, 0);
      gone_v6.emplace_back(route.address, route.length);
    }
  }
  return v4_.change(*index, routes->v4, gone_v4)
      .and_then([&] { return v6_.change(*index, routes->v6, gone_v6); })
      .map_error([&](lpm::Error error) { return no_room(key, change.put.size(), error); });
}

FibProgrammer::Done FibProgrammer::build_table(const std::string& key, RouteSet routes) {
  const auto index = indices_.tables.find(key);
  if (!index) return unknown_table(key);
  const auto v4_count = routes.v4.size(), v6_count = routes.v6.size();
  return v4_.replace(*index, std::move(routes.v4))
      .map_error([&](lpm::Error error) { return no_room(key, v4_count, error); })
      .and_then([&] {
        return v6_.replace(*index, std::move(routes.v6)).map_error([&](lpm::Error error) {
          return no_room(key, v6_count, error);
        });
      });
}

std::unique_ptr<FibSnapshot> FibProgrammer::assemble(const FibChange& change,
                                                     const ProgrammedPorts& ports) const {
  auto fib = running_ == nullptr ? std::make_unique<FibSnapshot>()
                                 : std::make_unique<FibSnapshot>(*running_);
  fib->generation = change.generation;
  fib->lpm_base = arena_.base();
  fib->neighbours = neighbours_;
  fib->fdb = fdb_;
  fib->rx_queues.clear();
  write_descriptors(*fib);
  write_attachments(*fib, indices_);
  write_groups(*fib, indices_);
  FibAssembly(*fib, indices_, change, ports_, ports).interfaces();
  return fib;
}

void FibProgrammer::write_descriptors(FibSnapshot& fib) const {
  fib.tables.resize(indices_.tables.end());
  fib.tables_v6.resize(indices_.tables.end());
  v4_.for_each_changed([&](std::uint32_t index, const auto& descriptor, const TableUse&) {
    fib.tables[index] = descriptor;
  });
  v6_.for_each_changed([&](std::uint32_t index, const auto& descriptor, const TableUse&) {
    fib.tables_v6[index] = descriptor;
  });
}

}  // namespace bgw::control
