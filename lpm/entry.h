// The few things that every stage of every table is made of, and how to read and write them while
// other threads do.
//
//   entry, 32 bits: what is known of a slot
//     none   0                                       no route but the default one
//     leaf   0 lllllll vvvvvvvv vvvvvvvv vvvvvvvv    l: length of the route, 128 as 0; v: value + 1
//     group  1 nn iiiii iiiiiiii iiiiiiii iiiiiiii   go on in 2^n nodes at unit i: 5 + n bits more;
//                                                    n is 0, 1 or 3
//     skip   1 10 iiiii iiiiiiii iiiiiiii iiiiiiii   compare the next bits with those at unit i
//
//   node, 64 bits: 32 slots as runs of equal entries
//     map    low 32    bit k: a run begins at slot k. Bit 0 is never set: one begins there anyway
//     first  high 32   map 0: the entry of all 32 slots; otherwise arena index of the first run's
//                      entry, and those of the others follow it
//
//   skip, 128 bits: what many groups of one used slot each would say
//     bits   low 32    what the next address bits must be, the first one on top, zeros behind
//     mask   32        as many ones, likewise: 1-32, and a multiple of 8 unless `hit` is a leaf:
//                      groups begin at multiples of 8
//     hit    32        the entry for those addresses
//     miss   high 32   a leaf or none, for all others
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
inline constexpr unsigned skip_bits_max = 32;
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

// A group or a skip: the walk goes on.
constexpr bool leads_on(Entry entry) {
  return entry >> 31 != 0;
}
// What is above the unit in an entry that leads on: this bit and the kind.
inline constexpr unsigned leads_on_bit = 4;
constexpr unsigned kind_of(Entry entry) {
  return entry >> unit_index_bits & (leads_on_bit - 1);
}
inline constexpr unsigned skip_kind = 2;
constexpr bool is_skip(Entry entry) {
  return entry >> unit_index_bits == (leads_on_bit | skip_kind);
}
constexpr std::uint32_t unit_of(Entry entry) {
  return entry & ((1u << unit_index_bits) - 1);
}
constexpr Entry make_skip(std::uint32_t unit) {
  return 1u << 31 | skip_kind << unit_index_bits | unit;
}
// Widths of groups are 5, 6 and 8 address bits: what holds `bits` of them, at most 8.
constexpr unsigned width_for(unsigned bits) {
  return bits <= node_bits ? node_bits : bits == node_bits + 1 ? bits : stride_bits;
}
constexpr Entry make_group(std::uint32_t unit, unsigned width) {
  return 1u << 31 | (width - node_bits) << unit_index_bits | unit;
}
constexpr unsigned group_width(Entry group) {
  return node_bits + kind_of(group);
}
constexpr unsigned group_nodes(Entry group) {
  return 1u << kind_of(group);
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

// A node that stands for 32 entries from `first` on, each a run of its own.
constexpr Node node_of_entries(std::size_t first) {
  return {~1u, static_cast<std::uint32_t>(first)};
}

// The entry of a slot of a node. Map 0 never leads to a group: 32 slots can't share one.
inline Entry entry_of(const std::uint32_t* base, Node node, unsigned slot) noexcept {
  return node.map == 0 ? node.first : load_entry(base, node.first + node.run_of(slot));
}

// Of a skip: its first word as a node's, and where its entries are.
inline constexpr std::uint32_t skip_units = 2;
inline constexpr unsigned skip_hit = 2;  // entries from the skip's beginning on
inline constexpr unsigned skip_miss = 3;
constexpr std::size_t skip_index(Entry skip, unsigned which) {
  return std::size_t{unit_of(skip)} * unit_entries + which;
}
struct SkipBits {
  std::uint32_t bits;
  unsigned count;
  std::uint32_t mask() const { return ~0u << (skip_bits_max - count); }
  // Of the next address bits, the first one on top.
  bool match(std::uint32_t next) const { return ((next ^ bits) & mask()) == 0; }
};
// The first `count` of some bits, at least 1, and those behind them, if any.
constexpr SkipBits start_of(std::uint32_t bits, unsigned count) {
  return {bits & ~0u << (skip_bits_max - count), count};
}
constexpr SkipBits rest_of(SkipBits skip, unsigned from) {
  return {skip.bits << from, skip.count - from};
}
inline SkipBits load_skip(const std::uint32_t* base, Entry skip) noexcept {
  const Node word = load_node(base, unit_of(skip));
  return {word.map, static_cast<unsigned>(std::popcount(word.first))};
}
inline void store_skip(std::uint32_t* base, std::size_t unit, SkipBits bits) noexcept {
  store_node(base, unit, {bits.bits, bits.mask()});
}

}  // namespace bgw::lpm
