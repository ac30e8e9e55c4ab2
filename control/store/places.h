// Places for things in a row, of which few change when the row does.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace bgw::control {

// `had` has, for each thing in the new row, its place in the old one; nothing for new things.
// Returns a place for each, ascending, from 1 and below 2^63: as many as possible keep theirs.
// O(n log n), or O(n) if what was there keeps its order and the rest comes last.
std::vector<std::uint64_t> keep_places(const std::vector<std::optional<std::uint64_t>>& had);

}  // namespace bgw::control
