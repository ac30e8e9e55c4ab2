#include "lpm/branch.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "lpm/lookup.h"
#include "lpm/place.h"

namespace bgw::lpm {
namespace {

// One after the other where one skip doesn't reach the end of the route.
template <typename Address>
std::optional<Entry> skip_to(Groups& groups, Entry old, unsigned resolved,
                             const Route<Address>& route) {
  const unsigned count = std::min(route.length - resolved, skip_bits_max);
  Entry hit = leaf_of(route);
  if (resolved + count < route.length) {
    const auto deeper = with_route(groups, old, resolved + count, route);
    if (!deeper) return std::nullopt;
    hit = *deeper;
  }
  const auto made = groups.new_skip(start_of(word_at(route.address, resolved), count), hit, old);
  if (!made && leads_on(hit)) groups.discard_tree(hit);
  return made;
}

}  // namespace

template <typename Address>
std::optional<Entry> with_route(Groups& groups, Entry old, unsigned resolved,
                                const Route<Address>& route) {
  if constexpr (has_skips<Address>) {
    if (!leads_on(old) && route.length - resolved > groups_before_skip * stride_bits) {
      return skip_to(groups, old, resolved, route);
    }
  }
  const std::uint32_t* const base = groups.base();
  unsigned width = width_for(route.length - resolved);
  if (leads_on(old)) width = std::max(width, group_width(old));
  const unsigned count = 1u << (width - node_bits);
  std::array<Runs, group_nodes_max> nodes;
  for (unsigned n = 0; n < count; ++n) {
    nodes[n] = leads_on(old) ? Runs(base, unit_of(old), group_nodes(old), count, n) : Runs(old);
  }
  const std::span<const Runs> group(nodes.data(), count);
  const unsigned below = resolved + width;
  const std::uint32_t slot = bits_of(route.address, resolved, width);
  Runs& runs = nodes[slot / node_slots];
  if (route.length > below) {
    const auto deeper = with_route(groups, runs.at(slot % node_slots), below, route);
    if (!deeper) return std::nullopt;
    runs.set(slot % node_slots, *deeper);
    const auto made = groups.new_group(group);
    if (!made) groups.discard_tree(*deeper);
    return made;
  }
  const std::size_t filled = slots_filled(route.length, below);
  for (std::size_t s = slot; s < slot + filled; s += node_slots) {
    const auto part = static_cast<unsigned>(std::min<std::size_t>(filled, node_slots));
    nodes[s / node_slots].split(s % node_slots, part);
    nodes[s / node_slots].change(s % node_slots, part, adding(route));
  }
  return groups.new_group(group);
}

template std::optional<Entry> with_route(Groups&, Entry, unsigned, const Ipv4Route&);
template std::optional<Entry> with_route(Groups&, Entry, unsigned, const Ipv6Route&);

}  // namespace bgw::lpm
