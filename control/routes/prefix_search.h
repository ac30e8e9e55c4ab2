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
inline const Route* valid_route_at(const RouteList& routes, const config::IpPrefix& prefix) {
  const auto first = routes.lower_bound(prefix);
  if (first == routes.end() || first->prefix != prefix) return nullptr;
  return first->status == Status::valid ? &*first : nullptr;
}

// The longest valid route that contains `target`, of those with at most `max_length` bits.
inline const Route* longest_valid_around(const RouteList& routes, const config::IpPrefix& target,
                                         unsigned max_length) {
  const auto last_not_after = [&](const config::IpPrefix& p) {
    const auto after = routes.upper_bound(p);
    return after == routes.begin() ? nullptr : &std::prev(after)->prefix;
  };
  for (unsigned length = max_length;;) {
    const auto* around = longest_containing(target, length, last_not_after);
    if (around == nullptr) return nullptr;
    if (const Route* valid = valid_route_at(routes, *around)) return valid;
    if (around->length == 0) return nullptr;
    length = around->length - 1U;
  }
}

}  // namespace bgw::control
