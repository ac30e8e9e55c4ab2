// The two things that every stage of every table is made of, and how to read and write them while
// other threads do.
//
//   entry, 32 bits: what is known of a slot
//     none   0                                       no route but the default one
//     leaf   0 lllllll vvvvvvvv vvvvvvvv vvvvvvvv    l: length of the route, 128 as 0; v: value + 1
//     group  1 nn iiiii iiiiiiii iiiiiiii iiiiiiii   go on in 2^n nodes at unit i: 5 + n bits more
//
//   node, 64 bits: 32 slots as runs of equal entries
//     map    low 32    bit k: a run begins at slot k. Bit 0 is never set: one begins there anyway
//     first  high 32   map 0: the entry of all 32 slots; otherwise arena index of the first run's
//                      entry, and those of the others follow it
//
// A leaf keeps the length of its route so that an update knows without the RIB which slots are its
// own: an added route overwrites shorter ones, a removed one exactly its own. Two routes never
// share a run, even if their entries are equal, so that each route's runs can be rewritten where
// they are.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace bgw::lpm {

using Entry = std::uint32_t;

inline constexpr Entry no_entry = 0;
inline constexpr unsigned node_bits = 5;  // address bits that a node resolves
inline constexpr unsigned node_slots = 1u << node_bits;
inline constexpr unsigned stride_bits = 8;  // address bits that one group resolves at most
inline constexpr unsigned group_nodes_max = 1u << (stride_bits - node_bits);
inline constexpr unsigned unit_entries_bits = 1;  // a unit is two entries or one node
inline constexpr unsigned unit_entries = 1u << unit_entries_bits;
inline constexpr unsigned unit_index_bits = 29;  // so an arena has at most 4 GiB
inline constexpr std::size_t unit_bytes = unit_entries * sizeof(Entry);

constexpr Entry make_leaf(unsigned length, std::uint32_t value) {
  return (length & 127) << 24 | (value + 1);
}
// 0 for "none", which is shorter than any route.
constexpr unsigned leaf_length(Entry leaf) {
  const unsigned length = leaf >> 24;
  return length == 0 && leaf != no_entry ? 128 : length;
}

constexpr bool is_group(Entry entry) {
  return entry >> 31 != 0;
}
constexpr Entry make_group(std::uint32_t unit, unsigned width) {
  return 1u << 31 | (width - node_bits) << unit_index_bits | unit;
}
// Address bits that the group resolves, 5–8.
constexpr unsigned group_width(Entry entry) {
  return (entry >> unit_index_bits & 3u) + node_bits;
}
constexpr std::uint32_t group_unit(Entry entry) {
  return entry & ((1u << unit_index_bits) - 1);
}
constexpr unsigned group_nodes(Entry entry) {
  return 1u << (entry >> unit_index_bits & 3u);
}

struct Node {
  std::uint32_t map = 0;
  std::uint32_t first = no_entry;

  unsigned runs() const { return static_cast<unsigned>(std::popcount(map)) + 1; }
  // Entries that it has elsewhere.
  unsigned stored_runs() const { return map == 0 ? 0 : runs(); }
  // The run that holds a slot.
  unsigned run_of(unsigned slot) const {
    return static_cast<unsigned>(std::popcount(map << (~slot & (node_slots - 1))));
  }
  // Do runs begin at both ends of [slot, slot + count)?
  bool has_edges(unsigned slot, unsigned count) const {
    const auto begins = [this](unsigned at) {
      return at == 0 || at == node_slots || (map >> at & 1) != 0;
    };
    return begins(slot) && begins(slot + count);
  }
};

// The arena holds entries and nodes side by side.
using AliasedEntry [[gnu::may_alias]] = std::uint32_t;
using AliasedNode [[gnu::may_alias]] = std::uint64_t;

// Acquire: what a group or a node leads to was written before it was stored.
inline Entry load_entry(const std::uint32_t* base, std::size_t index) noexcept {
  return __atomic_load_n(static_cast<const AliasedEntry*>(base) + index, __ATOMIC_ACQUIRE);
}
inline Node load_node(const std::uint32_t* base, std::size_t unit) noexcept {
  const std::uint64_t word =
      __atomic_load_n(reinterpret_cast<const AliasedNode*>(base) + unit, __ATOMIC_ACQUIRE);
  return {static_cast<std::uint32_t>(word), static_cast<std::uint32_t>(word >> 32)};
}
inline void store_entry(std::uint32_t* base, std::size_t index, Entry entry) noexcept {
  __atomic_store_n(static_cast<AliasedEntry*>(base) + index, entry, __ATOMIC_RELEASE);
}
inline void store_node(std::uint32_t* base, std::size_t unit, Node node) noexcept {
  __atomic_store_n(reinterpret_cast<AliasedNode*>(base) + unit,
                   std::uint64_t{node.first} << 32 | node.map, __ATOMIC_RELEASE);
}

// The entry of a slot of a node. Map 0 never leads to a group: 32 slots can't share one.
inline Entry entry_of(const std::uint32_t* base, Node node, unsigned slot) noexcept {
  return node.map == 0 ? node.first : load_entry(base, node.first + node.run_of(slot));
}

}  // namespace bgw::lpm
