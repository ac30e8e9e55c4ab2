#include "lpm/only_way.h"

#include <algorithm>

#include "lpm/runs.h"

namespace bgw::lpm {

std::optional<Entry> only_leaf(const std::uint32_t* base, Entry entry, unsigned resolved) {
  if (is_skip(entry)) {
    const Entry hit = load_entry(base, skip_index(entry, skip_hit));
    if (leads_on(hit) || leaf_length(hit) > resolved) return std::nullopt;
    return hit;
  }
  if (width_needed(base, entry, resolved) > 0) return std::nullopt;
  return entry_of(base, load_node(base, unit_of(entry)), 0);
}

std::optional<OnlyWay> only_way(const std::uint32_t* base, Entry entry, unsigned resolved) {
  if (is_skip(entry)) {
    return OnlyWay{load_skip(base, entry), load_entry(base, skip_index(entry, skip_hit)),
                   load_entry(base, skip_index(entry, skip_miss))};
  }
  OnlyWay way{{0, 0}, no_entry, no_entry};
  const unsigned width = group_width(entry);
  for (std::uint32_t n = 0; n < group_nodes(entry); ++n) {
    const Runs runs(base, load_node(base, unit_of(entry) + n));
    for (unsigned slot = 0; slot < node_slots; slot = runs.end_of(slot)) {
      const Entry found = runs.at(slot);
      const std::uint32_t bits = (n * node_slots + slot) << (skip_bits_max - width);
      if (!leads_on(found) && leaf_length(found) <= resolved) {
        way.miss = found;
      } else if (way.hit == no_entry) {
        way.hit = found;
        way.bits = {bits, leads_on(found) ? width : leaf_length(found) - resolved};
      } else if (found != way.hit || !way.bits.match(bits)) {  // it may be another route's leaf
        return std::nullopt;
      }
    }
  }
  return way.hit == no_entry ? std::nullopt : std::optional(way);
}

std::optional<OnlyWay> joined(const OnlyWay& first, const OnlyWay& second) {
  const unsigned count = first.bits.count + second.bits.count;
  if (count > skip_bits_max || first.miss != second.miss) return std::nullopt;
  return OnlyWay{
      {first.bits.bits | second.bits.bits >> first.bits.count, count}, second.hit, second.miss};
}

unsigned width_needed(const std::uint32_t* base, Entry group, unsigned resolved) {
  unsigned longest = resolved;
  for (std::uint32_t n = 0; n < group_nodes(group); ++n) {
    const Runs runs(base, load_node(base, unit_of(group) + n));
    for (unsigned run = 0; run < runs.count(); ++run) {
      if (leads_on(runs[run])) return stride_bits;
      longest = std::max(longest, leaf_length(runs[run]));
    }
  }
  return longest == resolved ? 0 : width_for(longest - resolved);
}

}  // namespace bgw::lpm
