// Longest-prefix match for IPv4 and IPv6: many tables in one arena.
//
// DIR-24-8 after P. Gupta, S. Lin, N. McKeown, "Routing Lookups in Hardware at Memory Access
// Speeds", INFOCOM 1998, with two changes that let thousands of tables fit where dense ones would
// take 64 MiB each. A table's first stage spans only the window of the address space that its
// routes cover; and 32 neighbouring entries are stored as runs of equal ones behind a 32-bit map of
// where runs begin, after H. Asai, Y. Ohara, "Poptrie", SIGCOMM 2015. IPv6 tables are made of the
// same parts, with more stages of 8 bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <tl/expected.hpp>

namespace bgw::lpm {

// Addresses are integers in host order: the first bit on the wire is the most significant one.
using Ipv4Address = std::uint32_t;
__extension__ using Ipv6Address = unsigned __int128;

template <typename Address>
inline constexpr unsigned address_bits = sizeof(Address) * 8;

// What a lookup returns: a number of 24 bits, but not 2^24 − 1, that means nothing to this library.
using Value = std::uint32_t;
inline constexpr unsigned value_bits = 24;
inline constexpr Value max_value = (1u << value_bits) - 2;

// Bits of `address` beyond `length` must be zero.
template <typename Address>
struct Route {
  Address address = 0;
  std::uint8_t length = 0;  // 0–32 or 0–128
  Value value = 0;
  friend bool operator==(const Route&, const Route&) = default;
};
using Ipv4Route = Route<Ipv4Address>;
using Ipv6Route = Route<Ipv6Address>;

enum class Error : std::uint8_t {
  arena_full,  // no memory for another block or for the RIB; the table is as it was
  too_many,    // the table's route limit; the table is as it was
  not_found,   // remove() of a route that isn't there
  bad_route,   // host bits set, length beyond the address, or value beyond max_value
};
const char* to_string(Error error);

// The memory of all tables of both families: one reserved span of address space in which blocks of
// 8-byte units are committed as needed, never moved, and reused after a grace period. One writer
// thread.
class Arena {
 public:
  struct Options {
    std::size_t max_bytes = std::size_t{4}
                            << 30;  // address space, 4 GiB at most; memory is taken on use
    bool huge_pages = true;         // try explicit, then transparent ones
  };
  struct Occupancy {
    std::size_t reserved_bytes = 0;   // address space
    std::size_t committed_bytes = 0;  // handed out at least once
    std::size_t used_bytes = 0;       // in blocks that tables own
    std::size_t retired_bytes = 0;    // waiting for reclaim()
    std::size_t huge_page_bytes = 0;  // backed by explicit huge pages
    std::size_t heap_bytes = 0;       // notes about blocks, outside of the span
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
  template <typename Address>
  friend class Table;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// All that a reader needs to know of one table: a plain value to be copied into what the owner
// publishes. The zero value is the empty table that answers 0.
//
// The first stage covers the first 32 bits of an IPv4 address or the first 64 of an IPv6 address; a
// node of it is 32 slots of 2^shift such numbers each.
template <typename Address>
struct TableDescriptor {
  using Head =
      std::conditional_t<std::is_same_v<Address, Ipv4Address>, std::uint32_t, std::uint64_t>;
  Head low = 0;            // the window's first node: (first bits of the address) >> (shift + 5)
  std::uint32_t root = 0;  // arena unit of that node
  std::uint32_t size = 0;  // nodes in the window; 0: every address gets `fallback`
  std::uint32_t fallback : value_bits = 0;  // where no route but the default one matches
  std::uint32_t shift : 8 = 0;              // IPv4: 8 (DIR-24-8), 16 or 24
  friend bool operator==(const TableDescriptor&, const TableDescriptor&) = default;
};
using Ipv4Descriptor = TableDescriptor<Ipv4Address>;
using Ipv6Descriptor = TableDescriptor<Ipv6Address>;
static_assert(sizeof(Ipv4Descriptor) == 16);

// One table with the RIB that its updates need. One writer thread; must not outlive its arena.
template <typename Address>
class Table {
 public:
  struct Options {
    Value none = 0;                     // answer where no route matches; any 24 bits
    std::size_t max_routes = SIZE_MAX;  // a tenant's bound
  };

