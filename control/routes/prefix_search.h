// Searching ordered collections of prefixes. Prefixes sort by address, then length, so a prefix is
// followed directly by all prefixes inside it, and preceded by those that contain it.
#pragma once

#include <algorithm>
#include <bit>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

#include "config/ip.h"
#include "control/routes/rib.h"

namespace bgw::control {

// How many leading bits two addresses of one family have in common.
inline unsigned common_bits(const config::IpAddress& a, const config::IpAddress& b) {
  const unsigned hi = static_cast<unsigned>(std::countl_zero(a.hi ^ b.hi));
  return hi < 64 ? hi : 64 + static_cast<unsigned>(std::countl_zero(a.lo ^ b.lo));
}

// The longest prefix in a collection that contains `target` and has at most `max_length` bits, or
// nullptr. `last_not_after(p)` is a pointer to the collection's last prefix that sorts not after p,
// or nullptr. Every containing prefix sorts not after the target, and whatever lies between shares
// the containing one's bits; so each miss says how short the next guess has to be.
template <typename LastNotAfter>
const config::IpPrefix* longest_containing(const config::IpPrefix& target, unsigned max_length,
                                           LastNotAfter last_not_after) {
  for (unsigned length = max_length;;) {
    const config::IpPrefix* found =
        last_not_after(config::IpPrefix::around(target.address, static_cast<std::uint8_t>(length)));
    if (found == nullptr || found->family() != target.family()) return nullptr;
    if (found->contains(target)) return found;
    length = common_bits(found->address, target.address);
  }
}

// Drops prefixes inside others, so that the rest are disjoint; sorts them.
inline void keep_outermost(std::vector<config::IpPrefix>& prefixes) {
  std::ranges::sort(prefixes);
  std::vector<config::IpPrefix> outermost;
  for (const config::IpPrefix& prefix : prefixes) {
    if (outermost.empty() || !outermost.back().contains(prefix)) outermost.push_back(prefix);
  }
  prefixes = std::move(outermost);
}

// The routes of a listing that lie inside `range` (or equal it): contiguous.
inline std::span<const Route> routes_inside(std::span<const Route> routes,
                                            const config::IpPrefix& range) {
  const auto first = std::ranges::lower_bound(routes, range, {}, &Route::prefix);
  const auto last = std::partition_point(first, routes.end(),
                                         [&](const Route& r) { return range.contains(r.prefix); });
  return {first, last};
}

// The routes of a listing for exactly one prefix.
inline std::span<const Route> routes_at(std::span<const Route> routes,
                                        const config::IpPrefix& prefix) {
  const auto first = std::ranges::lower_bound(routes, prefix, {}, &Route::prefix);
  const auto last = std::ranges::upper_bound(routes, prefix, {}, &Route::prefix);
  return {first, last};
}

// The valid route of a listing for a prefix, or nullptr: valid ones are listed first, and there is
// at most one.
inline const Route* valid_route_at(std::span<const Route> routes, const config::IpPrefix& prefix) {
  const auto same = routes_at(routes, prefix);
  return !same.empty() && same.front().status == Status::valid ? &same.front() : nullptr;
}

}  // namespace bgw::control
