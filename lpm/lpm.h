// Longest-prefix match for IPv4: many DIR-24-8 tables in one arena.
//
// DIR-24-8: P. Gupta, S. Lin, N. McKeown, "Routing Lookups in Hardware at Memory Access Speeds",
// INFOCOM 1998. Here a table's first stage spans only the window of the address space that its
// routes cover, so that thousands of tables fit where dense ones would take 64 MiB each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include <tl/expected.hpp>

namespace bgw::lpm {

// What a lookup returns: 24 bits that mean nothing to this library.
using Value = std::uint32_t;
inline constexpr unsigned value_bits = 24;
inline constexpr Value max_value = (1u << value_bits) - 1;

// Addresses are host-order integers. Bits of `address` beyond `length` must be zero.
struct Ipv4Route {
  std::uint32_t address = 0;
  std::uint8_t length = 0;  // 0–32
  Value value = 0;
  friend bool operator==(const Ipv4Route&, const Ipv4Route&) = default;
};

enum class Error : std::uint8_t {
  arena_full,  // no memory for another block or for the RIB; the table is as it was
  too_many,    // the table's route limit; the table is as it was
  not_found,   // remove() of a route that isn't there
  bad_route,   // host bits set, length beyond 32, or value beyond 24 bits
};
const char* to_string(Error error);

// The memory of all tables: one reserved span of address space in which blocks of 32-bit entries
// are committed as needed, never moved, and reused after a grace period. One writer thread.
class Arena {
 public:
  struct Options {
    std::size_t max_bytes = std::size_t{4}
                            << 30;  // address space, 16 GiB at most; memory is taken on use
    bool huge_pages = true;         // try explicit, then transparent ones
  };
  struct Occupancy {
    std::size_t reserved_bytes = 0;   // address space
    std::size_t committed_bytes = 0;  // handed out at least once
    std::size_t used_bytes = 0;       // in blocks that tables own
    std::size_t retired_bytes = 0;    // waiting for reclaim()
    std::size_t huge_page_bytes = 0;  // backed by explicit huge pages
  };

  explicit Arena(Options options);  // throws std::system_error when the span can't be reserved
  Arena();
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Where readers start: constant for the arena's life. Any thread.
  const std::uint32_t* base() const noexcept;

  // Blocks freed by tables are *retired*: readers may still see them. The writer calls
  // `epoch = retire_epoch()` after publishing, waits for a grace period, then `reclaim(epoch)`:
  // what was retired before that epoch may be reused. Batches any number of updates.
  std::uint64_t retire_epoch() noexcept;
  void reclaim(std::uint64_t epoch);

  Occupancy occupancy() const noexcept;

 private:
  friend class Ipv4Table;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// All that a reader needs to know of one table: a plain value to be copied into what the owner
// publishes. The zero value is the empty table that answers 0.
struct TableDescriptor {
  std::uint32_t root = 0;  // arena index of the first stage
  std::uint32_t low = 0;   // first window slot: (address >> shift) of the window's start
  std::uint32_t size = 0;  // slots in the window; 0: every address gets `fallback`
  std::uint8_t shift = 8;  // 8: DIR-24-8; 16, 24: levels more, for tables sparse and wide
  Value fallback = 0;      // answer outside the window: the default route's value or "none"
  friend bool operator==(const TableDescriptor&, const TableDescriptor&) = default;
};

// One table with the RIB that its updates need. One writer thread; must not outlive its arena.
class Ipv4Table {
 public:
  struct Options {
    Value none = 0;                     // answer where no route matches; any 32 bits
    std::size_t max_routes = SIZE_MAX;  // a tenant's bound
  };

  // Builds beside whatever runs: nothing that readers see is touched. Later routes in the span
  // replace earlier ones for the same prefix.
  static tl::expected<Ipv4Table, Error> build(Arena& arena, std::span<const Ipv4Route> routes,
                                              Options options);

  Ipv4Table(Ipv4Table&& other) noexcept;
  Ipv4Table& operator=(Ipv4Table&& other) noexcept;
  ~Ipv4Table();  // retires all blocks

  // To be published by the owner.
  TableDescriptor descriptor() const noexcept;

  // In place: a reader gets, for every address, the answer from before or after, never a third.
  // add() replaces the value of an existing route. When the descriptor changes (window moved,
  // default route), readers go on with the old answer until the owner publishes the new one:
  // `*republish` is set to true then and left alone otherwise. After publishing, a grace period
  // must pass before the next remove() in this table: a reader that still held the old descriptor
  // would answer the old default route where a later removal uncovered the new one.
  tl::expected<void, Error> add(const Ipv4Route& route, bool* republish);
  tl::expected<void, Error> remove(std::uint32_t address, std::uint8_t length, bool* republish);

  std::size_t route_count() const noexcept;
  std::size_t used_bytes() const noexcept;  // in the arena, without the RIB
  std::size_t rib_bytes() const noexcept;   // on the heap

 private:
  struct Impl;
  explicit Ipv4Table(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// One lookup. Any thread that may see the descriptor.
Value lookup(const std::uint32_t* base, const TableDescriptor& table,
             std::uint32_t address) noexcept;

// values[i] = lookup(tables[table_index[i]], addresses[i]) for i < count, cache misses overlapped.
// Tables may differ per address. Any count; best from 16 to 64.
void lookup_batch(const std::uint32_t* base, const TableDescriptor* tables,
                  const std::uint32_t* table_index, const std::uint32_t* addresses, Value* values,
                  std::size_t count) noexcept;

}  // namespace bgw::lpm
