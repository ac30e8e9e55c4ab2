// Where an address is looked up: a slot of the first stage or of a group, or a skip's hit.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lpm/entry.h"

namespace bgw::lpm {

struct Place {
  std::uint32_t unit;      // of the first node
  std::uint32_t slot;      // counted from that node on
  unsigned resolved;       // address bits that tell its slots apart
  bool is_direct = false;  // no nodes: slots are entries, from `unit` on

  std::uint32_t node() const { return unit + slot / node_slots; }
  unsigned slot_in_node() const { return slot % node_slots; }
};

// Slots that a route of `length` fills where `resolved` address bits tell them apart.
constexpr std::size_t slots_filled(unsigned length, unsigned resolved) {
  return std::size_t{1} << (resolved - length);
}

inline Node node_at(const std::uint32_t* base, const Place& place) noexcept {
  if (!place.is_direct) return load_node(base, place.node());
  return node_of_entries(std::size_t{place.unit} * unit_entries + place.slot -
                         place.slot_in_node());
}

inline Entry entry_at(const std::uint32_t* base, const Place& place) noexcept {
  return entry_of(base, node_at(base, place), place.slot_in_node());
}

// Of the entry of a slot whose node has runs.
inline std::size_t index_of(const std::uint32_t* base, const Place& place) noexcept {
  const Node node = node_at(base, place);
  return std::size_t{node.first} + node.run_of(place.slot_in_node());
}

// Where readers look, into a slot that is a run of its own.
inline void write_at(std::uint32_t* base, const Place& place, Entry entry) noexcept {
  store_entry(base, index_of(base, place), entry);
}

}  // namespace bgw::lpm
