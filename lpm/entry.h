// The 32-bit entry that every stage of every table is made of, and how to read and write it while
// other threads do.
//
//   leaf   0 0 dddddd vvvvvvvv vvvvvvvv vvvvvvvv   d: length of the route, 1–32; v: its value
//   none   0                                       no route but the default one: descriptor's
//   fallback group  1 www iiii iiiiiiii iiiiiiii iiiiiiii   go on in a group of 2^(w+1) entries at
//   unit i
//
// A leaf keeps the length of its route so that an update knows in one pass, without the RIB, which
// slots are its own: add() overwrites shorter routes, remove() overwrites exactly its own.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace bgw::lpm {

using Entry = std::uint32_t;

inline constexpr Entry no_entry = 0;
inline constexpr unsigned stride_bits = 8;        // address bits that one group resolves at most
inline constexpr unsigned unit_entries_bits = 4;  // a unit is 16 entries: one cache line
inline constexpr unsigned unit_entries = 1u << unit_entries_bits;
inline constexpr unsigned unit_index_bits = 28;  // so an arena has at most 16 GiB
inline constexpr std::size_t unit_bytes = unit_entries * sizeof(Entry);

constexpr Entry make_leaf(unsigned length, std::uint32_t value) {
  return length << 24 | value;
}
constexpr unsigned leaf_length(Entry leaf) {
  return leaf >> 24;
}
constexpr std::uint32_t leaf_value(Entry leaf) {
  return leaf & 0xff'ffffu;
}

constexpr bool is_group(Entry entry) {
  return entry >> 31 != 0;
}
constexpr Entry make_group(std::uint32_t unit, unsigned width) {
  return 1u << 31 | (width - 1) << unit_index_bits | unit;
}
// Address bits that the group resolves, 1–8.
constexpr unsigned group_width(Entry entry) {
  return (entry >> unit_index_bits & 7u) + 1;
}
constexpr std::uint32_t group_unit(Entry entry) {
  return entry & ((1u << unit_index_bits) - 1);
}
// Arena index of a group's first entry.
constexpr std::uint32_t group_base(Entry entry) {
  return group_unit(entry) << unit_entries_bits;
}

// Arena index of the entry for `address` in the group that a slot of 2^`shift` addresses points to.
constexpr std::uint32_t index_in_group(Entry entry, std::uint32_t address, unsigned shift) {
  const unsigned width = group_width(entry);
  return group_base(entry) + (address >> (shift - width) & ((1u << width) - 1));
}

// Acquire: what a group entry leads to was written before the entry was stored.
inline Entry load_entry(const Entry* base, std::size_t index) noexcept {
  return std::atomic_ref<Entry>(const_cast<Entry&>(base[index])).load(std::memory_order_acquire);
}
// The writer's own view.
inline Entry peek_entry(const Entry* base, std::size_t index) noexcept {
  return std::atomic_ref<Entry>(const_cast<Entry&>(base[index])).load(std::memory_order_relaxed);
}
inline void store_leaf(Entry* base, std::size_t index, Entry leaf) noexcept {
  std::atomic_ref<Entry>(base[index]).store(leaf, std::memory_order_relaxed);
}
inline void publish_entry(Entry* base, std::size_t index, Entry entry) noexcept {
  std::atomic_ref<Entry>(base[index]).store(entry, std::memory_order_release);
}

}  // namespace bgw::lpm
