// The entries of one node or of all nodes of a group, spelled out one per slot, to be changed and
// folded into runs again. Lives on the writer's stack.
#pragma once

#include <array>
#include <cstdint>

#include "lpm/entry.h"

namespace bgw::lpm {

// What an update does to every leaf in the range of its route.
struct Change {
  bool add;
  unsigned length;  // of the route
  Entry entry;      // its leaf, or what is below it when it is removed

  Entry of(Entry leaf) const {
    const bool concerned = add ? leaf_length(leaf) <= length : leaf_length(leaf) == length;
    return concerned ? entry : leaf;
  }
};

class Slots {
 public:
  Slots() = default;
  // Of `nodes` nodes from `unit` on.
  Slots(const std::uint32_t* base, std::size_t unit, unsigned nodes);
  // All alike.
  Slots(Entry entry, unsigned nodes);

  unsigned nodes() const { return nodes_; }
  Entry& operator[](std::size_t slot) { return entries_[slot]; }
  Entry operator[](std::size_t slot) const { return entries_[slot]; }
  // Groups are left as they are; true if there are any.
  bool change(std::size_t first, std::size_t count, const Change& change);

  // Address bits that a group at this place must tell apart, `resolved` of the address being known
  // before it: 0 if a leaf would do, otherwise 5–8.
  unsigned width_needed(unsigned resolved) const;
  // The same in a group of another width: fewer nodes only if width_needed() allows.
  Slots with_nodes(unsigned nodes) const;

  // Units that store(…) needs for entries.
  unsigned run_units(unsigned resolved) const;
  // Writes nodes at `node_unit` and their runs from `run_unit` on. `resolved`: address bits that
  // tell these slots apart. A route of its own begins a run of its own.
  void store(std::uint32_t* base, std::size_t node_unit, std::size_t run_unit,
             unsigned resolved) const;
  // For one node: the node, its runs stored from `run_unit` on.
  Node store_runs(std::uint32_t* base, std::size_t run_unit, unsigned resolved) const;

 private:
  std::uint32_t map_of(unsigned node, unsigned resolved) const;
  Node store_runs_of(unsigned node, std::uint32_t* base, std::size_t first,
                     unsigned resolved) const;

  unsigned nodes_ = 0;
  std::array<Entry, std::size_t{group_nodes_max} * node_slots> entries_;
};

}  // namespace bgw::lpm
