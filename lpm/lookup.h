// The single lookup as an inline function, for callers that look up one address at a time.
#pragma once

#include "lpm/bits.h"
#include "lpm/entry.h"
#include "lpm/lpm.h"

namespace bgw::lpm {

// A first stage of so few nodes is plain entries without nodes (window.h).
inline constexpr std::uint32_t direct_size_max = 16;

// Arena unit of the first-stage node for `address`; outside the window that of unit 0, whose slots
// are always "none", so that batches need no branch.
template <typename Address>
std::uint32_t first_stage_node(const TableDescriptor<Address>& table, Address address) noexcept {
  const Head<Address> node = (head_of(address) >> (table.shift + node_bits)) - table.low;
  return node < table.size ? table.root + static_cast<std::uint32_t>(node) : 0;
}

// Where plain entries are the first stage: the index of the one for `address`; 0 outside the
// window, which always holds "none".
template <typename Address>
std::uint32_t first_stage_entry(const TableDescriptor<Address>& table, Address address) noexcept {
  const Head<Address> slot = head_of(address) >> table.shift;
  const Head<Address> node = (slot >> node_bits) - table.low;
  const auto entry = static_cast<std::uint32_t>(slot - table.low * node_slots);
  return node < table.size ? table.root * unit_entries + entry : 0;
}

// What the entry that a walk ended with means. Without a branch: which it is can't be foreseen.
template <typename Address>
Value value_of(const TableDescriptor<Address>& table, Entry entry) noexcept {
  constexpr std::uint32_t mask = (1u << value_bits) - 1;
  const std::uint32_t is_none = 0u - static_cast<std::uint32_t>(entry == no_entry);
  return ((entry - 1) & mask & ~is_none) | (table.fallback & is_none);
}

// IPv4 tables have no skips: at most two would follow a first stage, and to look for them costs
// more than the few that coarse tables would have save.
template <typename Address>
inline constexpr bool has_skips = std::is_same_v<Address, Ipv6Address>;
template <typename Address>
bool is_skip_of(Entry entry) noexcept {
  return has_skips<Address> && is_skip(entry);
}

// What a skip leads to. `resolved` address bits are known before it, and those it resolves after
// it, if it leads on at all.
template <typename Address>
Entry pass_skip(const std::uint32_t* base, Address address, Entry skip,
                unsigned& resolved) noexcept {
  const SkipBits bits = load_skip(base, skip);
  const bool is_hit = bits.match(word_at(address, resolved));
  resolved += bits.count;
  return load_entry(base, skip_index(skip, is_hit ? skip_hit : skip_miss));
}

// Where in a group an address goes on.
struct GroupSlot {
  std::uint32_t node;  // unit
  unsigned slot;
};
template <typename Address>
GroupSlot slot_in(Entry group, Address address, unsigned resolved) noexcept {
  const std::uint32_t place = bits_of(address, resolved, group_width(group));
  return {unit_of(group) + place / node_slots, place % node_slots};
}

// From an entry on, `resolved` address bits being known, to one that doesn't lead on.
template <typename Address>
Entry end_of_walk(const std::uint32_t* base, Address address, Entry entry,
                  unsigned resolved) noexcept {
  while (leads_on(entry)) {
    if (is_skip_of<Address>(entry)) {
      entry = pass_skip(base, address, entry, resolved);
    } else {
      const auto [node, slot] = slot_in(entry, address, resolved);
      resolved += group_width(entry);
      entry = entry_of(base, load_node(base, node), slot);
    }
  }
  return entry;
}

template <typename Address>
Entry first_entry(const std::uint32_t* base, const TableDescriptor<Address>& table,
                  Address address) noexcept {
  if (table.size <= direct_size_max) return load_entry(base, first_stage_entry(table, address));
  const auto slot = static_cast<unsigned>(head_of(address) >> table.shift) % node_slots;
  return entry_of(base, load_node(base, first_stage_node(table, address)), slot);
}

// Same as lookup().
template <typename Address>
Value lookup_inline(const std::uint32_t* base, const TableDescriptor<Address>& table,
                    Address address) noexcept {
  const Entry first = first_entry(base, table, address);
  const unsigned resolved = head_bits<Address> - table.shift;
  return value_of(table, end_of_walk(base, address, first, resolved));
}

}  // namespace bgw::lpm
