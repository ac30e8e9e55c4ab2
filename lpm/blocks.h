// Blocks of entries in one arena: size classes, free lists, and retirement until readers are gone.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "lpm/address_span.h"
#include "lpm/entry.h"

namespace bgw::lpm {

// Sizes in units: 1, 2, 3, 4, then four per doubling, so that at most a quarter of a block is idle.
// The largest holds 2^24 nodes, 32 times what a dense first stage for IPv4 takes.
using SizeClass = std::uint8_t;
constexpr std::uint32_t units_of(SizeClass size_class) {
  if (size_class < 4) return size_class + 1u;
  const unsigned log2 = size_class / 4u + 1;
  return (1u << log2) + (size_class % 4u + 1) * (1u << (log2 - 2));
}
SizeClass class_for(std::uint32_t units);  // the smallest that holds `units`
inline constexpr SizeClass class_count = 92;
static_assert(units_of(class_count - 1) == 1u << 24);

// Of a cache line. A block of no more units lies within one line, and a larger one begins with a
// line: what leads from a small group's node to its entry costs one miss instead of two. What that
// leaves over is for smaller blocks; where all are of 5 units, it is three of eight.
inline constexpr std::uint32_t line_units = 64 / unit_bytes;

// Unit 0 stays zero and is never handed out: the node that lookups outside any window read.
class Blocks {
 public:
  Blocks(std::size_t max_bytes, bool huge_pages);
  ~Blocks();
  Blocks(const Blocks&) = delete;
  Blocks& operator=(const Blocks&) = delete;

  std::uint32_t* entries() const noexcept { return entries_; }

  struct Block {
    std::uint32_t unit = 0;
    std::uint32_t units = 0;  // at least what was asked for
    bool zero = false;        // never used before, so all nodes are "none"
  };
  // Nothing when the arena is full or the system has no memory; nothing has changed then.
  std::optional<Block> allocate(std::uint32_t units) noexcept;
  // Of a block that no reader has ever been able to see. `units` as asked for or as handed out.
  void free(std::uint32_t unit, std::uint32_t units) noexcept;
  // Of one that readers may still see. Never fails: allocate() made room for the note.
  void retire(std::uint32_t unit, std::uint32_t units) noexcept;

  // Blocks retired so far, since ever: the epoch.
  std::uint64_t retired_count() const noexcept { return reclaimed_ + retired_.size(); }
  // Frees the first `count` blocks ever retired.
  void reclaim(std::uint64_t count) noexcept;

  std::size_t reserved_bytes() const noexcept { return span_.reserved_bytes(); }
  std::size_t huge_bytes() const noexcept { return span_.huge_bytes(); }
  std::size_t committed_bytes() const noexcept { return fresh_ * unit_bytes; }
  std::size_t used_bytes() const noexcept { return used_units_ * unit_bytes; }
  std::size_t retired_bytes() const noexcept { return retired_units_ * unit_bytes; }
  std::size_t heap_bytes() const noexcept { return retired_.capacity() * sizeof(Retired); }

 private:
  struct Retired {
    std::uint32_t unit;
    SizeClass size_class;
  };

  bool commit(std::size_t bytes) noexcept;
  bool make_room_to_retire() noexcept;
  std::optional<std::uint32_t> take_free(SizeClass size_class) noexcept;
  std::optional<std::uint32_t> take_fresh(SizeClass size_class) noexcept;
  void push(std::uint32_t unit, SizeClass size_class) noexcept;
  std::uint32_t pop(SizeClass size_class) noexcept;
  void push_remainder(std::uint32_t unit, std::uint32_t units) noexcept;

  AddressSpan span_;
  std::uint32_t* entries_;
  std::uint32_t limit_;                                 // units
  std::uint32_t fresh_ = 1;                             // first unit never handed out
  std::array<std::uint32_t, class_count> free_head_{};  // unit; 0: none
  std::bitset<class_count> has_free_;                   // classes with a free block
  std::uint64_t live_blocks_ = 0;
  std::uint64_t used_units_ = 0;
  std::uint64_t retired_units_ = 0;
  std::uint64_t reclaimed_ = 0;   // blocks, since ever
  std::vector<Retired> retired_;  // oldest first; capacity for every live block too
};

}  // namespace bgw::lpm
