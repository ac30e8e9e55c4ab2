// The single lookup as an inline function, for callers that look up one address at a time.
#pragma once

#include "lpm/bits.h"
#include "lpm/entry.h"
#include "lpm/lpm.h"

namespace bgw::lpm {

// Arena unit of the first-stage node for `address`; outside the window that of unit 0, whose slots
// are always "none", so that batches need no branch.
template <typename Address>
std::uint32_t first_stage_node(const TableDescriptor<Address>& table, Address address) noexcept {
  const Head<Address> node = (head_of(address) >> (table.shift + node_bits)) - table.low;
  return node < table.size ? table.root + static_cast<std::uint32_t>(node) : 0;
}

// What the entry that a walk ended with means. Without a branch: which it is can't be foreseen.
template <typename Address>
Value value_of(const TableDescriptor<Address>& table, Entry entry) noexcept {
  constexpr std::uint32_t mask = (1u << value_bits) - 1;
  const std::uint32_t is_none = 0u - static_cast<std::uint32_t>(entry == no_entry);
  return ((entry - 1) & mask & ~is_none) | (table.fallback & is_none);
}

// From a group on, `resolved` address bits being known, to an entry that is none.
template <typename Address>
Entry end_of_walk(const std::uint32_t* base, Address address, Entry entry,
                  unsigned resolved) noexcept {
  while (is_group(entry)) {
    const unsigned width = group_width(entry);
    const std::uint32_t place = bits_of(address, resolved, width);
    resolved += width;
    entry =
        entry_of(base, load_node(base, group_unit(entry) + place / node_slots), place % node_slots);
  }
  return entry;
}

// Same as lookup().
template <typename Address>
Value lookup_inline(const std::uint32_t* base, const TableDescriptor<Address>& table,
                    Address address) noexcept {
  const auto slot = static_cast<unsigned>(head_of(address) >> table.shift) % node_slots;
  const Entry first = entry_of(base, load_node(base, first_stage_node(table, address)), slot);
  const unsigned resolved = head_bits<Address> - table.shift;
  return value_of(table, end_of_walk(base, address, first, resolved));
}

}  // namespace bgw::lpm
