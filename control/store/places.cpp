#include "control/store/places.h"

#include <algorithm>
#include <cstddef>

namespace bgw::control {
namespace {

using Had = std::vector<std::optional<std::uint64_t>>;

constexpr std::uint64_t gap = std::uint64_t{1} << 32;
constexpr std::uint64_t end_of_places = std::uint64_t{1} << 63;

// The positions in `had` of a longest ascending sequence of places.
std::vector<std::size_t> longest_ascending(const Had& had) {
  std::vector<std::size_t> last;  // of the best sequence of each length
  std::vector<std::optional<std::size_t>> before(had.size());
  for (std::size_t i = 0; i < had.size(); ++i) {
    if (!had[i]) continue;
    const auto at = std::ranges::lower_bound(last, *had[i], {}, [&](auto j) { return *had[j]; });
    if (at != last.begin()) before[i] = *(at - 1);
    if (at == last.end()) {
      last.push_back(i);
    } else {
      *at = i;
    }
  }
  std::vector<std::size_t> sequence;
  for (auto i = last.empty() ? std::nullopt : std::optional(last.back()); i; i = before[*i]) {
    sequence.push_back(*i);
  }
  std::ranges::reverse(sequence);
  return sequence;
}

std::vector<std::uint64_t> fresh_places(std::size_t count) {
  std::vector<std::uint64_t> places(count);
  for (std::size_t i = 0; i < count; ++i) places[i] = gap * (i + 1);
  return places;
}

}  // namespace

std::vector<std::uint64_t> keep_places(const Had& had) {
  std::vector<std::uint64_t> places(had.size());
  std::uint64_t below = 0;  // the last place that is kept
  std::size_t next = 0;     // the first thing behind it
  // Those between two that are kept share the room between them evenly.
  const auto fill = [&](std::size_t upto, std::uint64_t above) {
    const auto step = (above - below) / (upto - next + 1);
    for (std::uint64_t place = below; next < upto; ++next) places[next] = place += step;
    return step > 0;
  };
  for (const auto kept : longest_ascending(had)) {
    if (!fill(kept, *had[kept])) return fresh_places(had.size());
    below = places[next++] = *had[kept];
  }
  const auto left = had.size() - next;
  const auto above = below + gap * (left + 1);
  if (above >= end_of_places) return fresh_places(had.size());
  fill(had.size(), above);
  return places;
}

}  // namespace bgw::control
