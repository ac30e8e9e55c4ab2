#include "lpm/trie.h"

#include <algorithm>
#include <array>
#include <utility>

namespace bgw::lpm {
namespace {

// Units of a group that resolves `width` bits.
constexpr std::uint32_t group_units(unsigned width) {
  return width <= unit_entries_bits ? 1 : 1u << (width - unit_entries_bits);
}

// Bits of the route beyond what a slot of 2^shift addresses has resolved.
constexpr unsigned bits_below(unsigned length, unsigned shift) {
  return length - (32 - shift);
}

// Entries that a route of `length` fills where each entry stands for 2^shift addresses.
constexpr std::uint32_t slots_filled(unsigned length, unsigned shift) {
  return 1u << (32 - shift - length);
}

}  // namespace

Trie::~Trie() {
  if (root_units_ == 0) return;
  drop_groups_below(root_index(), window_.size, window_.shift);
  drop_block(root_, root_units_, published_);
}

Trie::Trie(Trie&& other) noexcept
    : blocks_(other.blocks_),
      window_(std::exchange(other.window_, {})),
      root_(std::exchange(other.root_, 0)),
      root_units_(std::exchange(other.root_units_, 0)),
      used_units_(std::exchange(other.used_units_, 0)),
      published_(other.published_) {}

Trie& Trie::operator=(Trie&& other) noexcept {
  std::swap(blocks_, other.blocks_);
  std::swap(window_, other.window_);
  std::swap(root_, other.root_);
  std::swap(root_units_, other.root_units_);
  std::swap(used_units_, other.used_units_);
  std::swap(published_, other.published_);
  return *this;
}

bool Trie::move_window(const Window& window) {
  const std::uint32_t units = (window.size + unit_entries - 1) / unit_entries;
  const auto block = blocks_->allocate(units);
  if (!block) return false;
  const Window moved = stretched(window, block->units * unit_entries);
  Entry* const root = entries() + (std::size_t{block->unit} << unit_entries_bits);
  if (!block->zero) std::fill_n(root, std::size_t{block->units} * unit_entries, no_entry);
  std::copy_n(entries() + root_index(), window_.size, root + (window_.low - moved.low));
  used_units_ += block->units;
  if (root_units_ > 0) drop_block(root_, root_units_, published_);
  root_ = block->unit;
  root_units_ = block->units;
  window_ = moved;
  return true;
}

bool Trie::insert(const Ipv4Route& route) {
  const Entry leaf = make_leaf(route.length, route.value);
  Index slot = slot_of(route.address);
  unsigned shift = window_.shift;
  if (route.length <= 32 - shift) {
    cover(slot, slots_filled(route.length, shift), leaf);
    return true;
  }
  for (;; shift -= stride_bits) {
    const Entry entry = peek_entry(entries(), slot);
    const unsigned rest = bits_below(route.length, shift);
    if (!is_group(entry) || group_width(entry) < std::min(rest, stride_bits)) {
      const auto fresh = with_route(entry, shift, route);
      if (!fresh) return false;
      publish_entry(entries(), slot, *fresh);
      if (is_group(entry)) drop_group(entry, published_);
      return true;
    }
    slot = index_in_group(entry, route.address, shift);
    if (rest <= stride_bits) {
      cover(slot, slots_filled(route.length, shift - group_width(entry)), leaf);
      return true;
    }
  }
}

bool Trie::move_window_and_insert(const Window& window, const Ipv4Route& route) {
  // The present first stage stays whole until the route is in.
  const Window old_window = window_;
  const Root old{root_, root_units_};
  root_units_ = 0;
  const bool moved = move_window(window);
  const bool done = moved && insert(route);
  if (done) {
    if (old.units > 0) drop_block(old.unit, old.units, published_);
    return true;
  }
  if (moved) drop_block(root_, root_units_, false);
  root_ = old.unit;
  root_units_ = old.units;
  window_ = old_window;
  return false;
}

void Trie::erase(std::uint32_t address, unsigned length, Entry parent) {
  struct Step {
    Index slot;
    unsigned shift;
  };
  std::array<Step, 3> path;
  std::size_t depth = 0;
  Index slot = slot_of(address);
  unsigned shift = window_.shift;
  while (length > 32 - shift) {
    path[depth++] = {slot, shift};
    const Entry group = peek_entry(entries(), slot);
    slot = index_in_group(group, address, shift);
    shift -= group_width(group);
  }
  uncover(slot, slots_filled(length, shift), length, parent);
  while (depth-- > 0) shrink(path[depth].slot, path[depth].shift);
}

std::optional<Entry> Trie::new_group(unsigned width) {
  const auto block = blocks_->allocate(group_units(width));
  if (!block) return std::nullopt;
  used_units_ += block->units;
  return make_group(block->unit, width);
}

void Trie::drop_group(Entry group, bool seen) {
  drop_block(group_unit(group), group_units(group_width(group)), seen);
}

void Trie::drop_block(std::uint32_t unit, std::uint32_t units, bool seen) {
  used_units_ -= units_of(class_for(units));
  if (seen) {
    blocks_->retire(unit, units);
  } else {
    blocks_->free(unit, units);
  }
}

void Trie::drop_groups_below(Index first, std::size_t count, unsigned shift) {
  for (std::size_t i = 0; i < count; ++i) {
    const Entry entry = peek_entry(entries(), first + i);
    if (!is_group(entry)) continue;
    // Narrower groups have leaves only.
    if (group_width(entry) == stride_bits && shift > stride_bits) {
      drop_groups_below(group_base(entry), 1u << stride_bits, shift - stride_bits);
    }
    drop_group(entry, published_);
  }
}

// A private copy of what a slot leads to (a leaf, or a group that is too narrow) with the route in
// it: complete before the caller publishes it.
std::optional<Entry> Trie::with_route(Entry old, unsigned shift, const Ipv4Route& route) {
  const unsigned rest = bits_below(route.length, shift);
  const unsigned width = std::min(rest, stride_bits);
  const auto group = new_group(width);
  if (!group) return std::nullopt;
  fill_group(*group, old);
  const Index slot = index_in_group(*group, route.address, shift);
  if (rest <= stride_bits) {
    cover(slot, 1, make_leaf(route.length, route.value));
    return group;
  }
  const auto below = with_route(peek_entry(entries(), slot), shift - stride_bits, route);
  if (!below) {
    drop_group(*group, false);
    return std::nullopt;
  }
  publish_entry(entries(), slot, *below);
  return group;
}

// Spreads a leaf, or the leaves of a group of another width, over a private group. A wider group
// may only be narrowed to a width that its leaves' lengths allow.
void Trie::fill_group(Entry group, Entry old) {
  const unsigned width = group_width(group);
  for (std::uint32_t i = 0; i < 1u << width; ++i) {
    Entry entry = old;
    if (is_group(old)) {
      const unsigned from = group_width(old);
      const std::uint32_t source = from <= width ? i >> (width - from) : i << (from - width);
      entry = peek_entry(entries(), group_base(old) + source);
    }
    store_leaf(entries(), group_base(group) + i, entry);
  }
}

// One pass of final values: `leaf` wherever no longer route is.
void Trie::cover(Index first, std::size_t count, Entry leaf) {
  for (std::size_t i = first; i < first + count; ++i) {
    const Entry entry = peek_entry(entries(), i);
    if (is_group(entry)) {
      cover(group_base(entry), std::size_t{1} << group_width(entry), leaf);
    } else if (leaf_length(entry) <= leaf_length(leaf)) {
      store_leaf(entries(), i, leaf);
    }
  }
}

// Likewise: within the addresses of a route, the leaves of its length are its own.
void Trie::uncover(Index first, std::size_t count, unsigned length, Entry parent) {
  for (std::size_t i = first; i < first + count; ++i) {
    const Entry entry = peek_entry(entries(), i);
    if (is_group(entry)) {
      uncover(group_base(entry), std::size_t{1} << group_width(entry), length, parent);
    } else if (leaf_length(entry) == length) {
      store_leaf(entries(), i, parent);
    }
  }
}

// Replaces a group that is wider than its routes need by a narrower one or by a leaf. When there is
// no memory for the copy the group just stays.
void Trie::shrink(Index slot, unsigned shift) {
  const Entry group = peek_entry(entries(), slot);
  const unsigned width = width_needed(group, shift);
  if (width == 0) {
    publish_entry(entries(), slot, peek_entry(entries(), group_base(group)));
  } else if (group_units(width) < group_units(group_width(group))) {
    const auto narrow = new_group(width);
    if (!narrow) return;
    fill_group(*narrow, group);
    publish_entry(entries(), slot, *narrow);
  } else {
    return;
  }
  drop_group(group, published_);
}

unsigned Trie::width_needed(Entry group, unsigned shift) const {
  unsigned longest = 32 - shift;
  for (std::uint32_t i = 0; i < 1u << group_width(group); ++i) {
    const Entry entry = peek_entry(entries(), group_base(group) + i);
    if (is_group(entry)) return stride_bits;
    longest = std::max(longest, leaf_length(entry));
  }
  return longest - (32 - shift);
}

}  // namespace bgw::lpm
