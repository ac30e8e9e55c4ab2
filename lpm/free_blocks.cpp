#include "lpm/free_blocks.h"

#include <algorithm>
#include <bit>

#include "lpm/poison.h"

namespace bgw::lpm {
namespace {

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

void FreeBlocks::add(std::uint32_t unit, SizeClass size_class) noexcept {
  added_ += units_of(size_class);
  push(unit, size_class);
}

void FreeBlocks::add_gap(std::uint32_t unit, std::uint32_t units) noexcept {
  while (units > 0) {
    const std::uint32_t most = unit % line_units == 0 ? units : std::min(units, left_of_line(unit));
    SizeClass size_class = class_for(std::min(most, units_of(class_count - 1)));
    if (units_of(size_class) > most) --size_class;
    push(unit, size_class);
    unit += units_of(size_class);
    units -= units_of(size_class);
  }
}

std::optional<std::uint32_t> FreeBlocks::take(SizeClass size_class) noexcept {
  std::size_t c = size_class;
  if (!has_[c]) c = has_._Find_next(c);
  if (c >= class_count) return std::nullopt;
  const std::uint32_t unit = pop(static_cast<SizeClass>(c));
  const std::uint32_t wanted = units_of(size_class);
  add_gap(unit + wanted, units_of(static_cast<SizeClass>(c)) - wanted);
  return unit;
}

void FreeBlocks::join() noexcept {
  head_.fill(0);
  has_.reset();
  units_ = added_ = 0;
  // The lowest ones last: what is added last is taken first, and the arena fills from below.
  for (std::uint32_t end = marks_.end(); end > 0;) {
    end -= marks_.alike_below(end, false);
    const std::uint32_t units = marks_.alike_below(end, true);
    end -= units;
    add_gap(end, units);
  }
}

void FreeBlocks::push(std::uint32_t unit, SizeClass size_class) noexcept {
  std::uint32_t* const begin = &entries_[link_index(unit)];
  unpoison(begin, unit_bytes);
  store_entry(entries_, link_index(unit), head_[size_class]);
  head_[size_class] = unit;
  has_.set(size_class);
  marks_.set(unit, units_of(size_class), true);
  units_ += units_of(size_class);
  poison(begin, units_of(size_class) * unit_bytes);
}

std::uint32_t FreeBlocks::pop(SizeClass size_class) noexcept {
  const std::uint32_t unit = head_[size_class];
  const std::uint32_t* const begin = &entries_[link_index(unit)];
  unpoison(begin, unit_bytes);
  head_[size_class] = load_entry(entries_, link_index(unit));
  poison(begin, unit_bytes);
  if (head_[size_class] == 0) has_.reset(size_class);
  marks_.set(unit, units_of(size_class), false);
  units_ -= units_of(size_class);
  return unit;
}

}  // namespace bgw::lpm
