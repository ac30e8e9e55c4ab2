#include "control/fib/family_tables.h"

#include <algorithm>

namespace bgw::control {
namespace {

template <typename Address>
std::pair<Address, std::uint8_t> prefix_of(const lpm::Route<Address>& route) {
  return {route.address, route.length};
}

template <typename Address>
void sort_by_prefix(std::vector<lpm::Route<Address>>& routes) {
  if (!std::ranges::is_sorted(routes, {}, prefix_of<Address>)) {
    std::ranges::stable_sort(routes, {}, prefix_of<Address>);
  }
}

}  // namespace

template <typename Address>
void FamilyTables<Address>::keep_last_of_each(Routes& routes) const {
  sort_by_prefix(routes);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < routes.size(); ++i) {
    if (i + 1 < routes.size() && prefix_of(routes[i]) == prefix_of(routes[i + 1])) {
      let_go_(routes[i].value);
    } else {
      routes[kept++] = routes[i];
    }
  }
  routes.resize(kept);
}

// `wanted` is sorted. What runs is listed only if there is something in it that must go.
template <typename Address>
typename FamilyTables<Address>::Changes FamilyTables<Address>::changes_to(
    const Built& running, const Routes& wanted) const {
  Changes changes;
  std::size_t known = 0;
  for (const auto& route : wanted) {
    const auto value = running.table->find(route.address, route.length);
    if (value) ++known;
    if (value != route.value) changes.put.push_back(route);
  }
  if (known == running.table->route_count()) return changes;
  for (const auto& route : running.table->routes()) {
    if (!std::ranges::binary_search(wanted, prefix_of(route), {}, prefix_of<Address>)) {
      changes.gone.push_back(prefix_of(route));
    }
  }
  return changes;
}

template <typename Address>
const typename FamilyTables<Address>::Built* FamilyTables<Address>::running(
    std::uint32_t index) const {
  return index < running_.size() ? running_[index].get() : nullptr;
}

template <typename Address>
void FamilyTables<Address>::set_next(std::uint32_t index, BuiltPointer built) {
  if (running_.size() <= index) running_.resize(index + std::size_t{1});
  next_.push_back({index, std::move(built)});
}

// A table of which little changes becomes a version of itself, unless workers may still read an
// older one.
template <typename Address>
bool FamilyTables<Address>::is_worth_a_version(const Built& running, const Changes& changes,
                                               std::size_t routes) const {
  constexpr std::size_t routes_per_change = 4;
  return changes.size() * routes_per_change < routes && !running.table->has_open_version();
}

// Equal routes make an equal table: what values stand for is stable, so comparing them compares
// meanings.
template <typename Address>
auto FamilyTables<Address>::replace(std::uint32_t index, Routes routes) -> Done {
  keep_last_of_each(routes);
  const Built* before = running(index);
  if (before == nullptr) return routes.empty() ? Done{} : build_beside(index, routes);
  const auto changes = changes_to(*before, routes);
  if (changes.size() == 0) {
    for (const auto& route : routes) let_go_(route.value);  // it has them already
    return {};
  }
  for (const auto& route : before->table->routes()) let_go_(route.value);
  return is_worth_a_version(*before, changes, routes.size())
             ? build_version(index, *before, changes)
             : build_beside(index, routes);
}

template <typename Address>
auto FamilyTables<Address>::change(std::uint32_t index, const Routes& put,
                                   std::span<const Prefix> gone) -> Done {
  const Built* before = running(index);
  if (before == nullptr) return replace(index, put);
  Changes changes;
  for (const auto& route : put) {
    const auto old = before->table->find(route.address, route.length);
    if (old) let_go_(*old);
    if (old != route.value) changes.put.push_back(route);
  }
  for (const auto& prefix : gone) {
    const auto old = before->table->find(prefix.first, prefix.second);
    if (!old) continue;
    let_go_(*old);
    changes.gone.push_back(prefix);
  }
  if (changes.size() == 0) return {};
  if (is_worth_a_version(*before, changes, before->table->route_count())) {
    return build_version(index, *before, changes);
  }
  return build_beside(index, applied(before->table->routes(), changes));
}

template <typename Address>
void FamilyTables<Address>::remove(std::uint32_t index) {
  const Built* before = running(index);
  if (before == nullptr) return;
  for (const auto& route : before->table->routes()) let_go_(route.value);
  set_next(index, nullptr);
}

