#include "lpm/trie.h"

#include <algorithm>
#include <utility>

namespace bgw::lpm {
namespace {

// So many groups in a row are as good as one skip, which batches have to treat apart.
constexpr unsigned groups_before_skip = 2;

// Slots that a route of `length` fills where `resolved` address bits tell them apart.
constexpr std::size_t slots_filled(unsigned length, unsigned resolved) {
  return std::size_t{1} << (resolved - length);
}
constexpr std::uint32_t units_for(std::uint32_t entries) {
  return (entries + unit_entries - 1) / unit_entries;
}

template <typename Address>
Entry leaf_of(const Route<Address>& route) {
  return make_leaf(route.length, route.value);
}
template <typename Address>
Change adding(const Route<Address>& route) {
  return {true, route.length, leaf_of(route)};
}

// The first `count` of some bits, at least 1, and those behind them, if any.
constexpr SkipBits start_of(std::uint32_t bits, unsigned count) {
  return {bits & ~0u << (skip_bits_max - count), count};
}
constexpr SkipBits rest_of(SkipBits skip, unsigned from) {
  return {skip.bits << from, skip.count - from};
}

}  // namespace

// ---- from the first stage down

template <typename Address>
auto Trie<Address>::first_place(Address address) const -> Place {
  const Head<Address> slot = head_of(address) >> window_.shift();
  return {root_, static_cast<std::uint32_t>(slot - window_.low * node_slots), window_.resolved,
          window_.is_direct()};
}

template <typename Address>
Node Trie<Address>::node_at(const Place& place) const {
  if (!place.is_direct) return load_node(base(), place.node());
  return node_of_entries(std::size_t{place.unit} * unit_entries + place.slot -
                         place.slot_in_node());
}

// Does the way of a route, or a part of it, go through what this entry leads to as it is?
template <typename Address>
bool Trie<Address>::leads_to(Entry entry, unsigned resolved, const Route<Address>& route) const {
  if (!leads_on(entry)) return false;
  const unsigned wanted = route.length - resolved;
  if (!is_skip(entry)) return group_width(entry) == stride_bits || wanted <= group_width(entry);
  const SkipBits skip = load_skip(base(), entry);
  if (wanted < skip.count || !skip.match(word_at(route.address, resolved))) return false;
  return wanted == skip.count || skip.count % stride_bits == 0;
}

template <typename Address>
auto Trie<Address>::place_in(Entry entry, const Place& entrance, Address address) const -> Place {
  const unsigned resolved = entrance.resolved;
  if (is_skip(entry)) {
    return {unit_of(entry), skip_hit, resolved + load_skip(base(), entry).count, true};
  }
  const unsigned width = group_width(entry);
  return {unit_of(entry), bits_of(address, resolved, width), resolved + width};
}

template <typename Address>
bool Trie<Address>::insert(const Route<Address>& route) {
  if (!own_root()) return false;
  Detour detour(*this);
  if (!insert(route, detour)) return false;
  detour.keep();
  return true;
}

template <typename Address>
bool Trie<Address>::insert(const Route<Address>& route, Detour& detour) {
  Path path;
  Place place = first_place(route.address);
  for (;;) {
    if (route.length <= place.resolved) {
      const std::size_t count = slots_filled(route.length, place.resolved);
      return change_slots(path, place, count, adding(route));
    }
    const Entry entry = read(place);
    if (leads_to(entry, place.resolved, route)) {
      if (!own_way(path, place)) return false;
      path.enter(place);
      place = place_in(read(place), place, route.address);
    } else if (is_skip(entry)) {
      if (!open_skip(path, place, route, detour)) return false;
    } else {
      const auto below = with_route(entry, place.resolved, route);
      if (!below) return false;
      if (!put(path, place, *below)) {
        discard_tree(*below);
        return false;
      }
      if (leads_on(entry)) drop_block(entry);
      return true;
    }
  }
}

template <typename Address>
bool Trie<Address>::erase(Address address, unsigned length, Entry parent) {
  if (!own_root()) return false;
  Path path;
  Place place = first_place(address);
  while (length > place.resolved) {
    if (!own_way(path, place)) return false;
    path.enter(place);
    place = place_in(read(place), place, address);
  }
  const std::size_t count = slots_filled(length, place.resolved);
  if (!change_in_place(place, count, {false, length, parent})) return false;
  // Whole nodes of the first stage have as many runs as before.
  if (!path.empty() || count < node_slots) compact(path, place);
  return true;
}

// ---- where readers look

template <typename Address>
std::size_t Trie<Address>::index_of(const Place& place) const {
  const Node node = node_at(place);
  return std::size_t{node.first} + node.run_of(place.slot_in_node());
}

// Into a slot that is a run of its own.
template <typename Address>
void Trie<Address>::write(const Place& place, Entry entry) const {
  store_entry(base(), index_of(place), entry);
}

// The range must begin and end where runs do. One pass of final values.
template <typename Address>
bool Trie<Address>::change_in_place(const Place& place, std::size_t count, const Change& change) {
  const std::size_t per_node = std::min<std::size_t>(count, node_slots);
  for (std::size_t done = 0; done < count; done += per_node) {
    Place part = place;
    part.slot += static_cast<std::uint32_t>(done);
    if (part.unit == root_ && !own_runs(part)) return false;
    if (!change_runs(part, static_cast<unsigned>(per_node), change)) return false;
  }
  return true;
}

// Within one node.
template <typename Address>
bool Trie<Address>::change_runs(const Place& place, unsigned count, const Change& change) {
  const Node node = node_at(place);
  if (node.map == 0) {
    store_node(base(), place.node(), {0, change.of(node.first)});
    return true;
  }
  const unsigned first = node.run_of(place.slot_in_node());
  const unsigned last = node.run_of(place.slot_in_node() + count - 1);
  for (unsigned run = first; run <= last; ++run) {
    if (!change_entry(std::size_t{node.first} + run, place.resolved, change)) return false;
  }
  return true;
}

template <typename Address>
bool Trie<Address>::change_entry(std::size_t index, unsigned resolved, const Change& change) {
  const Entry entry = load_entry(base(), index);
  if (leads_on(entry)) return change_below(index, resolved, change);
  store_entry(base(), index, change.of(entry));
  return true;
}

// All of what the entry at that index leads to.
template <typename Address>
bool Trie<Address>::change_below(std::size_t index, unsigned resolved, const Change& change) {
  if (!own_block(index)) return false;
  const Entry entry = load_entry(base(), index);
  if (is_skip(entry)) {
    const unsigned hit = resolved + load_skip(base(), entry).count;
    return change_entry(skip_index(entry, skip_hit), hit, change) &&
           change_entry(skip_index(entry, skip_miss), resolved, change);
  }
  const std::size_t slots = std::size_t{group_nodes(entry)} * node_slots;
  return change_in_place({unit_of(entry), 0, resolved + group_width(entry)}, slots, change);
}

// ---- beside

template <typename Address>
bool Trie<Address>::change_slots(const Path& path, Place place, std::size_t count,
                                 const Change& change) {
  const Node node = node_at(place);
  const auto slots = static_cast<unsigned>(count);
  if (count >= node_slots || node.has_edges(place.slot_in_node(), slots)) {
    return change_in_place(place, count, change);
  }
  Runs runs(base(), node);
  runs.split(place.slot_in_node(), slots);
  const bool leads_further = runs.change(place.slot_in_node(), slots, change);
  if (!replace_runs(path, place, runs)) return false;
  if (!leads_further) return true;
  if (!path.empty()) place.unit = unit_of(read(path.last()));
  return change_in_place(place, count, change);
}

template <typename Address>
bool Trie<Address>::put(const Path& path, const Place& place, Entry entry) {
  const Node node = node_at(place);
  if (node.has_edges(place.slot_in_node(), 1)) {
    if (path.empty() && !own_runs(place)) return false;
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
  if (!path.empty()) return replace_in_group(path.last(), place, runs);
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
  drop_block(old);
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

template <typename Address>
std::optional<Entry> Trie<Address>::new_skip(SkipBits bits, Entry hit, Entry miss) {
  const auto block = blocks_.allocate(skip_units);
  if (!block) return std::nullopt;
  const Entry skip = make_skip(block->unit);
  store_skip(base(), block->unit, bits);
  store_entry(base(), skip_index(skip, skip_hit), hit);
  store_entry(base(), skip_index(skip, skip_miss), miss);
  return skip;
}

// What a slot leads to (a leaf, or a group that is too narrow), as a private group or skip with the
// route in it: complete before the caller publishes it.
template <typename Address>
std::optional<Entry> Trie<Address>::with_route(Entry old, unsigned resolved,
                                               const Route<Address>& route) {
  if constexpr (has_skips<Address>) {
    if (!leads_on(old) && route.length - resolved > groups_before_skip * stride_bits) {
      return skip_to(old, resolved, route);
    }
  }
  unsigned width = width_for(route.length - resolved);
  if (leads_on(old)) width = std::max(width, group_width(old));
  const unsigned count = 1u << (width - node_bits);
  std::array<Runs, group_nodes_max> nodes;
  for (unsigned n = 0; n < count; ++n) {
    nodes[n] = leads_on(old) ? Runs(base(), unit_of(old), group_nodes(old), count, n) : Runs(old);
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

// One after the other where one skip doesn't reach the end of the route.
template <typename Address>
std::optional<Entry> Trie<Address>::skip_to(Entry old, unsigned resolved,
                                            const Route<Address>& route) {
  const unsigned count = std::min(route.length - resolved, skip_bits_max);
  Entry hit = leaf_of(route);
  if (resolved + count < route.length) {
    const auto deeper = with_route(old, resolved + count, route);
    if (!deeper) return std::nullopt;
    hit = *deeper;
  }
  const auto made = new_skip(start_of(word_at(route.address, resolved), count), hit, old);
  if (!made && leads_on(hit)) discard_tree(hit);
  return made;
}

// Into what says the same but lets the route through.
template <typename Address>
bool Trie<Address>::open_skip(const Path& path, const Place& place, const Route<Address>& route,
                              Detour& detour) {
  if (path.empty() && !own_runs(place)) return false;
  return detour.open(place, fork(read(place), place.resolved, route, detour));
}

// A shorter skip as far as skip and route go together; then another one if the route ends there, or
// a group in which they part, and what is left of the skip below it.
template <typename Address>
Entry Trie<Address>::fork(Entry skip, unsigned resolved, const Route<Address>& route,
                          Detour& detour) {
  const SkipBits bits = load_skip(base(), skip);
  const Entry miss = load_entry(base(), skip_index(skip, skip_miss));
  Entry hit = load_entry(base(), skip_index(skip, skip_hit));
  const unsigned wanted = route.length - resolved;
  const auto alike =
      static_cast<unsigned>(std::countl_zero(bits.bits ^ word_at(route.address, resolved)));
  const unsigned together = std::min({alike, bits.count, wanted}) / stride_bits * stride_bits;
  const SkipBits tail = rest_of(bits, together);
  if (together == wanted) {
    hit = detour.add(new_skip(tail, hit, miss));
  } else {
    const unsigned width = width_for(std::max(wanted - together, tail.count));
    const unsigned used = std::min(tail.count, width);
    if (used < tail.count) hit = detour.add(new_skip(rest_of(tail, used), hit, miss));
    hit = detour.add(group_with(start_of(tail.bits, used), width, hit, miss));
  }
  if (together > 0) hit = detour.add(new_skip(start_of(bits.bits, together), hit, miss));
  return hit;
}

template <typename Address>
Entry Trie<Address>::Detour::add(std::optional<Entry> entry) {
  if (entry) return made_[count_++] = *entry;
  is_complete_ = false;
  return no_entry;
}

template <typename Address>
bool Trie<Address>::Detour::open(const Place& place, Entry entry) {
  if (!is_complete_) return false;
  place_ = place;
  skip_ = trie_.read(place);
  trie_.write(place, entry);
  return true;
}

template <typename Address>
void Trie<Address>::Detour::keep() {
  if (skip_ != no_entry) trie_.drop_block(skip_);
  count_ = 0;
}

template <typename Address>
Trie<Address>::Detour::~Detour() {
  // A version that an update fails in is reverted, and all that it has made with it; some of this
  // may have been written anew by then.
  if (count_ == 0 || trie_.blocks_.is_open()) return;
  if (skip_ != no_entry) trie_.write(place_, skip_);
  for (; count_ > 0; --count_) {
    if (skip_ != no_entry) {
      trie_.drop_block(made_[count_ - 1]);  // readers may have come there
    } else {
      trie_.discard_block(made_[count_ - 1]);
    }
  }
}

// A group where addresses that begin with `bits` find `hit`.
template <typename Address>
std::optional<Entry> Trie<Address>::group_with(SkipBits bits, unsigned width, Entry hit,
                                               Entry miss) {
  std::array<Runs, group_nodes_max> nodes;
  const unsigned count = 1u << (width - node_bits);
  std::fill_n(nodes.begin(), count, Runs(miss));
  const std::uint32_t filled = 1u << (width - bits.count);
  const std::uint32_t slot = bits.bits >> (skip_bits_max - width);
  for (std::uint32_t s = slot; s < slot + filled; s += node_slots) {
    nodes[s / node_slots].set(s % node_slots, std::min(filled, node_slots), hit);
  }
  return new_group({nodes.data(), count});
}

// ---- after a removal

// Makes what the way to `place` went through as small as it can be again, and joins runs that are
// alike now. When there is no memory for a copy all stays as it is.
template <typename Address>
void Trie<Address>::compact(Path& path, Place place) {
  for (; !path.empty(); path.leave()) {
    const Place& entrance = path.last();
    const Entry entry = read(entrance);
    const auto leaf = only_leaf(entry, entrance.resolved);
    if (!leaf) break;
    write(entrance, *leaf);
    drop_block(entry);
    place = entrance;
  }
  if (has_skips<Address> && straighten(path)) return;
  if (place.is_direct) return;
  if (!path.empty()) {
    const Entry group = read(path.last());
    const unsigned width = width_needed(group, path.last().resolved);
    if (width < group_width(group)) return narrow(path.last(), group, width);
  }
  const Node node = load_node(base(), place.node());
  Runs runs(base(), node);
  runs.merge(place.resolved);
  if (units_for(runs.stored()) < units_for(node.stored_runs())) {
    static_cast<void>(replace_runs(path, place, runs));
  }
}

// What a group or a skip that nothing needs any more says: the leaf of the route that covers it.
template <typename Address>
std::optional<Entry> Trie<Address>::only_leaf(Entry entry, unsigned resolved) const {
  if (is_skip(entry)) {
    const Entry hit = load_entry(base(), skip_index(entry, skip_hit));
    if (leads_on(hit) || leaf_length(hit) > resolved) return std::nullopt;
    return hit;
  }
  if (width_needed(entry, resolved) > 0) return std::nullopt;
  return entry_of(base(), load_node(base(), unit_of(entry)), 0);
}

// A skip instead of the last groups and skips of the way, as far as they let through one way only.
// Where a skip can't become longer it is at least smaller than a group.
template <typename Address>
bool Trie<Address>::straighten(const Path& path) {
  if (path.empty()) return false;
  std::array<Entry, Path::longest + 1> replaced;
  std::size_t count = 0;
  bool has_skip = false;
  const auto note = [&](Entry entry) {
    replaced[count++] = entry;
    has_skip = has_skip || is_skip(entry);
  };
  std::size_t top = path.size() - 1;
  note(read(path[top]));
  auto way = only_way(replaced[0], path[top].resolved);
  if (!way) return false;
  if (is_skip(way->hit)) {
    const Entry next = way->hit;
    has_skip = true;
    if (const auto longer = joined(*way, *only_way(next, 0))) {
      note(next);
      way = longer;
    }
  }
  for (; top > 0; --top) {
    const Entry entry = read(path[top - 1]);
    const auto before = only_way(entry, path[top - 1].resolved);
    if (!before) break;
    const auto longer = joined(*before, *way);
    if (!longer) break;
    note(entry);
    way = longer;
  }
  const bool is_shorter = count > 1 || !is_skip(replaced[0]);
  if (!is_shorter || (!has_skip && way->bits.count <= groups_before_skip * stride_bits)) {
    return false;
  }
  const auto skip = new_skip(way->bits, way->hit, way->miss);
  if (!skip) return false;
  write(path[top], *skip);
  while (count > 0) drop_block(replaced[--count]);
  return true;
}

// What a skip instead of this group or skip would say, if one would do: for all addresses but those
// that begin with some bits nothing longer than `resolved` matters.
template <typename Address>
auto Trie<Address>::only_way(Entry entry, unsigned resolved) const -> std::optional<OnlyWay> {
  if (is_skip(entry)) {
    return OnlyWay{load_skip(base(), entry), load_entry(base(), skip_index(entry, skip_hit)),
                   load_entry(base(), skip_index(entry, skip_miss))};
  }
  OnlyWay way{{0, 0}, no_entry, no_entry};
  const unsigned width = group_width(entry);
  for (std::uint32_t n = 0; n < group_nodes(entry); ++n) {
    const Runs runs(base(), load_node(base(), unit_of(entry) + n));
    for (unsigned slot = 0; slot < node_slots; slot = runs.end_of(slot)) {
      const Entry found = runs.at(slot);
      const std::uint32_t bits = (n * node_slots + slot) << (skip_bits_max - width);
      if (!leads_on(found) && leaf_length(found) <= resolved) {
        way.miss = found;
      } else if (way.hit == no_entry) {
        way.hit = found;
        way.bits = {bits, leads_on(found) ? width : leaf_length(found) - resolved};
      } else if (found != way.hit || !way.bits.match(bits)) {  // it may be another route's leaf
        return std::nullopt;
      }
    }
  }
  return way.hit == no_entry ? std::nullopt : std::optional(way);
}

// First the one, then the other. Not if that is too long, or if a route ends between them.
template <typename Address>
auto Trie<Address>::joined(const OnlyWay& first, const OnlyWay& second) -> std::optional<OnlyWay> {
  const unsigned count = first.bits.count + second.bits.count;
  if (count > skip_bits_max || first.miss != second.miss) return std::nullopt;
  return OnlyWay{
      {first.bits.bits | second.bits.bits >> first.bits.count, count}, second.hit, second.miss};
}

template <typename Address>
void Trie<Address>::narrow(const Place& entrance, Entry group, unsigned width) {
  const unsigned count = 1u << (width - node_bits);
  std::array<Runs, group_nodes_max> nodes;
  for (unsigned n = 0; n < count; ++n) {
    nodes[n] = Runs(base(), unit_of(group), group_nodes(group), count, n);
    nodes[n].merge(entrance.resolved + width);
  }
  const auto narrower = new_group({nodes.data(), count});
  if (!narrower) return;
  write(entrance, *narrower);
  drop_block(group);
}

// Address bits that a group must tell apart, `resolved` of the address being known before it: 0 if
// a leaf would do.
template <typename Address>
unsigned Trie<Address>::width_needed(Entry group, unsigned resolved) const {
  unsigned longest = resolved;
  for (std::uint32_t n = 0; n < group_nodes(group); ++n) {
    const Runs runs(base(), load_node(base(), unit_of(group) + n));
    for (unsigned run = 0; run < runs.count(); ++run) {
      if (leads_on(runs[run])) return stride_bits;
      longest = std::max(longest, leaf_length(runs[run]));
    }
  }
  return longest == resolved ? 0 : width_for(longest - resolved);
}

// ---- the first stage as a whole

template <typename Address>
bool Trie<Address>::move_window(const Window<Address>& window) {
  const std::uint32_t per_node = window.units_per_node();
  const auto block = blocks_.allocate(window.size * per_node);
  if (!block) return false;
  const Window<Address> moved = stretched(window, block->units / per_node);
  std::uint32_t* const first = base() + std::size_t{block->unit} * unit_entries;
  if (!block->zero) std::fill_n(first, std::size_t{block->units} * unit_entries, no_entry);
  const auto shift = static_cast<std::uint32_t>(window_.low - moved.low);
  if (window_.is_direct() == moved.is_direct()) {
    copy_units(block->unit + shift * per_node, root_, window_.size * per_node);
  } else if (!compress_first_stage(block->unit + shift)) {
    blocks_.discard(block->unit, block->units);
    return false;
  }
  if (root_units_ > 0) blocks_.drop(root_, root_units_);
  root_ = block->unit;
  root_units_ = block->units;
  window_ = moved;
  return true;
}

// One that has outgrown plain entries, as nodes and runs. Windows only grow.
template <typename Address>
bool Trie<Address>::compress_first_stage(std::uint32_t to) {
  for (std::uint32_t n = 0; n < window_.size; ++n) {
    Runs runs(base(), node_at({root_, n * node_slots, window_.resolved, true}));
    runs.merge(window_.resolved);
    std::optional<Blocks::Block> block;
    if (runs.stored() > 0 && !(block = blocks_.allocate(units_for(runs.stored())))) {
      discard_runs(to, n);
      return false;
    }
    const std::size_t first = block ? std::size_t{block->unit} * unit_entries : 0;
    store_node(base(), to + n, runs.store(base(), first));
  }
  return true;
}

// Of nodes that were never published.
template <typename Address>
void Trie<Address>::discard_runs(std::uint32_t unit, std::uint32_t nodes) {
  for (std::uint32_t n = 0; n < nodes; ++n) {
    const Node node = load_node(base(), unit + n);
    if (node.map != 0) blocks_.discard(node.first / unit_entries, units_for(node.runs()));
  }
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
  if (moved) {
    if (old.window.is_direct() && !window_.is_direct()) discard_runs(root_, window_.size);
    blocks_.discard(root_, root_units_);
  }
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
void Trie<Address>::copy_units(std::size_t to, std::size_t from, std::size_t count) const {
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
  copy_units(block->unit, root_, root_units_);
  blocks_.drop(root_, root_units_);
  root_ = block->unit;
  return true;
}

template <typename Address>
bool Trie<Address>::own_runs(const Place& place) {
  if (place.is_direct) return true;
  const Node node = load_node(base(), place.node());
  const std::uint32_t old = node.first / unit_entries;
  if (node.map == 0 || blocks_.is_own(old)) return true;
  const std::uint32_t units = units_for(node.runs());
  const auto block = blocks_.allocate(units);
  if (!block) return false;
  copy_units(block->unit, old, units);
  store_node(base(), place.node(), {node.map, block->unit * unit_entries});
  blocks_.drop(old, units);
  return true;
}

// The group or skip that the entry at that index leads to.
template <typename Address>
bool Trie<Address>::own_block(std::size_t index) {
  const Entry entry = load_entry(base(), index);
  const std::uint32_t old = unit_of(entry);
  if (blocks_.is_own(old)) return true;
  const std::uint32_t units = units_held(entry);
  const auto block = blocks_.allocate(units);
  if (!block) return false;
  copy_units(block->unit, old, units);
  if (is_skip(entry)) {
    store_entry(base(), index, make_skip(block->unit));
  } else {
    for (std::uint32_t n = 0; n < group_nodes(entry); ++n) {
      Node node = load_node(base(), old + n);
      if (node.map == 0) continue;
      node.first += (block->unit - old) * unit_entries;
      store_node(base(), block->unit + n, node);
    }
    store_entry(base(), index, make_group(block->unit, group_width(entry)));
  }
  blocks_.drop(old, units);
  return true;
}

// Before the group or skip that is entered at `place` is walked into: so that its entry can be
// written, and what is in it.
template <typename Address>
bool Trie<Address>::own_way(const Path& path, const Place& place) {
  if (path.empty() && !own_runs(place)) return false;
  return own_block(index_of(place));
}

// ---- the end

template <typename Address>
std::uint32_t Trie<Address>::units_held(Entry entry) const {
  if (is_skip(entry)) return skip_units;
  std::uint32_t entries = 0;
  for (std::uint32_t n = 0; n < group_nodes(entry); ++n) {
    entries += load_node(base(), unit_of(entry) + n).stored_runs();
  }
  return group_nodes(entry) + units_for(entries);
}

template <typename Address>
void Trie<Address>::drop_runs(Node node) {
  if (node.map != 0) blocks_.drop(node.first / unit_entries, units_for(node.runs()));
}

template <typename Address>
void Trie<Address>::drop_block(Entry entry) {
  blocks_.drop(unit_of(entry), units_held(entry));
}

template <typename Address>
void Trie<Address>::discard_block(Entry entry) {
  blocks_.discard(unit_of(entry), units_held(entry));
}

template <typename Address>
template <typename Visit>
void Trie<Address>::for_each_in_node(Node node, Visit visit) const {
  for (unsigned run = 0; run < node.stored_runs(); ++run) {
    const Entry entry = load_entry(base(), std::size_t{node.first} + run);
    if (leads_on(entry)) visit(entry);
  }
}

template <typename Address>
template <typename Visit>
void Trie<Address>::for_each_below(Entry entry, Visit visit) const {
  if (is_skip(entry)) {
    const Entry hit = load_entry(base(), skip_index(entry, skip_hit));
    if (leads_on(hit)) visit(hit);
    return;
  }
  for (std::uint32_t n = 0; n < group_nodes(entry); ++n) {
    for_each_in_node(load_node(base(), unit_of(entry) + n), visit);
  }
}

template <typename Address>
void Trie<Address>::drop_tree(Entry entry) {
  for_each_below(entry, [this](Entry below) { drop_tree(below); });
  drop_block(entry);
}

// Of what was never published.
template <typename Address>
void Trie<Address>::discard_tree(Entry entry) {
  for_each_below(entry, [this](Entry below) { discard_tree(below); });
  discard_block(entry);
}

template <typename Address>
Trie<Address>::~Trie() {
  if (root_units_ == 0) return;
  for (std::uint32_t n = 0; n < window_.size; ++n) {
    const Place place{root_, n * node_slots, window_.resolved, window_.is_direct()};
    const Node node = node_at(place);
    for_each_in_node(node, [this](Entry entry) { drop_tree(entry); });
    if (!place.is_direct) drop_runs(node);
  }
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
