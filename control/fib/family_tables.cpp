#include "control/fib/family_tables.h"

#include <algorithm>
#include <utility>

namespace bgw::control {

template <typename Address>
void FamilyTables<Address>::keep_last_of_each(Routes& routes) {
  const auto prefix_of = [](const Route& route) { return std::pair{route.address, route.length}; };
  std::ranges::stable_sort(routes, {}, prefix_of);
  const auto same = [&](const Route& a, const Route& b) { return prefix_of(a) == prefix_of(b); };
  routes.erase(routes.begin(), std::unique(routes.rbegin(), routes.rend(), same).base());
}

// From one sorted list of routes to another.
template <typename Address>
typename FamilyTables<Address>::Changes FamilyTables<Address>::changes_between(
    const Routes& before, const Routes& after) {
  const auto prefix_of = [](const Route& route) { return std::pair{route.address, route.length}; };
  Changes changes;
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

// Equal routes make an equal table: what values stand for is stable, so comparing them compares
// meanings. A table of which little changes becomes a version of itself, unless workers may still
// read an older one.
template <typename Address>
tl::expected<void, lpm::Error> FamilyTables<Address>::build(std::uint32_t index, Routes routes) {
  if (next_.size() <= index) next_.resize(index + std::size_t{1});
  if (routes.empty()) return {};
  keep_last_of_each(routes);
  const Built* running = index < running_.size() ? running_[index].get() : nullptr;
  if (running != nullptr && running->routes == routes) {
    next_[index] = running_[index];
    return {};
  }
  constexpr std::size_t worth_a_version = 4;  // routes for each that changes
  const auto count = routes.size();
  Changes changes;
  if (running != nullptr && replaced_.empty()) changes = changes_between(running->routes, routes);
  auto built = changes.size() > 0 && changes.size() * worth_a_version < count
                   ? build_version(*running, std::move(routes), changes)
                   : build_beside(std::move(routes));
  if (!built) return tl::unexpected(built.error());
  next_[index] = std::make_shared<const Built>(std::move(*built));
  return {};
}

template <typename Address>
tl::expected<typename FamilyTables<Address>::Built, lpm::Error> FamilyTables<Address>::build_beside(
    Routes routes) {
  using Table = lpm::Table<Address>;
  auto table = Table::build(arena_, routes, {.none = 0, .max_routes = routes_per_table_});
  if (!table) return tl::unexpected(table.error());
  const auto descriptor = table->descriptor();
  return Built{std::move(routes), std::make_shared<Table>(std::move(*table)), descriptor};
}

template <typename Address>
tl::expected<typename FamilyTables<Address>::Built, lpm::Error>
FamilyTables<Address>::build_version(const Built& running, Routes routes, const Changes& changes) {
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

template <typename Address>
void FamilyTables<Address>::abandon() {
  next_.clear();
  for (const auto& table : opened_) table->drop_version();
  opened_.clear();
}

template <typename Address>
void FamilyTables<Address>::reserve() {
  replaced_.reserve(replaced_.size() + 1);
  published_.reserve(published_.size() + opened_.size());
}

template <typename Address>
void FamilyTables<Address>::published() {
  replaced_.push_back(std::move(running_));
  running_ = std::move(next_);
  next_.clear();
  published_.insert(published_.end(), opened_.begin(), opened_.end());
  opened_.clear();
}

template <typename Address>
void FamilyTables<Address>::reclaim() {
  for (const auto& table : published_) table->keep_version();
  published_.clear();
  replaced_.clear();
}

template <typename Address>
std::vector<typename FamilyTables<Address>::Descriptor> FamilyTables<Address>::descriptors(
    std::size_t count) const {
  std::vector<Descriptor> descriptors(count);
  for (std::size_t i = 0; i < std::min(count, next_.size()); ++i) {
    if (next_[i]) descriptors[i] = next_[i]->descriptor;
  }
  return descriptors;
}

template <typename Address>
typename FamilyTables<Address>::Occupancy FamilyTables<Address>::occupancy(
    std::uint32_t index) const {
  if (index >= running_.size() || !running_[index]) return {};
  const Built& built = *running_[index];
  return {built.routes.size(), built.table->used_bytes(), built.table->rib_bytes()};
}

template <typename Address>
std::size_t FamilyTables<Address>::routes() const {
  std::size_t routes = 0;
  for (const auto& built : running_) {
    if (built) routes += built->routes.size();
  }
  return routes;
}

template class FamilyTables<lpm::Ipv4Address>;
template class FamilyTables<lpm::Ipv6Address>;

}  // namespace bgw::control
