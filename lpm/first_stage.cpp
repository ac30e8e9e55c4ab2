#include "lpm/first_stage.h"

#include <algorithm>
#include <cstddef>

namespace bgw::lpm {
namespace {

// Of nodes that were never published.
void discard_runs(Groups& groups, std::uint32_t unit, std::uint32_t nodes) {
  for (std::uint32_t n = 0; n < nodes; ++n) {
    groups.discard_runs(load_node(groups.base(), unit + n));
  }
}

}  // namespace

template <typename Address>
Place FirstStage<Address>::place_of(Address address) const {
  const Head<Address> slot = head_of(address) >> window().shift();
  return {root(), static_cast<std::uint32_t>(slot - window().low * node_slots), window().resolved,
          window().is_direct()};
}

template <typename Address>
Place FirstStage<Address>::node_place(std::uint32_t node) const {
  return {root(), node * node_slots, window().resolved, window().is_direct()};
}

template <typename Address>
bool FirstStage<Address>::replace_runs(Groups& groups, const Place& place, const Runs& runs) const {
  const Node old = load_node(groups.base(), place.node());
  const auto node = groups.new_node(runs);
  if (!node) return false;
  store_node(groups.base(), place.node(), *node);
  groups.drop_runs(old);
  return true;
}

// ---- as a whole

template <typename Address>
auto FirstStage<Address>::moved(Groups& groups, const Window<Address>& window) const
    -> std::optional<FirstStage> {
  const Window<Address>& old = now_.window;
  const std::uint32_t per_node = window.units_per_node();
  const auto block = groups.blocks().allocate(window.size * per_node);
  if (!block) return std::nullopt;
  FirstStage result = *this;
  result.now_ = {block->unit, block->units, stretched(window, block->units / per_node)};
  std::uint32_t* const first = groups.base() + std::size_t{block->unit} * unit_entries;
  if (!block->zero) std::fill_n(first, std::size_t{block->units} * unit_entries, no_entry);
  const auto shift = static_cast<std::uint32_t>(old.low - result.window().low);
  if (old.is_direct() == result.window().is_direct()) {
    groups.copy_units(block->unit + shift * per_node, root(), old.size * per_node);
  } else if (!compress(groups, block->unit + shift)) {
    groups.blocks().discard(block->unit, block->units);
    return std::nullopt;
  }
  return result;
}

// One that has outgrown plain entries, as nodes and runs. Windows only grow.
template <typename Address>
bool FirstStage<Address>::compress(Groups& groups, std::uint32_t to) const {
  for (std::uint32_t n = 0; n < window().size; ++n) {
    Runs runs(groups.base(), node_at(groups.base(), node_place(n)));
    runs.merge(window().resolved);
    const auto node = groups.new_node(runs);
    if (!node) {
      discard_runs(groups, to, n);
      return false;
    }
    store_node(groups.base(), to + n, *node);
  }
  return true;
}

template <typename Address>
void FirstStage<Address>::drop_tree(Groups& groups) const {
  if (now_.units == 0) return;
  for (std::uint32_t n = 0; n < window().size; ++n) {
    const Node node = node_at(groups.base(), node_place(n));
    groups.drop_trees(node);
    if (!window().is_direct()) groups.drop_runs(node);
  }
  drop(groups);
}

template <typename Address>
void FirstStage<Address>::drop(Groups& groups) const {
  if (now_.units > 0) groups.blocks().drop(now_.unit, now_.units);
}

template <typename Address>
void FirstStage<Address>::discard(Groups& groups, const FirstStage& old) const {
  if (old.window().is_direct() && !window().is_direct()) {
    discard_runs(groups, root(), window().size);
  }
  groups.blocks().discard(now_.unit, now_.units);
}

// ---- versions

template <typename Address>
bool FirstStage<Address>::own_root(Groups& groups) {
  TableBlocks& blocks = groups.blocks();
  if (blocks.is_own(now_.unit)) return true;
  const auto block = blocks.allocate(now_.units);
  if (!block) return false;
  groups.copy_units(block->unit, now_.unit, now_.units);
  blocks.drop(now_.unit, now_.units);
  now_.unit = block->unit;
  return true;
}

template <typename Address>
bool FirstStage<Address>::own_runs(Groups& groups, const Place& place) const {
  return place.is_direct || groups.own_runs(place.node());
}

template class FirstStage<Ipv4Address>;
template class FirstStage<Ipv6Address>;

}  // namespace bgw::lpm
