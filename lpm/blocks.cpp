#include "lpm/blocks.h"

#include <algorithm>
#include <cassert>
#include <new>

#include "lpm/poison.h"

namespace bgw::lpm {
namespace {

constexpr std::size_t max_units = std::size_t{1} << unit_index_bits;

// Parts of the arena. To look for free blocks that can be joined takes time in proportion to it,
// and what was freed last is no longer what is taken first, while it is in a cache. So the arena
// rather grows unless this much of it is free …
constexpr std::uint32_t free_before_growing = 4;
// … and so much must have been freed before it is looked again for what wasn't there.
constexpr std::uint32_t freed_before_growing = 64;
constexpr std::uint32_t freed_before_failing = 4096;

}  // namespace

Blocks::Blocks(std::size_t max_bytes, bool huge_pages)
    : span_(std::clamp(max_bytes, unit_bytes, max_units * unit_bytes), huge_pages),
      entries_(static_cast<std::uint32_t*>(span_.base())),
      limit_(static_cast<std::uint32_t>(
          std::clamp<std::size_t>(max_bytes / unit_bytes, 1, max_units))),
      free_(entries_) {
  if (!commit(unit_bytes)) throw std::bad_alloc();
  unpoison_units(entries_, 0, 1);
}

Blocks::~Blocks() {
  unpoison(entries_, span_.committed_bytes());
}

std::optional<Blocks::Block> Blocks::allocate(std::uint32_t units) noexcept {
  if (units > units_of(class_count - 1)) return std::nullopt;
  const SizeClass size_class = class_for(units);
  if (!make_room_to_retire()) return std::nullopt;
  bool zero = false;
  std::optional<std::uint32_t> unit = free_.take(size_class);
  if (!unit && free_.units() >= fresh_ / free_before_growing) {
    unit = free_.take_joined(size_class, fresh_ / freed_before_growing);
  }
  if (!unit) {
    unit = take_fresh(size_class);
    zero = unit.has_value();
  }
  if (!unit) unit = free_.take_joined(size_class, fresh_ / freed_before_failing);
  if (!unit) return std::nullopt;
  const std::uint32_t got = units_of(size_class);
  unpoison_units(entries_, *unit, got);
  ++live_blocks_;
  used_units_ += got;
  return Block{*unit, got, zero};
}

void Blocks::free(std::uint32_t unit, std::uint32_t units) noexcept {
  const SizeClass size_class = class_for(units);
  --live_blocks_;
  used_units_ -= units_of(size_class);
  free_.add(unit, size_class);
}

void Blocks::retire(std::uint32_t unit, std::uint32_t units) noexcept {
  const SizeClass size_class = class_for(units);
  assert(retired_.size() < retired_.capacity());
  retired_.push_back({unit, size_class});
  --live_blocks_;
  used_units_ -= units_of(size_class);
  retired_units_ += units_of(size_class);
}

void Blocks::reclaim(std::uint64_t count) noexcept {
  if (count <= reclaimed_) return;
  const std::uint64_t due = std::min<std::uint64_t>(count - reclaimed_, retired_.size());
  const auto end = retired_.begin() + static_cast<std::ptrdiff_t>(due);
  std::for_each(retired_.begin(), end, [this](const Retired& block) {
    retired_units_ -= units_of(block.size_class);
    free_.add(block.unit, block.size_class);
  });
  retired_.erase(retired_.begin(), end);
  reclaimed_ += due;
}

// What is committed but not handed out yet is as forbidden as what is free.
bool Blocks::commit(std::size_t bytes) noexcept {
  const std::size_t before = span_.committed_bytes();
  if (!span_.commit(bytes)) return false;
  poison(static_cast<std::byte*>(span_.base()) + before, span_.committed_bytes() - before);
  return true;
}

bool Blocks::make_room_to_retire() noexcept {
  const std::size_t needed = retired_.size() + live_blocks_ + 1;
  if (needed <= retired_.capacity()) return true;
  try {
    retired_.reserve(std::max<std::size_t>(needed, retired_.capacity() * 2));
  } catch (const std::bad_alloc&) {
    return false;
  }
  return true;
}

std::optional<std::uint32_t> Blocks::take_fresh(SizeClass size_class) noexcept {
  const std::uint32_t units = units_of(size_class);
  const std::uint32_t room = left_of_line(fresh_);
  const std::uint32_t gap = units <= room ? 0 : room % line_units;
  if (std::uint64_t{gap} + units > limit_ - fresh_) return std::nullopt;
  if (!commit((std::size_t{fresh_} + gap + units) * unit_bytes)) return std::nullopt;
  if (!free_.make_room(fresh_ + gap + units)) return std::nullopt;
  free_.add_gap(fresh_, gap);
  const std::uint32_t unit = fresh_ + gap;
  fresh_ = unit + units;
  return unit;
}

}  // namespace bgw::lpm
