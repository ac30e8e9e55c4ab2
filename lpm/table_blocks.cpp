#include "lpm/table_blocks.h"

#include <algorithm>
#include <new>

namespace bgw::lpm {

std::optional<Blocks::Block> TableBlocks::allocate(std::uint32_t units) noexcept {
  const auto block = blocks_->allocate(units);
  if (!block) return std::nullopt;
  if (open_ && !note_own(block->unit, block->units)) {
    blocks_->free(block->unit, block->units);
    return std::nullopt;
  }
  used_units_ += block->units;
  return block;
}

// Also makes room for the notes of what an update may drop for it, since drop() can't fail.
bool TableBlocks::note_own(std::uint32_t unit, std::uint32_t units) noexcept {
  constexpr std::size_t drops_per_block = 2;
  try {
    const std::size_t wanted = dropped_.size() + drops_per_block * (own_.size() + 1);
    if (wanted > dropped_.capacity()) dropped_.reserve(2 * wanted);
    own_.emplace(unit, units);
  } catch (const std::bad_alloc&) {
    return false;
  }
  return true;
}

void TableBlocks::drop(std::uint32_t unit, std::uint32_t units) noexcept {
  const std::uint32_t held = units_of(class_for(units));
  used_units_ -= held;
  if (open_ && own_.erase(unit) == 0) {
    dropped_.push_back({unit, held});
  } else if (published_ && !open_) {
    blocks_->retire(unit, held);
  } else {
    blocks_->free(unit, held);
  }
}

void TableBlocks::discard(std::uint32_t unit, std::uint32_t units) noexcept {
  const std::uint32_t held = units_of(class_for(units));
  used_units_ -= held;
  own_.erase(unit);
  blocks_->free(unit, held);
}

void TableBlocks::keep() noexcept {
  for (const Dropped& block : dropped_) blocks_->retire(block.unit, block.units);
  close();
}

void TableBlocks::revert() noexcept {
  for (const auto& [unit, units] : own_) {
    blocks_->free(unit, units);
    used_units_ -= units;
  }
  for (const Dropped& block : dropped_) used_units_ += block.units;
  close();
}

void TableBlocks::close() noexcept {
  open_ = false;
  own_ = {};
  dropped_ = {};
}

}  // namespace bgw::lpm