template <typename Address>
typename FamilyTables<Address>::Routes FamilyTables<Address>::applied(Routes routes,
                                                                      const Changes& changes) {
  auto touched = changes.gone;
  for (const auto& route : changes.put) touched.push_back(prefix_of(route));
  std::ranges::sort(touched);
  std::erase_if(routes, [&](const Route& route) {
    return std::ranges::binary_search(touched, prefix_of(route));
  });
  routes.insert(routes.end(), changes.put.begin(), changes.put.end());
  return routes;
}

template <typename Address>
auto FamilyTables<Address>::build_beside(std::uint32_t index, const Routes& routes) -> Done {
  if (routes.empty()) {
    set_next(index, nullptr);
    return {};
  }
  using Table = lpm::Table<Address>;
  auto table = Table::build(arena_, routes, {.none = 0, .max_routes = routes_per_table_});
  if (!table) return tl::unexpected(table.error());
  const auto descriptor = table->descriptor();
  set_next(index,
           std::make_shared<Built>(Built{std::make_shared<Table>(std::move(*table)), descriptor}));
  return {};
}

template <typename Address>
auto FamilyTables<Address>::build_version(std::uint32_t index, const Built& running,
                                          const Changes& changes) -> Done {
  opened_.push_back(running.table);
  running.table->open_version();
  bool republish = false;
  for (const auto& [address, length] : changes.gone) {
    const auto removed = running.table->remove(address, length, &republish);
    if (!removed) return removed;
  }
  for (const auto& route : changes.put) {
    const auto added = running.table->add(route, &republish);
    if (!added) return added;
  }
  set_next(index, std::make_shared<Built>(Built{running.table, running.table->descriptor()}));
  return {};
}

template <typename Address>
void FamilyTables<Address>::abandon() noexcept {
  next_.clear();
  for (const auto& table : opened_) table->drop_version();
  opened_.clear();
}

template <typename Address>
void FamilyTables<Address>::reserve() {
  replaced_.reserve(replaced_.size() + next_.size());
  published_.reserve(published_.size() + opened_.size());
}

template <typename Address>
void FamilyTables<Address>::published() noexcept {
  for (auto& [index, built] : next_) {
    std::swap(running_[index], built);
    if (built) replaced_.push_back({index, std::move(built)});
  }
  next_.clear();
  published_.insert(published_.end(), opened_.begin(), opened_.end());
  opened_.clear();
}

template <typename Address>
void FamilyTables<Address>::reclaim() noexcept {
  for (const auto& table : published_) table->keep_version();
  published_.clear();
  replaced_.clear();
}

template <typename Address>
tl::expected<lpm::Table<Address>*, lpm::Error> FamilyTables<Address>::table(std::uint32_t index) {
  if (const Built* built = running(index)) return built->table.get();
  using Table = lpm::Table<Address>;
  auto empty = Table::build(arena_, {}, {.none = 0, .max_routes = routes_per_table_});
  if (!empty) return tl::unexpected(empty.error());
  if (running_.size() <= index) running_.resize(index + std::size_t{1});
  running_[index] = std::make_shared<Built>(Built{std::make_shared<Table>(std::move(*empty)), {}});
  return running_[index]->table.get();
}

template <typename Address>
void FamilyTables<Address>::refresh(std::uint32_t index) {
  running_[index]->descriptor = running_[index]->table->descriptor();
}

template <typename Address>
typename FamilyTables<Address>::Descriptor FamilyTables<Address>::descriptor(
    std::uint32_t index) const {
  const Built* built = running(index);
  return built == nullptr ? Descriptor{} : built->descriptor;
}

template <typename Address>
typename FamilyTables<Address>::Occupancy FamilyTables<Address>::occupancy(
    std::uint32_t index) const {
  return occupancy_of(running(index));
}

template <typename Address>
typename FamilyTables<Address>::Occupancy FamilyTables<Address>::occupancy_of(const Built* built) {
  if (built == nullptr) return {};
  return {built->table->route_count(), built->table->used_bytes(), built->table->rib_bytes()};
}

template class FamilyTables<lpm::Ipv4Address>;
template class FamilyTables<lpm::Ipv6Address>;

}  // namespace bgw::control
