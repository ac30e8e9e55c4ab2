#include "lpm/arena.h"

namespace bgw::lpm {

Arena::Arena(Options options)
    : impl_(std::make_unique<Impl>(options.max_bytes, options.huge_pages)) {}
Arena::Arena() : Arena(Options{}) {}
Arena::~Arena() = default;

const std::uint32_t* Arena::base() const noexcept {
  return impl_->blocks.entries();
}

std::uint64_t Arena::retire_epoch() noexcept {
  return impl_->blocks.retired_count();
}
void Arena::reclaim(std::uint64_t epoch) {
  impl_->blocks.reclaim(epoch);
}

Arena::Occupancy Arena::occupancy() const noexcept {
  const Blocks& blocks = impl_->blocks;
  return {
      .reserved_bytes = blocks.reserved_bytes(),
      .committed_bytes = blocks.committed_bytes(),
      .used_bytes = blocks.used_bytes(),
      .retired_bytes = blocks.retired_bytes(),
      .huge_page_bytes = blocks.huge_bytes(),
      .heap_bytes = blocks.heap_bytes(),
  };
}

}  // namespace bgw::lpm
