// What a group or a skip says, and whether something smaller would say the same. `resolved` address
// bits are known before it.
#pragma once

#include <cstdint>
#include <optional>

#include "lpm/entry.h"

namespace bgw::lpm {

// What a skip says.
struct OnlyWay {
  SkipBits bits;
  Entry hit;
  Entry miss;
};

// What a group or a skip that nothing needs any more says: the leaf of the route that covers it.
std::optional<Entry> only_leaf(const std::uint32_t* base, Entry entry, unsigned resolved);

// What a skip instead of this group or skip would say, if one would do: for all addresses but those
// that begin with some bits nothing longer than `resolved` matters.
std::optional<OnlyWay> only_way(const std::uint32_t* base, Entry entry, unsigned resolved);

// First the one, then the other. Not if that is too long, or if a route ends between them.
std::optional<OnlyWay> joined(const OnlyWay& first, const OnlyWay& second);

// Address bits that a group must tell apart: 0 if a leaf would do.
unsigned width_needed(const std::uint32_t* base, Entry group, unsigned resolved);

}  // namespace bgw::lpm
