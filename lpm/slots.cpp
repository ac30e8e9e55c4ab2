#include "lpm/slots.h"

#include <algorithm>

namespace bgw::lpm {
namespace {

// Does a route that `leaf` stands for begin at this slot of a node? `resolved` address bits tell
// the slots apart, so a route of length L spans 2^(resolved − L) of them and begins at multiples of
// that.
bool begins_route(Entry leaf, unsigned slot, unsigned resolved) {
  const unsigned length = leaf_length(leaf);
  if (length == 0 || length > resolved || resolved - length >= node_bits) return false;
  return (slot & ((1u << (resolved - length)) - 1)) == 0;
}

constexpr unsigned units_for(unsigned entries) {
  return (entries + unit_entries - 1) / unit_entries;
}

}  // namespace

Slots::Slots(const std::uint32_t* base, std::size_t unit, unsigned nodes) : nodes_(nodes) {
  for (unsigned n = 0; n < nodes; ++n) {
    const Node node = load_node(base, unit + n);
    Entry* const slots = &entries_[std::size_t{n} * node_slots];
    std::size_t run = node.first;
    Entry entry = node.map == 0 ? node.first : load_entry(base, run);
    for (unsigned slot = 0; slot < node_slots; ++slot) {
      if ((node.map >> slot & 1) != 0) entry = load_entry(base, ++run);
      slots[slot] = entry;
    }
  }
}

Slots::Slots(Entry entry, unsigned nodes) : nodes_(nodes) {
  std::fill_n(entries_.begin(), std::size_t{nodes} * node_slots, entry);
}

bool Slots::change(std::size_t first, std::size_t count, const Change& change) {
  bool has_groups = false;
  for (std::size_t slot = first; slot < first + count; ++slot) {
    if (is_group(entries_[slot])) {
      has_groups = true;
    } else {
      entries_[slot] = change.of(entries_[slot]);
    }
  }
  return has_groups;
}

unsigned Slots::width_needed(unsigned resolved) const {
  unsigned longest = resolved;
  for (std::size_t slot = 0; slot < std::size_t{nodes_} * node_slots; ++slot) {
    if (is_group(entries_[slot])) return stride_bits;
    longest = std::max(longest, leaf_length(entries_[slot]));
  }
  return longest == resolved ? 0 : std::max(longest - resolved, node_bits);
}

Slots Slots::with_nodes(unsigned nodes) const {
  Slots other;
  other.nodes_ = nodes;
  for (std::size_t slot = 0; slot < std::size_t{nodes} * node_slots; ++slot) {
    other.entries_[slot] = entries_[slot * nodes_ / nodes];
  }
  return other;
}

std::uint32_t Slots::map_of(unsigned node, unsigned resolved) const {
  const Entry* const slots = &entries_[std::size_t{node} * node_slots];
  std::uint32_t map = 0;
  for (unsigned slot = 1; slot < node_slots; ++slot) {
    const Entry entry = slots[slot];
    const bool begins = entry != slots[slot - 1] || begins_route(entry, slot, resolved);
    map |= std::uint32_t{begins} << slot;
  }
  return map;
}

unsigned Slots::run_units(unsigned resolved) const {
  unsigned entries = 0;
  for (unsigned n = 0; n < nodes_; ++n) entries += Node{map_of(n, resolved)}.stored_runs();
  return units_for(entries);
}

Node Slots::store_runs_of(unsigned node, std::uint32_t* base, std::size_t first,
                          unsigned resolved) const {
  const Entry* const slots = &entries_[std::size_t{node} * node_slots];
  const std::uint32_t map = map_of(node, resolved);
  if (map == 0) return {0, slots[0]};
  store_entry(base, first, slots[0]);
  std::size_t run = first;
  for (std::uint32_t rest = map; rest != 0; rest &= rest - 1) {
    store_entry(base, ++run, slots[std::countr_zero(rest)]);
  }
  return {map, static_cast<std::uint32_t>(first)};
}

void Slots::store(std::uint32_t* base, std::size_t node_unit, std::size_t run_unit,
                  unsigned resolved) const {
  std::size_t first = run_unit * unit_entries;
  for (unsigned n = 0; n < nodes_; ++n) {
    const Node node = store_runs_of(n, base, first, resolved);
    store_node(base, node_unit + n, node);
    first += node.stored_runs();
  }
}

Node Slots::store_runs(std::uint32_t* base, std::size_t run_unit, unsigned resolved) const {
  return store_runs_of(0, base, run_unit * unit_entries, resolved);
}

}  // namespace bgw::lpm