  // Builds beside whatever runs: nothing that readers see is touched. Later routes in the span
  // replace earlier ones for the same prefix.
  static tl::expected<Table, Error> build(Arena& arena, std::span<const Route<Address>> routes,
                                          Options options);

  Table(Table&& other) noexcept;
  Table& operator=(Table&& other) noexcept;
  // Retires all blocks; of an open version only those from before it.
  ~Table();

  // To be published by the owner. Of the open version if there is one.
  TableDescriptor<Address> descriptor() const noexcept;

  // In place: a reader gets, for every address, the answer from before or after, never a third.
  // Outside of versions, add() that replaces the value of an existing route and remove() of one
  // that exists never fail: neither needs memory. When the descriptor changes (window moved,
  // default route), readers go on with the old answer until the owner publishes the new one:
  // `*republish` is set to true then and left alone otherwise. After publishing, a grace period
  // must pass before the next remove() in this table: a reader that still held the old descriptor
  // would answer the old default route where a later removal uncovered the new one.
  tl::expected<void, Error> add(const Route<Address>& route, bool* republish);
  tl::expected<void, Error> remove(Address address, std::uint8_t length, bool* republish);

  // Beside: between open_version() and its end, add() and remove() touch nothing that readers of
  // the previous descriptor see; blocks are copied when they first change, the rest is shared. Once
  // the new descriptor() is published, the version is finished: no more updates, and the table must
  // live, until a grace period has passed and keep_version() retires what it replaced.
  // drop_version(), before publishing, goes back to the previous one. An update that fails for lack
  // of memory drops the version: all or nothing. Costs the window of the first stage and what
  // changes. One version at a time.
  void open_version();
  void keep_version() noexcept;
  void drop_version() noexcept;
  bool has_open_version() const noexcept;

  // What the writer knows of the routes, those of the open version if there is one. find() is of
  // exactly this prefix; routes() are in no particular order, and throw std::bad_alloc.
  std::optional<Value> find(Address address, std::uint8_t length) const noexcept;
  std::vector<Route<Address>> routes() const;
  std::size_t route_count() const noexcept;
  std::size_t used_bytes() const noexcept;  // in the arena, without the RIB
  std::size_t rib_bytes() const noexcept;   // on the heap

 private:
  struct Impl;
  explicit Table(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};
using Ipv4Table = Table<Ipv4Address>;
using Ipv6Table = Table<Ipv6Address>;
extern template class Table<Ipv4Address>;
extern template class Table<Ipv6Address>;

// One lookup. Any thread that may see the descriptor.
Value lookup(const std::uint32_t* base, const Ipv4Descriptor& table, Ipv4Address address) noexcept;
Value lookup(const std::uint32_t* base, const Ipv6Descriptor& table, Ipv6Address address) noexcept;

// values[i] = lookup(tables[table_index[i]], addresses[i]) for i < count, cache misses overlapped.
// Tables may differ per address. Any count; best from 16 to 64. By the variant that this CPU runs
// fastest (variants.h), chosen once.
void lookup_batch(const std::uint32_t* base, const Ipv4Descriptor* tables,
                  const std::uint32_t* table_index, const Ipv4Address* addresses, Value* values,
                  std::size_t count) noexcept;
void lookup_batch(const std::uint32_t* base, const Ipv6Descriptor* tables,
                  const std::uint32_t* table_index, const Ipv6Address* addresses, Value* values,
                  std::size_t count) noexcept;

// The same with one table for all.
void lookup_batch(const std::uint32_t* base, const Ipv4Descriptor& table,
                  const Ipv4Address* addresses, Value* values, std::size_t count) noexcept;
void lookup_batch(const std::uint32_t* base, const Ipv6Descriptor& table,
                  const Ipv6Address* addresses, Value* values, std::size_t count) noexcept;

}  // namespace bgw::lpm
