#include "lpm/detour.h"

#include <algorithm>
#include <bit>

namespace bgw::lpm {

bool Detour::open(const Place& place, std::uint32_t next, unsigned wanted) {
  const Entry skip = entry_at(groups_.base(), place);
  const Entry instead = fork(skip, next, wanted);
  if (!is_complete_) return false;
  place_ = place;
  skip_ = skip;
  write_at(groups_.base(), place, instead);
  return true;
}

// A shorter skip as far as skip and route go together; then another one if the route ends there, or
// a group in which they part, and what is left of the skip below it.
Entry Detour::fork(Entry skip, std::uint32_t next, unsigned wanted) {
  const std::uint32_t* const base = groups_.base();
  const SkipBits bits = load_skip(base, skip);
  const Entry miss = load_entry(base, skip_index(skip, skip_miss));
  Entry hit = load_entry(base, skip_index(skip, skip_hit));
  const auto alike = static_cast<unsigned>(std::countl_zero(bits.bits ^ next));
  const unsigned together = std::min({alike, bits.count, wanted}) / stride_bits * stride_bits;
  const SkipBits tail = rest_of(bits, together);
  if (together == wanted) {
    hit = add(groups_.new_skip(tail, hit, miss));
  } else {
    const unsigned width = width_for(std::max(wanted - together, tail.count));
    const unsigned used = std::min(tail.count, width);
    if (used < tail.count) hit = add(groups_.new_skip(rest_of(tail, used), hit, miss));
    hit = add(groups_.group_with(start_of(tail.bits, used), width, hit, miss));
  }
  if (together > 0) hit = add(groups_.new_skip(start_of(bits.bits, together), hit, miss));
  return hit;
}

Entry Detour::add(std::optional<Entry> entry) {
  if (entry) return made_[count_++] = *entry;
  is_complete_ = false;
  return no_entry;
}

void Detour::keep() {
  if (skip_ != no_entry) groups_.drop_block(skip_);
  count_ = 0;
}

Detour::~Detour() {
  // A version that an update fails in is reverted, and all that it has made with it; some of this
  // may have been written anew by then.
  if (count_ == 0 || groups_.blocks().is_open()) return;
  if (skip_ != no_entry) write_at(groups_.base(), place_, skip_);
  for (; count_ > 0; --count_) {
    if (skip_ != no_entry) {
      groups_.drop_block(made_[count_ - 1]);  // readers may have come there
    } else {
      groups_.discard_block(made_[count_ - 1]);
    }
  }
}

}  // namespace bgw::lpm
