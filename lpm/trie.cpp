#include "lpm/trie.h"

#include <algorithm>
#include <utility>

#include "lpm/branch.h"
#include "lpm/detour.h"
#include "lpm/only_way.h"

namespace bgw::lpm {

// ---- from the first stage down

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
Place Trie<Address>::place_in(Entry entry, const Place& entrance, Address address) const {
  const unsigned resolved = entrance.resolved;
  if (is_skip(entry)) {
    return {unit_of(entry), skip_hit, resolved + load_skip(base(), entry).count, true};
  }
  const unsigned width = group_width(entry);
  return {unit_of(entry), bits_of(address, resolved, width), resolved + width};
}

template <typename Address>
bool Trie<Address>::insert(const Route<Address>& route) {
  if (!first_stage_.own_root(groups_)) return false;
  Detour detour(groups_);
  if (!insert(route, detour)) return false;
  detour.keep();
  return true;
}

template <typename Address>
bool Trie<Address>::insert(const Route<Address>& route, Detour& detour) {
  Path path;
  Place place = first_stage_.place_of(route.address);
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
      const auto below = with_route(groups_, entry, place.resolved, route);
      if (!below) return false;
      if (!put(path, place, *below)) {
        groups_.discard_tree(*below);
        return false;
      }
      if (leads_on(entry)) groups_.drop_block(entry);
      return true;
    }
  }
}

template <typename Address>
bool Trie<Address>::erase(Address address, unsigned length, Entry parent) {
  if (!first_stage_.own_root(groups_)) return false;
  Path path;
  Place place = first_stage_.place_of(address);
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

// Before the group or skip that is entered at `place` is walked into: so that its entry can be
// written, and what is in it.
template <typename Address>
bool Trie<Address>::own_way(const Path& path, const Place& place) {
  if (path.empty() && !first_stage_.own_runs(groups_, place)) return false;
  return groups_.own_block(index_of(base(), place));
}

// ---- where readers look

// The range must begin and end where runs do. One pass of final values.
template <typename Address>
bool Trie<Address>::change_in_place(const Place& place, std::size_t count, const Change& change) {
  const std::size_t per_node = std::min<std::size_t>(count, node_slots);
  for (std::size_t done = 0; done < count; done += per_node) {
    Place part = place;
    part.slot += static_cast<std::uint32_t>(done);
    if (part.unit == root() && !first_stage_.own_runs(groups_, part)) return false;
    if (!change_runs(part, static_cast<unsigned>(per_node), change)) return false;
  }
  return true;
}

// Within one node.
template <typename Address>
bool Trie<Address>::change_runs(const Place& place, unsigned count, const Change& change) {
  const Node node = node_at(base(), place);
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
  if (!groups_.own_block(index)) return false;
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
  const Node node = node_at(base(), place);
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
  const Node node = node_at(base(), place);
  if (node.has_edges(place.slot_in_node(), 1)) {
    if (path.empty() && !first_stage_.own_runs(groups_, place)) return false;
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
  if (path.empty()) return first_stage_.replace_runs(groups_, place, runs);
  const Entry old = read(path.last());
  const auto group = groups_.with_runs(old, place.node(), runs);
  if (!group) return false;
  write(path.last(), *group);
  groups_.drop_block(old);
  return true;
}

// Into what says the same but lets the route through.
template <typename Address>
bool Trie<Address>::open_skip(const Path& path, const Place& place, const Route<Address>& route,
                              Detour& detour) {
  if (path.empty() && !first_stage_.own_runs(groups_, place)) return false;
  return detour.open(place, word_at(route.address, place.resolved), route.length - place.resolved);
}

// ---- after a removal

// Makes what the way to `place` went through as small as it can be again, and joins runs that are
// alike now. When there is no memory for a copy all stays as it is.
template <typename Address>
void Trie<Address>::compact(Path& path, Place place) {
  for (; !path.empty(); path.leave()) {
    const Place& entrance = path.last();
    const Entry entry = read(entrance);
    const auto leaf = only_leaf(base(), entry, entrance.resolved);
    if (!leaf) break;
    write(entrance, *leaf);
    groups_.drop_block(entry);
    place = entrance;
  }
  if (has_skips<Address> && straighten(path)) return;
  if (place.is_direct) return;
  if (!path.empty()) {
    const Entry group = read(path.last());
    const unsigned width = width_needed(base(), group, path.last().resolved);
    if (width < group_width(group)) return narrow(path.last(), group, width);
  }
  const Node node = load_node(base(), place.node());
  Runs runs(base(), node);
  runs.merge(place.resolved);
  if (units_for(runs.stored()) < units_for(node.stored_runs())) {
    static_cast<void>(replace_runs(path, place, runs));
  }
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
  auto way = only_way(base(), replaced[0], path[top].resolved);
  if (!way) return false;
  if (is_skip(way->hit)) {
    const Entry next = way->hit;
    has_skip = true;
    if (const auto longer = joined(*way, *only_way(base(), next, 0))) {
      note(next);
      way = longer;
    }
  }
  for (; top > 0; --top) {
    const Entry entry = read(path[top - 1]);
    const auto before = only_way(base(), entry, path[top - 1].resolved);
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
  const auto skip = groups_.new_skip(way->bits, way->hit, way->miss);
  if (!skip) return false;
  write(path[top], *skip);
  while (count > 0) groups_.drop_block(replaced[--count]);
  return true;
}

template <typename Address>
void Trie<Address>::narrow(const Place& entrance, Entry group, unsigned width) {
  const auto narrower = groups_.narrowed(group, width, entrance.resolved);
  if (!narrower) return;
  write(entrance, *narrower);
  groups_.drop_block(group);
}

// ---- the whole of it

template <typename Address>
bool Trie<Address>::move_window(const Window<Address>& window) {
  const auto moved = first_stage_.moved(groups_, window);
  if (!moved) return false;
  first_stage_.drop(groups_);
  first_stage_ = *moved;
  return true;
}

template <typename Address>
bool Trie<Address>::move_window_and_insert(const Window<Address>& window,
                                           const Route<Address>& route) {
  const auto moved = first_stage_.moved(groups_, window);
  if (!moved) return false;
  // The present first stage stays whole until the route is in.
  const FirstStage<Address> old = std::exchange(first_stage_, *moved);
  if (insert(route)) {
    old.drop(groups_);
    return true;
  }
  first_stage_.discard(groups_, old);
  first_stage_ = old;
  return false;
}

template <typename Address>
void Trie<Address>::open_version() {
  groups_.blocks().open();
  first_stage_.open_version();
}

template <typename Address>
void Trie<Address>::revert_version() noexcept {
  groups_.blocks().revert();
  first_stage_.revert_version();
}

template <typename Address>
Trie<Address>::~Trie() {
  first_stage_.drop_tree(groups_);
}

template <typename Address>
Trie<Address>::Trie(Trie&& other) noexcept
    : groups_(std::move(other.groups_)), first_stage_(std::exchange(other.first_stage_, {})) {}

template <typename Address>
Trie<Address>& Trie<Address>::operator=(Trie&& other) noexcept {
  std::swap(groups_, other.groups_);
  std::swap(first_stage_, other.first_stage_);
  return *this;
}

template class Trie<Ipv4Address>;
template class Trie<Ipv6Address>;

}  // namespace bgw::lpm
