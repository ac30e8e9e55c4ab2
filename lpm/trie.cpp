#include "lpm/trie.h"

#include <algorithm>
#include <utility>

namespace bgw::lpm {
namespace {

// Slots that a route of `length` fills where `resolved` address bits tell them apart.
constexpr std::size_t slots_filled(unsigned length, unsigned resolved) {
  return std::size_t{1} << (resolved - length);
}
constexpr std::uint32_t units_for(std::uint32_t entries) {
  return (entries + unit_entries - 1) / unit_entries;
}

template <typename Address>
Change adding(const Route<Address>& route) {
  return {true, route.length, make_leaf(route.length, route.value)};
}

}  // namespace

// ---- from the first stage down

template <typename Address>
auto Trie<Address>::first_place(Address address) const -> Place {
  const Head<Address> slot = head_of(address) >> window_.shift();
  return {root_, static_cast<std::uint32_t>(slot - window_.low * node_slots), window_.resolved};
}

template <typename Address>
auto Trie<Address>::place_in(Entry group, const Place& entrance, Address address) const -> Place {
  const unsigned width = group_width(group);
  return {group_unit(group), bits_of(address, entrance.resolved, width), entrance.resolved + width};
}

template <typename Address>
bool Trie<Address>::insert(const Route<Address>& route) {
  if (!own_root()) return false;
  Path path;
  Place place = first_place(route.address);
  for (;;) {
    if (route.length <= place.resolved) {
      const std::size_t count = slots_filled(route.length, place.resolved);
      return change_slots(path, place, count, adding(route));
    }
    const Entry entry = read(place);
    const bool is_deep_enough =
        is_group(entry) &&
        (group_width(entry) == stride_bits || route.length <= place.resolved + group_width(entry));
    if (!is_deep_enough) {
      const auto group = with_route(entry, place.resolved, route);
      if (!group) return false;
      if (!put(path, place, *group)) {
        discard_tree(*group);
        return false;
      }
      if (is_group(entry)) drop_group(entry);
      return true;
    }
    if (!own_way(path, place)) return false;
    path.places[path.size++] = place;
    place = place_in(read(place), place, route.address);
  }
}

template <typename Address>
bool Trie<Address>::erase(Address address, unsigned length, Entry parent) {
  if (!own_root()) return false;
  Path path;
  Place place = first_place(address);
  while (length > place.resolved) {
    if (!own_way(path, place)) return false;
    path.places[path.size++] = place;
    place = place_in(read(place), place, address);
  }
  const std::size_t count = slots_filled(length, place.resolved);
  if (!change_in_place(place, count, {false, length, parent})) return false;
  // Whole nodes of the first stage have as many runs as before.
  if (path.size > 0 || count < node_slots) compact(path, place);
  return true;
}

// ---- where readers look

template <typename Address>
std::size_t Trie<Address>::index_of(const Place& place) const {
  const Node node = load_node(base(), place.node());
  return node.first + node.run_of(place.slot_in_node());
}

// Into a slot that is a run of its own.
template <typename Address>
void Trie<Address>::write(const Place& place, Entry entry) const {
  store_entry(base(), index_of(place), entry);
}

// The range must begin and end where runs do. One pass of final values.
template <typename Address>
bool Trie<Address>::change_in_place(const Place& place, std::size_t count, const Change& change) {
  const bool in_first_stage = place.unit == root_;
  const std::size_t per_node = std::min<std::size_t>(count, node_slots);
  for (std::size_t done = 0; done < count; done += per_node) {
    const Place part{place.unit, static_cast<std::uint32_t>(place.slot + done), place.resolved};
    if (in_first_stage && !own_runs(part.node())) return false;
    if (!change_runs(part, static_cast<unsigned>(per_node), change)) return false;
  }
  return true;
}

// Within one node.
template <typename Address>
bool Trie<Address>::change_runs(const Place& place, unsigned count, const Change& change) {
  const Node node = load_node(base(), place.node());
  if (node.map == 0) {
    store_node(base(), place.node(), {0, change.of(node.first)});
    return true;
  }
  const unsigned first = node.run_of(place.slot_in_node());
  const unsigned last = node.run_of(place.slot_in_node() + count - 1);
  for (unsigned run = first; run <= last; ++run) {
    const std::size_t index = std::size_t{node.first} + run;
    const Entry entry = load_entry(base(), index);
    if (!is_group(entry)) {
      store_entry(base(), index, change.of(entry));
    } else if (!change_group(index, place.resolved, change)) {
      return false;
    }
  }
  return true;
}

// All of the group that the entry at that index leads to.
template <typename Address>
bool Trie<Address>::change_group(std::size_t entry_index, unsigned resolved, const Change& change) {
  if (!own_group(entry_index)) return false;
  const Entry group = load_entry(base(), entry_index);
  const std::size_t slots = std::size_t{group_nodes(group)} * node_slots;
  return change_in_place({group_unit(group), 0, resolved + group_width(group)}, slots, change);
}

// ---- beside

template <typename Address>
Slots Trie<Address>::slots_at(const Path& path, const Place& place) const {
  if (path.size == 0) return {base(), place.node(), 1};
  return {base(), place.unit, group_nodes(read(path.places[path.size - 1]))};
}

template <typename Address>
bool Trie<Address>::change_slots(const Path& path, Place place, std::size_t count,
                                 const Change& change) {
  const bool in_place =
      count >= node_slots ||
      load_node(base(), place.node()).has_edges(place.slot_in_node(), static_cast<unsigned>(count));
  if (in_place) return change_in_place(place, count, change);
  Slots slots = slots_at(path, place);
  const std::size_t first = path.size == 0 ? place.slot_in_node() : place.slot;
  const bool has_groups = slots.change(first, count, change);
  if (!replace_slots(path, place, slots)) return false;
  if (!has_groups) return true;
  // Groups have kept their places; now the range begins and ends where runs do.
  if (path.size > 0) place.unit = group_unit(read(path.places[path.size - 1]));
  return change_in_place(place, count, change);
}

template <typename Address>
bool Trie<Address>::put(const Path& path, const Place& place, Entry entry) {
  if (load_node(base(), place.node()).has_edges(place.slot_in_node(), 1)) {
    if (path.size == 0 && !own_runs(place.node())) return false;
    write(place, entry);
    return true;
  }
  Slots slots = slots_at(path, place);
  slots[path.size == 0 ? place.slot_in_node() : place.slot] = entry;
  return replace_slots(path, place, slots);
}

template <typename Address>
bool Trie<Address>::replace_slots(const Path& path, const Place& place, const Slots& slots) {
  if (path.size == 0) return replace_node(place, slots);
  const Place& entrance = path.places[path.size - 1];
  const Entry old = read(entrance);
  const auto group = new_group(slots, place.resolved);
  if (!group) return false;
  write(entrance, *group);
  drop_group(old);
  return true;
}

template <typename Address>
bool Trie<Address>::replace_node(const Place& place, const Slots& slots) {
  const Node old = load_node(base(), place.node());
  std::uint32_t unit = 0;
  if (const unsigned units = slots.run_units(place.resolved); units > 0) {
    const auto block = blocks_.allocate(units);
    if (!block) return false;
    unit = block->unit;
  }
  store_node(base(), place.node(), slots.store_runs(base(), unit, place.resolved));
  drop_runs(old);
  return true;
}

template <typename Address>
std::optional<Entry> Trie<Address>::new_group(const Slots& slots, unsigned resolved) {
  const auto block = blocks_.allocate(slots.nodes() + slots.run_units(resolved));
  if (!block) return std::nullopt;
  slots.store(base(), block->unit, block->unit + slots.nodes(), resolved);
  const auto more_bits = static_cast<unsigned>(std::countr_zero(slots.nodes()));
  return make_group(block->unit, node_bits + more_bits);
}

// A private copy of what a slot leads to (a leaf, or a group that is too narrow) with the route in
// it: complete before the caller publishes it.
template <typename Address>
std::optional<Entry> Trie<Address>::with_route(Entry old, unsigned resolved,
                                               const Route<Address>& route) {
  unsigned width = std::clamp(route.length - resolved, node_bits, stride_bits);
  if (is_group(old)) width = std::max(width, group_width(old));
  const unsigned nodes = 1u << (width - node_bits);
  Slots slots = is_group(old) ? Slots(base(), group_unit(old), group_nodes(old)).with_nodes(nodes)
                              : Slots(old, nodes);
  const std::uint32_t slot = bits_of(route.address, resolved, width);
  const unsigned below = resolved + width;
  if (route.length <= below) {
    slots.change(slot, slots_filled(route.length, below), adding(route));
    return new_group(slots, below);
  }
  const auto deeper = with_route(slots[slot], below, route);
  if (!deeper) return std::nullopt;
  slots[slot] = *deeper;
  const auto group = new_group(slots, below);
  if (!group) discard_tree(*deeper);
  return group;
}

// After a removal: folds equal neighbours into one run, and a group into a narrower one or a leaf.
// When there is no memory for the copy all stays as it is.
template <typename Address>
void Trie<Address>::compact(Path& path, Place place) {
  while (path.size > 0) {
    const Place entrance = path.places[--path.size];
    const Entry group = read(entrance);
    const Slots slots(base(), group_unit(group), group_nodes(group));
    const unsigned width = slots.width_needed(entrance.resolved);
    if (width > 0) return narrow(entrance, group, slots.with_nodes(1u << (width - node_bits)));
    write(entrance, slots[0]);
    drop_group(group);
    place = entrance;
  }
  const Slots slots(base(), place.node(), 1);
  const unsigned held = units_for(load_node(base(), place.node()).stored_runs());
  if (slots.run_units(place.resolved) < held) static_cast<void>(replace_node(place, slots));
}

template <typename Address>
void Trie<Address>::narrow(const Place& entrance, Entry group, const Slots& slots) {
  const auto more_bits = static_cast<unsigned>(std::countr_zero(slots.nodes()));
  const unsigned resolved = entrance.resolved + node_bits + more_bits;
  if (slots.nodes() + slots.run_units(resolved) >= group_units(group)) return;
  const auto narrower = new_group(slots, resolved);
  if (!narrower) return;
  write(entrance, *narrower);
  drop_group(group);
}

// ---- the first stage as a whole

template <typename Address>
bool Trie<Address>::move_window(const Window<Address>& window) {
  const auto block = blocks_.allocate(window.size);
  if (!block) return false;
  const Window<Address> moved = stretched(window, block->units);
  std::uint32_t* const first = base() + std::size_t{block->unit} * unit_entries;
  if (!block->zero) std::fill_n(first, std::size_t{block->units} * unit_entries, no_entry);
  const auto shift = static_cast<std::size_t>(window_.low - moved.low);
  if (window_.size > 0) copy_nodes(block->unit + shift, root_, window_.size);
  if (root_units_ > 0) blocks_.drop(root_, root_units_);
  root_ = block->unit;
  root_units_ = block->units;
  window_ = moved;
  return true;
}

template <typename Address>
bool Trie<Address>::move_window_and_insert(const Window<Address>& window,
                                           const Route<Address>& route) {
  // The present first stage stays whole until the route is in.
  const Root old{root_, std::exchange(root_units_, 0), window_};
  const bool moved = move_window(window);
  if (moved && insert(route)) {
    if (old.units > 0) blocks_.drop(old.unit, old.units);
    return true;
  }
  if (moved) blocks_.discard(root_, root_units_);
  set_root(old);
  return false;
}

template <typename Address>
void Trie<Address>::set_root(const Root& root) {
  root_ = root.unit;
  root_units_ = root.units;
  window_ = root.window;
}

template <typename Address>
void Trie<Address>::copy_nodes(std::size_t to, std::size_t from, std::size_t count) const {
  for (std::size_t n = 0; n < count; ++n) store_node(base(), to + n, load_node(base(), from + n));
}

// ---- versions

template <typename Address>
void Trie<Address>::open_version() {
  blocks_.open();
  before_ = {root_, root_units_, window_};
}

template <typename Address>
void Trie<Address>::revert_version() noexcept {
  blocks_.revert();
  set_root(before_);
}

// What the open version shares with readers is copied before it is written.
template <typename Address>
bool Trie<Address>::own_root() {
  if (blocks_.is_own(root_)) return true;
  const auto block = blocks_.allocate(root_units_);
  if (!block) return false;
  copy_nodes(block->unit, root_, root_units_);
  blocks_.drop(root_, root_units_);
  root_ = block->unit;
  return true;
}

template <typename Address>
bool Trie<Address>::own_runs(std::uint32_t node_unit) {
  const Node node = load_node(base(), node_unit);
  const std::uint32_t old = node.first / unit_entries;
  if (node.map == 0 || blocks_.is_own(old)) return true;
  const std::uint32_t units = units_for(node.runs());
  const auto block = blocks_.allocate(units);
  if (!block) return false;
  copy_nodes(block->unit, old, units);
  store_node(base(), node_unit, {node.map, block->unit * unit_entries});
  blocks_.drop(old, units);
  return true;
}

template <typename Address>
bool Trie<Address>::own_group(std::size_t entry_index) {
  const Entry group = load_entry(base(), entry_index);
  const std::uint32_t old = group_unit(group);
  if (blocks_.is_own(old)) return true;
  const std::uint32_t units = group_units(group);
  const auto block = blocks_.allocate(units);
  if (!block) return false;
  copy_nodes(block->unit, old, units);
  for (std::uint32_t n = 0; n < group_nodes(group); ++n) {
    Node node = load_node(base(), old + n);
    if (node.map == 0) continue;
    node.first += (block->unit - old) * unit_entries;
    store_node(base(), block->unit + n, node);
  }
  store_entry(base(), entry_index, make_group(block->unit, group_width(group)));
  blocks_.drop(old, units);
  return true;
}

// Before the group that is entered at `place` is walked into: so that its entry can be written, and
// what is in it.
template <typename Address>
bool Trie<Address>::own_way(const Path& path, const Place& place) {
  if (path.size == 0 && !own_runs(place.node())) return false;
  return own_group(index_of(place));
}

// ---- the end

template <typename Address>
std::uint32_t Trie<Address>::group_units(Entry group) const {
  std::uint32_t entries = 0;
  for (std::uint32_t n = 0; n < group_nodes(group); ++n) {
    entries += load_node(base(), group_unit(group) + n).stored_runs();
  }
  return group_nodes(group) + units_for(entries);
}

template <typename Address>
void Trie<Address>::drop_runs(Node node) {
  if (node.map != 0) blocks_.drop(node.first / unit_entries, units_for(node.runs()));
}

template <typename Address>
void Trie<Address>::drop_group(Entry group) {
  blocks_.drop(group_unit(group), group_units(group));
}

template <typename Address>
template <typename Visit>
void Trie<Address>::for_each_group(std::uint32_t unit, std::size_t nodes, Visit visit) const {
  for (std::size_t n = 0; n < nodes; ++n) {
    const Node node = load_node(base(), unit + n);
    for (unsigned run = 0; run < node.stored_runs(); ++run) {
      const Entry entry = load_entry(base(), std::size_t{node.first} + run);
      if (is_group(entry)) visit(entry);
    }
  }
}

template <typename Address>
void Trie<Address>::drop_tree(Entry group) {
  for_each_group(group_unit(group), group_nodes(group), [this](Entry below) { drop_tree(below); });
  drop_group(group);
}

// Of what was never published.
template <typename Address>
void Trie<Address>::discard_tree(Entry group) {
  for_each_group(group_unit(group), group_nodes(group),
                 [this](Entry below) { discard_tree(below); });
  blocks_.discard(group_unit(group), group_units(group));
}

template <typename Address>
Trie<Address>::~Trie() {
  if (root_units_ == 0) return;
  for_each_group(root_, window_.size, [this](Entry group) { drop_tree(group); });
  for (std::uint32_t n = 0; n < window_.size; ++n) drop_runs(load_node(base(), root_ + n));
  blocks_.drop(root_, root_units_);
}

template <typename Address>
Trie<Address>::Trie(Trie&& other) noexcept
    : blocks_(std::move(other.blocks_)),
      window_(other.window_),
      root_(other.root_),
      root_units_(std::exchange(other.root_units_, 0)),
      before_(other.before_) {
  other.window_ = {};
}

template <typename Address>
Trie<Address>& Trie<Address>::operator=(Trie&& other) noexcept {
  std::swap(blocks_, other.blocks_);
  std::swap(window_, other.window_);
  std::swap(root_, other.root_);
  std::swap(root_units_, other.root_units_);
  std::swap(before_, other.before_);
  return *this;
}

template class Trie<Ipv4Address>;
template class Trie<Ipv6Address>;

}  // namespace bgw::lpm
