#include "lpm/blocks.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <new>

#include "lpm/poison.h"

namespace bgw::lpm {
namespace {

constexpr std::size_t max_units = std::size_t{1} << unit_index_bits;

// Of the line that begins at or before a unit: units from that one on.
std::uint32_t left_of_line(std::uint32_t unit) {
  return line_units - unit % line_units;
}

// The first entry of a free block holds the unit of the next free one of its class.
std::size_t link_index(std::uint32_t unit) {
  return std::size_t{unit} << unit_entries_bits;
}

}  // namespace

SizeClass class_for(std::uint32_t units) {
  if (units <= 4) return static_cast<SizeClass>(units - 1);
  const unsigned log2 = static_cast<unsigned>(std::bit_width(units - 1)) - 1;
  const std::uint32_t step = 1u << (log2 - 2);
  const std::uint32_t steps = (units - (1u << log2) + step - 1) / step;
  return static_cast<SizeClass>(4 * (log2 - 1) + steps - 1);
}

Blocks::Blocks(std::size_t max_bytes, bool huge_pages)
    : span_(std::clamp(max_bytes, unit_bytes, max_units * unit_bytes), huge_pages),
      entries_(static_cast<std::uint32_t*>(span_.base())),
      limit_(static_cast<std::uint32_t>(
          std::clamp<std::size_t>(max_bytes / unit_bytes, 1, max_units))) {
  if (!commit(unit_bytes)) throw std::bad_alloc();
  unpoison(entries_, unit_bytes);
}

Blocks::~Blocks() {
  unpoison(entries_, span_.committed_bytes());
}

std::optional<Blocks::Block> Blocks::allocate(std::uint32_t units) noexcept {
  if (units > units_of(class_count - 1)) return std::nullopt;
  const SizeClass size_class = class_for(units);
  if (!make_room_to_retire()) return std::nullopt;
  bool zero = false;
  std::optional<std::uint32_t> unit = take_free(size_class);
  if (!unit) {
    unit = take_fresh(size_class);
    zero = true;
  }
  if (!unit) return std::nullopt;
  const std::uint32_t got = units_of(size_class);
  unpoison(&entries_[link_index(*unit)], got * unit_bytes);
  ++live_blocks_;
  used_units_ += got;
  return Block{*unit, got, zero};
}

void Blocks::free(std::uint32_t unit, std::uint32_t units) noexcept {
  const SizeClass size_class = class_for(units);
  --live_blocks_;
  used_units_ -= units_of(size_class);
  push(unit, size_class);
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
    push(block.unit, block.size_class);
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

// One of the class itself, else a part of the next larger one.
std::optional<std::uint32_t> Blocks::take_free(SizeClass size_class) noexcept {
  std::size_t c = size_class;
  if (!has_free_[c]) c = has_free_._Find_next(c);
  if (c >= class_count) return std::nullopt;
  const std::uint32_t unit = pop(static_cast<SizeClass>(c));
  const std::uint32_t wanted = units_of(size_class);
  push_remainder(unit + wanted, units_of(static_cast<SizeClass>(c)) - wanted);
  return unit;
}

std::optional<std::uint32_t> Blocks::take_fresh(SizeClass size_class) noexcept {
  const std::uint32_t units = units_of(size_class);
  const std::uint32_t room = left_of_line(fresh_);
  const std::uint32_t gap = units <= room ? 0 : room % line_units;
  if (std::uint64_t{gap} + units > limit_ - fresh_) return std::nullopt;
  if (!commit((std::size_t{fresh_} + gap + units) * unit_bytes)) return std::nullopt;
  push_remainder(fresh_, gap);
  const std::uint32_t unit = fresh_ + gap;
  fresh_ = unit + units;
  return unit;
}

void Blocks::push(std::uint32_t unit, SizeClass size_class) noexcept {
  std::uint32_t* const begin = &entries_[link_index(unit)];
  unpoison(begin, unit_bytes);
  store_entry(entries_, link_index(unit), free_head_[size_class]);
  free_head_[size_class] = unit;
  has_free_.set(size_class);
  poison(begin, units_of(size_class) * unit_bytes);
}

std::uint32_t Blocks::pop(SizeClass size_class) noexcept {
  const std::uint32_t unit = free_head_[size_class];
  unpoison(&entries_[link_index(unit)], unit_bytes);
  free_head_[size_class] = load_entry(entries_, link_index(unit));
  poison(&entries_[link_index(unit)], unit_bytes);
  if (free_head_[size_class] == 0) has_free_.reset(size_class);
  return unit;
}

void Blocks::push_remainder(std::uint32_t unit, std::uint32_t units) noexcept {
  while (units > 0) {
    const std::uint32_t most = unit % line_units == 0 ? units : std::min(units, left_of_line(unit));
    SizeClass size_class = class_for(most);
    if (units_of(size_class) > most) --size_class;
    push(unit, size_class);
    unit += units_of(size_class);
    units -= units_of(size_class);
  }
}

}  // namespace bgw::lpm
