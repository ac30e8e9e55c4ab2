// Batches without vector instructions. Each step is done for all addresses before the next, so that
// their cache misses overlap.
#pragma once

#include <algorithm>
#include <array>
#include <utility>

#include "lpm/lookup.h"

namespace bgw::lpm {

// One table for all, or one per address: what the steps below ask.
template <typename Address>
struct OneTable {
  const TableDescriptor<Address>* table;
  const TableDescriptor<Address>& operator[](std::size_t) const noexcept { return *table; }
  OneTable from(std::size_t) const noexcept { return *this; }
  std::uint32_t index_of(std::size_t) const noexcept { return 0; }
  OneTable with_index(const std::uint32_t*) const noexcept { return *this; }
};
template <typename Address>
struct ManyTables {
  const TableDescriptor<Address>* tables;
  const std::uint32_t* index;
  const TableDescriptor<Address>& operator[](std::size_t i) const noexcept {
    return tables[index[i]];
  }
  ManyTables from(std::size_t i) const noexcept { return {tables, index + i}; }
  std::uint32_t index_of(std::size_t i) const noexcept { return index[i]; }
  ManyTables with_index(const std::uint32_t* other) const noexcept { return {tables, other}; }
};

inline constexpr std::size_t chunk_size = 64;

// Addresses that are still on their way, after the first stage.
struct Walkers {
  std::array<std::uint8_t, chunk_size> who;
  std::array<std::uint8_t, chunk_size> resolved;  // address bits
  std::array<Entry, chunk_size> entry;            // a group
  std::size_t count = 0;
  void add(std::size_t i, unsigned bits, Entry group) noexcept {
    who[count] = static_cast<std::uint8_t>(i);
    resolved[count] = static_cast<std::uint8_t>(bits);
    entry[count++] = group;
  }
};

// One group for each: those that end there get their value, the others stay.
template <typename Address, typename Tables>
void walk_on(const std::uint32_t* base, const Tables& tables, const Address* addresses,
             Value* values, Walkers& walkers) noexcept {
  std::array<std::uint32_t, chunk_size> node;
  std::array<std::uint8_t, chunk_size> slot;
  for (std::size_t k = 0; k < walkers.count; ++k) {
    const unsigned width = group_width(walkers.entry[k]);
    const std::uint32_t place = bits_of(addresses[walkers.who[k]], walkers.resolved[k], width);
    walkers.resolved[k] = static_cast<std::uint8_t>(walkers.resolved[k] + width);
    node[k] = group_unit(walkers.entry[k]) + place / node_slots;
    slot[k] = place % node_slots;
    __builtin_prefetch(base + std::size_t{node[k]} * unit_entries);
  }
  const std::size_t count = std::exchange(walkers.count, 0);
  for (std::size_t k = 0; k < count; ++k) {
    const Entry entry = entry_of(base, load_node(base, node[k]), slot[k]);
    const std::size_t i = walkers.who[k];
    if (is_group(entry)) {
      walkers.add(i, walkers.resolved[k], entry);
    } else {
      values[i] = value_of(tables[i], entry);
    }
  }
}

// Those that a chunk's first stage has left at a group: bit i of `groups` says so of address i.
template <typename Address, typename Tables>
void walk_all(const std::uint32_t* base, const Tables& tables, const Address* addresses,
              Value* values, const Entry* entries, std::uint64_t groups) noexcept {
  Walkers walkers;
  for (; groups != 0; groups &= groups - 1) {
    const auto i = static_cast<std::size_t>(std::countr_zero(groups));
    walkers.add(i, head_bits<Address> - tables[i].shift, entries[i]);
  }
  while (walkers.count > 0) walk_on(base, tables, addresses, values, walkers);
}

template <typename Address, typename Tables>
void lookup_chunk(const std::uint32_t* base, Tables tables, const Address* addresses, Value* values,
                  std::size_t count) noexcept {
  std::array<std::uint32_t, chunk_size> unit;
  for (std::size_t i = 0; i < count; ++i) {
    unit[i] = first_stage_node(tables[i], addresses[i]);
    __builtin_prefetch(base + std::size_t{unit[i]} * unit_entries);
  }
  std::array<std::uint32_t, chunk_size> run;  // index of the run's entry; 0: there is none
  std::array<Entry, chunk_size> whole;        // the entry of the whole node then
  for (std::size_t i = 0; i < count; ++i) {
    const Node node = load_node(base, unit[i]);
    const auto slot = static_cast<unsigned>(head_of(addresses[i]) >> tables[i].shift) % node_slots;
    // All ones or all zeros rather than a branch that can't be foreseen.
    const std::uint32_t has_runs = 0u - static_cast<std::uint32_t>(node.map != 0);
    run[i] = (node.first + node.run_of(slot)) & has_runs;
    whole[i] = node.first & ~has_runs;
    __builtin_prefetch(base + run[i]);
  }
  std::array<Entry, chunk_size> entries;
  std::uint64_t groups = 0;
  for (std::size_t i = 0; i < count; ++i) {
    entries[i] = load_entry(base, run[i]) | whole[i];  // index 0 holds 0
    values[i] = value_of(tables[i], entries[i]);
    groups |= std::uint64_t{entries[i] >> 31} << i;
  }
  if (groups != 0) walk_all(base, tables, addresses, values, entries.data(), groups);
}

template <typename Address, typename Tables>
void lookup_in_chunks(const std::uint32_t* base, Tables tables, const Address* addresses,
                      Value* values, std::size_t count) noexcept {
  for (std::size_t done = 0; done < count; done += chunk_size) {
    lookup_chunk(base, tables.from(done), addresses + done, values + done,
                 std::min(chunk_size, count - done));
  }
}

}  // namespace bgw::lpm
