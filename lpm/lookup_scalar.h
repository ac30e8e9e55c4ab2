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
class Walkers {
 public:
  bool empty() const noexcept { return count_ == 0; }

  // Address number i of the chunk, `resolved` bits of which have led to an entry that leads on.
  void add(std::size_t i, unsigned resolved, Entry entry) noexcept {
    who_[count_] = static_cast<std::uint8_t>(i);
    resolved_[count_] = static_cast<std::uint8_t>(resolved);
    entry_[count_++] = entry;
  }

  // One group or skip for each: those that end there get their value, the others stay.
  template <typename Address, typename Tables>
  void step(const std::uint32_t* base, const Tables& tables, const Address* addresses,
            Value* values) noexcept {
    std::array<GroupSlot, chunk_size> at;
    for (std::size_t k = 0; k < count_; ++k) {
      at[k] = is_skip_of<Address>(entry_[k]) ? GroupSlot{unit_of(entry_[k]), 0}
                                             : slot_in(entry_[k], addresses[who_[k]], resolved_[k]);
      __builtin_prefetch(base + std::size_t{at[k].node} * unit_entries);
    }
    const std::size_t count = std::exchange(count_, 0);
    for (std::size_t k = 0; k < count; ++k) {
      const std::size_t i = who_[k];
      unsigned resolved = resolved_[k];
      Entry entry = entry_[k];
      if (is_skip_of<Address>(entry)) {
        entry = pass_skip(base, addresses[i], entry, resolved);
      } else {
        resolved += group_width(entry);
        entry = entry_of(base, load_node(base, at[k].node), at[k].slot);
      }
      if (leads_on(entry)) {
        add(i, resolved, entry);
      } else {
        values[i] = value_of(tables[i], entry);
      }
    }
  }

 private:
  std::size_t count_ = 0;
  std::array<std::uint8_t, chunk_size> who_;
  std::array<std::uint8_t, chunk_size> resolved_;  // address bits
  std::array<Entry, chunk_size> entry_;
};

template <typename Address, typename Tables>
void lookup_chunk(const std::uint32_t* base, Tables tables, const Address* addresses, Value* values,
                  std::size_t count) noexcept {
  std::array<std::uint32_t, chunk_size> unit;
  std::array<std::uint32_t, chunk_size> run;  // index of the run's entry; 0: there is none
  std::array<Entry, chunk_size> whole;        // the entry of the whole node then
  for (std::size_t i = 0; i < count; ++i) {
    unit[i] = first_stage_node(tables[i], addresses[i]);
    run[i] = first_stage_entry(tables[i], addresses[i]);
    const bool is_direct = tables[i].size <= direct_size_max;
    __builtin_prefetch(base + (is_direct ? run[i] : std::size_t{unit[i]} * unit_entries));
  }
  for (std::size_t i = 0; i < count; ++i) {
    whole[i] = no_entry;
    if (tables[i].size <= direct_size_max) continue;
    const Node node = load_node(base, unit[i]);
    const auto slot = static_cast<unsigned>(head_of(addresses[i]) >> tables[i].shift) % node_slots;
    // All ones or all zeros rather than a branch that can't be foreseen.
    const std::uint32_t has_runs = 0u - static_cast<std::uint32_t>(node.map != 0);
    run[i] = (node.first + node.run_of(slot)) & has_runs;
    whole[i] = node.first & ~has_runs;
    __builtin_prefetch(base + run[i]);
  }
  std::array<Entry, chunk_size> entries;
  std::uint64_t further = 0;
  for (std::size_t i = 0; i < count; ++i) {
    entries[i] = load_entry(base, run[i]) | whole[i];  // index 0 holds 0
    values[i] = value_of(tables[i], entries[i]);
    further |= std::uint64_t{entries[i] >> 31} << i;
  }
  Walkers walkers;
  for (; further != 0; further &= further - 1) {
    const auto i = static_cast<std::size_t>(std::countr_zero(further));
    walkers.add(i, head_bits<Address> - tables[i].shift, entries[i]);
  }
  while (!walkers.empty()) walkers.step(base, tables, addresses, values);
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
