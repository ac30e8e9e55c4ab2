// What other threads see of a FibProgrammer.
#include "control/fib/fib_view.h"

#include <algorithm>

#include "control/fib/fib_programmer.h"

namespace bgw::control {
namespace {

using dataplane::AttachmentIndex;
using dataplane::TunnelIndex;
using dataplane::VpcIndex;
using Tables = SharedMap<std::string, TableUses>;

TableUses uses_of(const Tables& tables, const std::string& name) {
  const auto* known = tables.find(name);
  return known == nullptr ? TableUses{} : *known;
}

}  // namespace

// Takes the place of the present one once the commit is in force.
std::shared_ptr<FibView> FibProgrammer::next_view() const {
  auto view = std::make_shared<FibView>(*view_);
  decltype(view->vpcs)::Edit vpcs(view->vpcs);
  indices_.vpcs.for_each_ending([&](const auto& name, auto) { vpcs.erase(name); });
  indices_.vpcs.for_each_new(
      [&](const auto& name, auto index) { vpcs.put(name, VpcIndex{index}); });
  decltype(view->attachments)::Edit attachments(view->attachments);
  const auto name_of = [&](const AttachmentKey& key) {
    return attachment_name(*indices_.tables.key_of(key.gateway.value),
                           *indices_.vpcs.key_of(key.vpc.value));
  };
  indices_.attachments.for_each_ending(
      [&](const auto& key, auto) { attachments.erase(name_of(key)); });
  indices_.attachments.for_each_new(
      [&](const auto& key, auto index) { attachments.put(name_of(key), AttachmentIndex{index}); });
  decltype(view->tunnels)::Edit tunnels(view->tunnels);
  indices_.tunnels.for_each_ending([&](const auto& key, auto) { tunnels.erase(key); });
  indices_.tunnels.for_each_new([&](const auto& key, auto index) {
    tunnels.put(key, TunnelIndex{static_cast<std::uint16_t>(index)});
  });
  Tables::Edit tables(view->tables);
  indices_.tables.for_each_new([&](const auto& name, auto) { tables.put(name, {}); });
  auto& routes = view->occupancy.routes;
  const auto show_use = [&](TableUse TableUses::*family) {
    return [&, family](std::uint32_t index, const auto&, const TableUse& use) {
      const auto& name = *indices_.tables.key_of(index);
      auto uses = uses_of(view->tables, name);
      routes += use.routes - (uses.*family).routes;
      uses.*family = use;
      tables.put(name, uses);
    };
  };
  v4_.for_each_changed(show_use(&TableUses::v4));
  v6_.for_each_changed(show_use(&TableUses::v6));
  indices_.tables.for_each_ending([&](const auto& name, auto) { tables.erase(name); });
  return view;
}

FibOccupancy FibProgrammer::present_occupancy(std::size_t routes) const {
  return {indices_.vpcs.size(),    indices_.tables.size(),
          indices_.groups.size(),  indices_.address_hops.size(),
          indices_.tunnels.size(), routes,
          arena_.occupancy()};
}

// Of running tables; those that are no more are passed over.
void FibProgrammer::show_tables(const std::vector<std::uint32_t>& indices) {
  auto view = std::make_shared<FibView>(*view_);
  Tables::Edit tables(view->tables);
  auto& routes = view->occupancy.routes;
  for (const auto index : indices) {
    const auto* name = indices_.tables.key_of(index);
    if (name == nullptr) continue;
    const auto before = uses_of(view->tables, *name);
    const TableUses uses{v4_.occupancy(index), v6_.occupancy(index)};
    routes += uses.v4.routes + uses.v6.routes - before.v4.routes - before.v6.routes;
    tables.put(*name, uses);
  }
  view->occupancy = present_occupancy(routes);
  show(std::move(view));
}

void FibProgrammer::show(std::shared_ptr<const FibView> view) {
  const std::lock_guard lock(view_mutex_);
  view_.swap(view);
}

std::shared_ptr<const FibView> FibProgrammer::view() const {
  const std::lock_guard lock(view_mutex_);
  return view_;
}

std::optional<VpcIndex> FibProgrammer::vpc_index(const std::string& name) const {
  const auto seen = view();
  const auto* index = seen->vpcs.find(name);
  return index == nullptr ? std::nullopt : std::optional(*index);
}

std::optional<VpcIndex> FibProgrammer::underlay_index(const std::string& name) const {
  return vpc_index(underlay_name(name));
}

std::optional<AttachmentIndex> FibProgrammer::attachment_index(const std::string& gateway,
                                                               const std::string& vpc) const {
  const auto seen = view();
  const auto* index = seen->attachments.find(attachment_name(gateway, vpc));
  return index == nullptr ? std::nullopt : std::optional(*index);
}

std::optional<TunnelIndex> FibProgrammer::tunnel_index(const std::string& underlay,
                                                       const config::IpAddress& remote) const {
  const auto seen = view();
  const auto* index = seen->tunnels.find({underlay, remote});
  return index == nullptr ? std::nullopt : std::optional(*index);
}

FibProgrammer::Occupancy FibProgrammer::occupancy() const {
  return view()->occupancy;
}

std::vector<FibProgrammer::TableOccupancy> FibProgrammer::table_occupancy() const {
  std::vector<TableOccupancy> tables;
  view()->tables.for_each([&](const std::string& name, const TableUses& uses) {
    tables.push_back({name, uses.v4.routes + uses.v6.routes,
                      uses.v4.arena_bytes + uses.v6.arena_bytes,
                      uses.v4.rib_bytes + uses.v6.rib_bytes});
  });
  std::ranges::sort(tables, {}, &TableOccupancy::name);
  return tables;
}

}  // namespace bgw::control
