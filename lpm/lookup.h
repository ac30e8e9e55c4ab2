// The single lookup as an inline function, for callers that look up one address at a time.
#pragma once

#include "lpm/entry.h"
#include "lpm/lpm.h"

namespace bgw::lpm {

// Arena index of the first-stage entry for `address`; outside the window that of entry 0, which is
// always "none", so that batches need no branch.
inline std::size_t first_stage_index(const TableDescriptor& table, std::uint32_t address) noexcept {
  const std::uint32_t slot = (address >> table.shift) - table.low;
  return slot < table.size ? std::size_t{table.root} + slot : 0;
}

// Same as lookup().
inline Value lookup_inline(const std::uint32_t* base, const TableDescriptor& table,
                           std::uint32_t address) noexcept {
  Entry entry = load_entry(base, first_stage_index(table, address));
  for (unsigned shift = table.shift; is_group(entry); shift -= stride_bits) {
    entry = load_entry(base, index_in_group(entry, address, shift));
  }
  return entry == no_entry ? table.fallback : leaf_value(entry);
}

}  // namespace bgw::lpm
