#include "control/bgp/attribute_values.h"

#include <utility>

namespace bgw::control::bgp {
namespace {

bool all_taken(const Reader& value) {
  return value.ok() && value.at_end();
}

// A list of at least one element of a fixed size.
template <typename T, typename Read>
bool read_list(Reader& value, std::size_t element_bytes, std::vector<T>& into, Read read) {
  if (value.at_end() || value.left() % element_bytes != 0) return false;
  into.reserve(value.left() / element_bytes);
  while (!value.at_end()) into.push_back(read());
  return true;
}

bool read_segment(Reader& value, AsPath& into) {
  const auto kind = value.u8();
  const std::size_t count = value.u8();
  if (kind < 1 || kind > 4 || count == 0 || value.left() < count * 4) return false;
  AsSegment segment{AsSegment::Kind{kind}, {}};
  segment.ases.reserve(count);
  for (std::size_t n = 0; n < count; ++n) segment.ases.push_back(value.u32());
  into.segments.push_back(std::move(segment));
  return true;
}

}  // namespace

bool read_origin(Reader& value, ReadAttributes& into) {
  const auto origin = value.u8();
  if (!all_taken(value) || origin > static_cast<std::uint8_t>(Origin::incomplete)) return false;
  into.values.origin = Origin{origin};
  into.has_origin = true;
  return true;
}

bool read_as_path(Reader& value, ReadAttributes& into) {
  while (!value.at_end()) {
    if (!read_segment(value, into.values.as_path)) return false;
  }
  into.has_as_path = true;
  return true;
}

bool read_next_hop(Reader& value, ReadAttributes& into) {
  into.values.next_hop = value.address(Family::ipv4);
  into.has_next_hop = true;
  return all_taken(value);
}

bool read_med(Reader& value, ReadAttributes& into) {
  into.values.med = value.u32();
  return all_taken(value);
}

bool read_local_pref(Reader& value, ReadAttributes& into) {
  into.values.local_pref = value.u32();
  return all_taken(value);
}

bool read_atomic_aggregate(Reader& value, ReadAttributes&) {
  return value.at_end();
}

bool read_aggregator(Reader& value, ReadAttributes&) {
  return value.left() == 8;
}

bool read_communities(Reader& value, ReadAttributes& into) {
  return read_list(value, 4, into.values.communities, [&] { return value.u32(); });
}

bool read_originator_id(Reader& value, ReadAttributes& into) {
  into.values.originator_id = value.u32();
  return all_taken(value);
}

bool read_cluster_list(Reader& value, ReadAttributes& into) {
  return read_list(value, 4, into.values.cluster_list, [&] { return value.u32(); });
}

bool read_extended_communities(Reader& value, ReadAttributes& into) {
  return read_list(value, 8, into.values.extended_communities, [&] { return value.u64(); });
}

bool read_large_communities(Reader& value, ReadAttributes& into) {
  return read_list(value, 12, into.values.large_communities, [&] {
    const auto administrator = value.u32(), first = value.u32();
    return LargeCommunity{administrator, first, value.u32()};
  });
}

bool skip_value(Reader&, ReadAttributes&) {
  return true;
}

}  // namespace bgw::control::bgp
