#include "lpm/free_blocks.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "lpm/poison.h"

namespace bgw::lpm {
namespace {

// A free block's first unit: the next and the previous one's unit, and its class. Large classes are
// in the unit behind.
constexpr unsigned class_bits = 64 - 2 * unit_index_bits;
constexpr SizeClass large_class = (1u << class_bits) - 1;
static_assert(units_of(large_class) > 1);
constexpr std::uint64_t unit_bits = (std::uint64_t{1} << unit_index_bits) - 1;

static_assert(unit_bytes == sizeof(std::uint64_t));
std::uint64_t load_word(const std::uint32_t* entries, std::uint32_t unit) {
  std::uint64_t word;
  unpoison_units(entries, unit, 1);
  std::memcpy(&word, entries + std::size_t{unit} * unit_entries, sizeof word);
  poison_units(entries, unit, 1);
  return word;
}
void store_word(std::uint32_t* entries, std::uint32_t unit, std::uint64_t word) {
  unpoison_units(entries, unit, 1);
  std::memcpy(entries + std::size_t{unit} * unit_entries, &word, sizeof word);
  poison_units(entries, unit, 1);
}

// Units: the next ones that are wanted need not be looked for.
constexpr std::uint32_t joined_beside = 8192;

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
    SizeClass size_class = class_for(most);
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
  const std::uint32_t unit = head_[c];
  remove(unit);
  const std::uint32_t wanted = units_of(size_class);
  add_gap(unit + wanted, units_of(static_cast<SizeClass>(c)) - wanted);
  return unit;
}

std::optional<std::uint32_t> FreeBlocks::take_joined(SizeClass size_class,
                                                     std::uint32_t freed) noexcept {
  const std::uint32_t wanted = units_of(size_class);
  if (added_ > freed) missed_ = UINT32_MAX;
  if (units_ < wanted || wanted >= missed_) return std::nullopt;
  const auto run = free_.find(wanted, line_units, joined_beside);
  if (!run) {
    missed_ = wanted;
    added_ = 0;
    return std::nullopt;
  }
  std::uint32_t end = run->begin;
  while (end < run->end) end += units_of(remove(end));
  add_gap(run->begin, run->aligned - run->begin);
  add_gap(run->aligned + wanted, end - run->aligned - wanted);
  return run->aligned;
}

void FreeBlocks::push(std::uint32_t unit, SizeClass size_class) noexcept {
  const std::uint32_t next = head_[size_class];
  store(unit, {next, 0, size_class});
  if (next != 0) store(next, {load(next).next, unit, size_class});
  head_[size_class] = unit;
  has_.set(size_class);
  free_.set(unit, units_of(size_class), true);
  units_ += units_of(size_class);
  poison_units(entries_, unit, units_of(size_class));
}

SizeClass FreeBlocks::remove(std::uint32_t unit) noexcept {
  const auto [next, previous, size_class] = load(unit);
  if (next != 0) store(next, {load(next).next, previous, size_class});
  if (previous != 0) {
    store(previous, {next, load(previous).previous, size_class});
  } else {
    head_[size_class] = next;
    if (next == 0) has_.reset(size_class);
  }
  free_.set(unit, units_of(size_class), false);
  units_ -= units_of(size_class);
  return size_class;
}

FreeBlocks::Link FreeBlocks::load(std::uint32_t unit) const noexcept {
  const std::uint64_t word = load_word(entries_, unit);
  const auto size_class = static_cast<SizeClass>(word >> 2 * unit_index_bits);
  return {static_cast<std::uint32_t>(word & unit_bits),
          static_cast<std::uint32_t>(word >> unit_index_bits & unit_bits),
          size_class < large_class ? size_class
                                   : static_cast<SizeClass>(load_word(entries_, unit + 1))};
}

void FreeBlocks::store(std::uint32_t unit, Link link) noexcept {
  const std::uint64_t size_class = std::min(link.size_class, large_class);
  store_word(entries_, unit,
             size_class << 2 * unit_index_bits | std::uint64_t{link.previous} << unit_index_bits |
                 link.next);
  if (link.size_class >= large_class) store_word(entries_, unit + 1, link.size_class);
}

}  // namespace bgw::lpm
