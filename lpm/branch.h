// A route with the groups and skips that lead to it, made beside.
#pragma once

#include <optional>

#include "lpm/bits.h"
#include "lpm/entry.h"
#include "lpm/groups.h"
#include "lpm/runs.h"

namespace bgw::lpm {

template <typename Address>
Entry leaf_of(const Route<Address>& route) {
  return make_leaf(route.length, route.value);
}
template <typename Address>
Change adding(const Route<Address>& route) {
  return {true, route.length, leaf_of(route)};
}

// What a slot leads to (a leaf, or a group that is too narrow), as a private group or skip with the
// route in it: complete before the caller publishes it. Nothing when there is no memory.
template <typename Address>
std::optional<Entry> with_route(Groups& groups, Entry old, unsigned resolved,
                                const Route<Address>& route);

}  // namespace bgw::lpm
