#include "lpm/lookup.h"

#include <algorithm>

namespace bgw::lpm {
namespace {

// As many cache misses are on their way at once; more than the core's miss buffers gains nothing.
constexpr std::size_t chunk_size = 32;

// Addresses whose walk is not over yet, each with the entry to read next.
struct Pending {
  std::size_t count = 0;
  std::uint8_t position[chunk_size];
  std::uint8_t shift[chunk_size];  // addresses that the slot of `index` covers, as a power of two
  std::size_t index[chunk_size];
};

void prefetch(const Entry* base, std::size_t index) noexcept {
  __builtin_prefetch(&base[index]);
}

// Reads one entry of every pending walk: ends the walk or moves it on to the next group.
void step(const Entry* base, const std::uint32_t* addresses, Value* values,
          Pending& pending) noexcept {
  std::size_t left = 0;
  for (std::size_t i = 0; i < pending.count; ++i) {
    const std::uint8_t position = pending.position[i];
    const std::uint8_t shift = pending.shift[i];
    const Entry entry = load_entry(base, pending.index[i]);
    if (is_group(entry)) {
      const std::size_t index = index_in_group(entry, addresses[position], shift);
      prefetch(base, index);
      pending.position[left] = position;
      pending.shift[left] = static_cast<std::uint8_t>(shift - stride_bits);
      pending.index[left] = index;
      ++left;
    } else if (entry != no_entry) {
      values[position] = leaf_value(entry);
    }
  }
  pending.count = left;
}

void lookup_chunk(const Entry* base, const TableDescriptor* tables,
                  const std::uint32_t* table_index, const std::uint32_t* addresses, Value* values,
                  std::size_t count) noexcept {
  Pending pending;
  for (std::size_t i = 0; i < count; ++i) {
    const TableDescriptor& table = tables[table_index[i]];
    const std::size_t index = first_stage_index(table, addresses[i]);
    prefetch(base, index);
    pending.position[i] = static_cast<std::uint8_t>(i);
    pending.shift[i] = table.shift;
    pending.index[i] = index;
    values[i] = table.fallback;  // stands unless a route is met
  }
  pending.count = count;
  while (pending.count > 0) step(base, addresses, values, pending);
}

}  // namespace

Value lookup(const std::uint32_t* base, const TableDescriptor& table,
             std::uint32_t address) noexcept {
  return lookup_inline(base, table, address);
}

void lookup_batch(const std::uint32_t* base, const TableDescriptor* tables,
                  const std::uint32_t* table_index, const std::uint32_t* addresses, Value* values,
                  std::size_t count) noexcept {
  for (std::size_t done = 0; done < count; done += chunk_size) {
    lookup_chunk(base, tables, table_index + done, addresses + done, values + done,
                 std::min(chunk_size, count - done));
  }
}

}  // namespace bgw::lpm
