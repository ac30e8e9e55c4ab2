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
bool Trie<Address>::change_slots(const Path& path, Place place, std::size_t count,
                                 const Change& change) {
  const Node node = load_node(base(), place.node());
  const auto slots = static_cast<unsigned>(count);
  if (count >= node_slots || node.has_edges(place.slot_in_node(), slots)) {
    return change_in_place(place, count, change);
  }
  Runs runs(base(), node);
  runs.split(place.slot_in_node(), slots);
  const bool has_groups = runs.change(place.slot_in_node(), slots, change);
  if (!replace_runs(path, place, runs)) return false;
  if (!has_groups) return true;
  if (path.size > 0) place.unit = group_unit(read(path.places[path.size - 1]));
  return change_in_place(place, count, change);
}

template <typename Address>
bool Trie<Address>::put(const Path& path, const Place& place, Entry entry) {
  const Node node = load_node(base(), place.node());
  if (node.has_edges(place.slot_in_node(), 1)) {
    if (path.size == 0 && !own_runs(place.node())) return false;
    write(place, entry);
    return true;
  }
  Runs runs(base(), node);
  runs.set(place.slot_in_node(), entry);
  return replace_runs(path, place, runs);
}

// The node that holds `place` gets other runs.
template <typename Address>
bool Trie<Address>::replace_runs(const Path& path, const Place& place, const Runs& runs) {
  if (path.size > 0) return replace_in_group(path.places[path.size - 1], place, runs);
  const Node old = load_node(base(), place.node());
  std::uint32_t unit = 0;
  if (runs.stored() > 0) {
    const auto block = blocks_.allocate(units_for(runs.stored()));
    if (!block) return false;
    unit = block->unit;
  }
  store_node(base(), place.node(), runs.store(base(), std::size_t{unit} * unit_entries));
  drop_runs(old);
  return true;
}

// A group is one block with its nodes' runs, so all of it is copied.
template <typename Address>
bool Trie<Address>::replace_in_group(const Place& entrance, const Place& place, const Runs& runs) {
  const Entry old = read(entrance);
  const unsigned nodes = group_nodes(old);
  std::uint32_t entries = runs.stored();
  for (std::uint32_t n = 0; n < nodes; ++n) {
    if (place.unit + n != place.node()) {
      entries += load_node(base(), place.unit + n).stored_runs();
    }
  }
  const auto block = blocks_.allocate(nodes + units_for(entries));
  if (!block) return false;
  std::size_t first = std::size_t{block->unit + nodes} * unit_entries;
  for (std::uint32_t n = 0; n < nodes; ++n) {
    const std::uint32_t from = place.unit + n;
    Node node = load_node(base(), from);
    node = (from == place.node() ? runs : Runs(base(), node)).store(base(), first);
    store_node(base(), block->unit + n, node);
    first += node.stored_runs();
  }
  write(entrance, make_group(block->unit, group_width(old)));
  drop_group(old);
  return true;
}

template <typename Address>
std::optional<Entry> Trie<Address>::new_group(std::span<const Runs> nodes) {
  const auto count = static_cast<std::uint32_t>(nodes.size());
  std::uint32_t entries = 0;
  for (const Runs& runs : nodes) entries += runs.stored();
  const auto block = blocks_.allocate(count + units_for(entries));
  if (!block) return std::nullopt;
  std::size_t first = std::size_t{block->unit + count} * unit_entries;
  for (std::uint32_t n = 0; n < count; ++n) {
    store_node(base(), block->unit + n, nodes[n].store(base(), first));
    first += nodes[n].stored();
  }
  return make_group(block->unit, node_bits + static_cast<unsigned>(std::countr_zero(count)));
}

// What a slot leads to (a leaf, or a group that is too narrow), as a private group with the route
// in it: complete before the caller publishes it.
template <typename Address>
std::optional<Entry> Trie<Address>::with_route(Entry old, unsigned resolved,
                                               const Route<Address>& route) {
  unsigned width = std::clamp(route.length - resolved, node_bits, stride_bits);
  if (is_group(old)) width = std::max(width, group_width(old));
  const unsigned count = 1u << (width - node_bits);
  std::array<Runs, group_nodes_max> nodes;
  for (unsigned n = 0; n < count; ++n) {
    nodes[n] =
        is_group(old) ? Runs(base(), group_unit(old), group_nodes(old), count, n) : Runs(old);
  }
  const std::span<const Runs> group(nodes.data(), count);
  const unsigned below = resolved + width;
  const std::uint32_t slot = bits_of(route.address, resolved, width);
  Runs& runs = nodes[slot / node_slots];
  if (route.length > below) {
    const auto deeper = with_route(runs.at(slot % node_slots), below, route);
    if (!deeper) return std::nullopt;
    runs.set(slot % node_slots, *deeper);
    const auto made = new_group(group);
    if (!made) discard_tree(*deeper);
    return made;
  }
  const std::size_t filled = slots_filled(route.length, below);
  for (std::size_t s = slot; s < slot + filled; s += node_slots) {
    const auto part = static_cast<unsigned>(std::min<std::size_t>(filled, node_slots));
    nodes[s / node_slots].split(s % node_slots, part);
    nodes[s / node_slots].change(s % node_slots, part, adding(route));
  }
  return new_group(group);
}

// After a removal: joins runs that are alike now, and makes a group narrower or a leaf of it. When
// there is no memory for the copy all stays as it is.
template <typename Address>
void Trie<Address>::compact(Path& path, Place place) {
  while (path.size > 0) {
    const Place& entrance = path.places[path.size - 1];
    const Entry group = read(entrance);
    const unsigned width = width_needed(group, entrance.resolved);
    if (width == group_width(group)) break;
    if (width > 0) return narrow(entrance, group, width);
    write(entrance, entry_of(base(), load_node(base(), group_unit(group)), 0));
    drop_group(group);
    place = entrance;
    --path.size;
  }
  const Node node = load_node(base(), place.node());
  Runs runs(base(), node);
  runs.merge(place.resolved);
  if (units_for(runs.stored()) < units_for(node.stored_runs())) {
    static_cast<void>(replace_runs(path, place, runs));
  }
}

template <typename Address>
void Trie<Address>::narrow(const Place& entrance, Entry group, unsigned width) {
  const unsigned count = 1u << (width - node_bits);
  std::array<Runs, group_nodes_max> nodes;
  for (unsigned n = 0; n < count; ++n) {
    nodes[n] = Runs(base(), group_unit(group), group_nodes(group), count, n);
    nodes[n].merge(entrance.resolved + width);
  }
  const auto narrower = new_group({nodes.data(), count});
  if (!narrower) return;
  write(entrance, *narrower);
  drop_group(group);
}

// Address bits that a group must tell apart, `resolved` of the address being known before it: 0 if
// a leaf would do, otherwise 5–8.
template <typename Address>
unsigned Trie<Address>::width_needed(Entry group, unsigned resolved) const {
  unsigned longest = resolved;
  for (std::uint32_t n = 0; n < group_nodes(group); ++n) {
    const Runs runs(base(), load_node(base(), group_unit(group) + n));
    for (unsigned run = 0; run < runs.count(); ++run) {
      if (is_group(runs[run])) return stride_bits;
      longest = std::max(longest, leaf_length(runs[run]));
    }
  }
  return longest == resolved ? 0 : std::max(longest - resolved, node_bits);
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
