// Free blocks of an arena: lists by size, and how they become larger ones again.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "lpm/entry.h"
#include "lpm/unit_marks.h"

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
// Of the line that a unit lies in: units from that one on.
constexpr std::uint32_t left_of_line(std::uint32_t unit) {
  return line_units - unit % line_units;
}

// They keep their lists themselves: the first unit of each says which are before and after it.
class FreeBlocks {
 public:
  explicit FreeBlocks(std::uint32_t* entries) : entries_(entries) {}

  // Blocks below unit `end` may be added from now on; false if there is no memory to note them.
  bool make_room(std::uint32_t end) noexcept { return free_.make_room(end); }
  // One that was in use.
  void add(std::uint32_t unit, SizeClass size_class) noexcept;
  // What is between or left of others, as blocks; no more units than the largest block has.
  void add_gap(std::uint32_t unit, std::uint32_t units) noexcept;

  // Of that class, else a part of the next larger one.
  std::optional<std::uint32_t> take(SizeClass size_class) noexcept;
  // Out of blocks that lie side by side and are too small each. Does not look for what was not
  // there the last time unless more than `freed` units have been added since.
  std::optional<std::uint32_t> take_joined(SizeClass size_class, std::uint32_t freed) noexcept;

  std::uint64_t units() const noexcept { return units_; }
  std::size_t heap_bytes() const noexcept { return free_.heap_bytes(); }

 private:
  struct Link {
    std::uint32_t next;
    std::uint32_t previous;
    SizeClass size_class;
  };

  void push(std::uint32_t unit, SizeClass size_class) noexcept;
  SizeClass remove(std::uint32_t unit) noexcept;
  Link load(std::uint32_t unit) const noexcept;
  void store(std::uint32_t unit, Link link) noexcept;

  std::uint32_t* entries_;
  std::array<std::uint32_t, class_count> head_{};  // unit; 0: none
  std::bitset<class_count> has_;                   // classes with a free block
  UnitMarks free_;
  std::uint64_t units_ = 0;
  std::uint64_t added_ = 0;            // units, since take_joined() found nothing
  std::uint32_t missed_ = UINT32_MAX;  // units that it found nothing for
};

}  // namespace bgw::lpm
