// The runs of one node on the writer's stack, to be changed and stored beside the running ones.
#pragma once

#include <array>
#include <cstddef>
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

class Runs {
 public:
  // One entry for all slots.
  explicit Runs(Entry all = no_entry) { entries_[0] = all; }
  Runs(const std::uint32_t* base, Node node);
  // Node number `node` of a group that has `to` nodes instead of `from` ones at `unit`: its slots
  // are that much finer or coarser. Coarser ones must not cut through a run.
  Runs(const std::uint32_t* base, std::uint32_t unit, unsigned from, unsigned to, unsigned node);

  unsigned count() const { return Node{map_}.runs(); }
  // Entries to store outside of the node.
  unsigned stored() const { return Node{map_}.stored_runs(); }
  Entry operator[](std::size_t run) const { return entries_[run]; }
  Entry at(unsigned slot) const { return entries_[run_of(slot)]; }
  // The first slot behind the run that holds `slot`.
  unsigned end_of(unsigned slot) const;

  // Makes [slot, slot + count) begin and end where runs do.
  void split(unsigned slot, unsigned count);
  // Of the leaves in [slot, slot + count), which must begin and end where runs do. What leads on is
  // left as it is; true if there is any.
  bool change(unsigned slot, unsigned count, const Change& change);
  void set(unsigned slot, Entry entry) { set(slot, 1, entry); }
  // [slot, slot + count) must lie within one run.
  void set(unsigned slot, unsigned count, Entry entry);
  // Joins what belongs to one route. `resolved` address bits tell the slots apart.
  void merge(unsigned resolved);

  // The node, with its entries stored from index `first` on.
  Node store(std::uint32_t* base, std::size_t first) const;

 private:
  unsigned run_of(unsigned slot) const { return Node{map_}.run_of(slot); }
  void split_at(unsigned slot);

  std::uint32_t map_ = 0;
  std::array<Entry, node_slots> entries_;
};

}  // namespace bgw::lpm
