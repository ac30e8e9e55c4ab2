#include "lpm/runs.h"

#include <algorithm>

namespace bgw::lpm {
namespace {

// Does the route that `leaf` stands for begin at this slot? `resolved` address bits tell slots
// apart, so a route of length L spans 2^(resolved − L) of them and begins at a multiple of that.
bool begins_route(Entry leaf, unsigned slot, unsigned resolved) {
  const unsigned length = leaf_length(leaf);
  if (length == 0 || length > resolved || resolved - length >= node_bits) return false;
  return (slot & ((1u << (resolved - length)) - 1)) == 0;
}

}  // namespace

Runs::Runs(const std::uint32_t* base, Node node) : map_(node.map) {
  if (node.map == 0) {
    entries_[0] = node.first;
    return;
  }
  for (unsigned run = 0; run < node.runs(); ++run) {
    entries_[run] = load_entry(base, std::size_t{node.first} + run);
  }
}

Runs::Runs(const std::uint32_t* base, std::uint32_t unit, unsigned from, unsigned to,
           unsigned node) {
  unsigned run = 0;
  std::uint64_t previous = 0;
  for (unsigned slot = 0; slot < node_slots; ++slot) {
    const unsigned source = (node * node_slots + slot) * from / to;
    const Node old = load_node(base, unit + source / node_slots);
    const unsigned old_run = old.run_of(source % node_slots);
    const std::uint64_t identity = std::uint64_t{source / node_slots} << 32 | old_run;
    if (slot > 0 && identity != previous) {
      map_ |= 1u << slot;
      ++run;
    }
    previous = identity;
    entries_[run] = entry_of(base, old, source % node_slots);
  }
}

void Runs::split_at(unsigned slot) {
  if (slot == 0 || slot == node_slots || (map_ >> slot & 1) != 0) return;
  const unsigned run = run_of(slot);
  std::copy_backward(entries_.begin() + run, entries_.begin() + count(),
                     entries_.begin() + count() + 1);
  map_ |= 1u << slot;
}

void Runs::split(unsigned slot, unsigned count) {
  split_at(slot);
  split_at(slot + count);
}

bool Runs::change(unsigned slot, unsigned count, const Change& change) {
  bool leads_further = false;
  for (unsigned run = run_of(slot); run <= run_of(slot + count - 1); ++run) {
    if (leads_on(entries_[run])) {
      leads_further = true;
    } else {
      entries_[run] = change.of(entries_[run]);
    }
  }
  return leads_further;
}

void Runs::set(unsigned slot, unsigned count, Entry entry) {
  split(slot, count);
  entries_[run_of(slot)] = entry;
}

unsigned Runs::end_of(unsigned slot) const {
  const std::uint32_t later = slot + 1 < node_slots ? map_ >> (slot + 1) << (slot + 1) : 0;
  return later == 0 ? node_slots : static_cast<unsigned>(std::countr_zero(later));
}

void Runs::merge(unsigned resolved) {
  unsigned kept = 0;
  unsigned run = 0;
  for (std::uint32_t rest = map_; rest != 0; rest &= rest - 1) {
    const auto slot = static_cast<unsigned>(std::countr_zero(rest));
    const Entry entry = entries_[++run];
    if (entry == entries_[kept] && !begins_route(entry, slot, resolved)) {
      map_ &= ~(1u << slot);
    } else {
      entries_[++kept] = entry;
    }
  }
}

Node Runs::store(std::uint32_t* base, std::size_t first) const {
  if (map_ == 0) return {0, entries_[0]};
  for (unsigned run = 0; run < count(); ++run) store_entry(base, first + run, entries_[run]);
  return {map_, static_cast<std::uint32_t>(first)};
}

}  // namespace bgw::lpm
