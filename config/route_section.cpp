#include <array>
#include <variant>

#include <fmt/format.h>

#include "config/sections.h"

namespace bgw::config {
namespace {

using VpcNextHop = std::variant<ViaGateway, ViaAddress>;

VpcNextHop read_vpc_next_hop(Reader& reader, const Place& place) {
  MapReader map(reader, place, "via", {"gateway", "address"});
  constexpr std::array<std::string_view, 2> kinds{"gateway", "address"};
  const auto kind = map.one_of(kinds);
  if (kind == "address") return ViaAddress{read_address(reader, map.place_of("address"))};
  if (kind == "gateway") return ViaGateway{read_text(reader, map.place_of("gateway"))};
  return ViaGateway{};
}

ViaAttachment read_attachment_next_hop(Reader& reader, const Place& place) {
  MapReader map(reader, place, "via", {"attachment"});
  ViaAttachment via;
  map.required("attachment", via.attachment, read_text);
  return via;
}

// One next hop, or a list of them (ECMP).
template <typename Read>
auto read_via(Reader& reader, const Place& place, Read read) {
  using NextHop = decltype(read(reader, place));
  if (place.node->kind != NodeKind::list) return std::vector<NextHop>{read(reader, place)};
  const std::size_t count = place.node->items.size();
  if (count == 1) {  // brackets around one change nothing, its path neither
    const Place only{&place.node->items[0], place.parent, place.key};
    return std::vector<NextHop>{read(reader, only)};
  }
  if (count < 1 || count > max_ecmp_members) {
    reader.fail(place, fmt::format("key 'via': expected 1 to {} next hops, found {}",
                                   max_ecmp_members, count));
  }
  return read_list(reader, place, read);
}

// What both kinds of static routes have in common: `to`, and either `via` or `blackhole: true`.
template <typename Route, typename Read>
Route read_static(Reader& reader, const Place& place, Read read_next_hop) {
  MapReader map(reader, place, "static route", {"to", "via", "blackhole"});
  Route route;
  map.required("to", route.to, read_prefix);
  constexpr std::array<std::string_view, 2> actions{"via", "blackhole"};
  const auto action = map.one_of(actions);
  if (action == "via") {
    route.via = read_via(reader, map.place_of("via"), read_next_hop);
  } else if (action == "blackhole") {
    const Place blackhole = map.place_of("blackhole");
    if (!read_bool(reader, blackhole) && !reader.is_broken(blackhole.path())) {
      reader.fail(blackhole, "key 'blackhole': expected true, found 'false'; write 'via' instead");
    }
  }
  return route;
}

}  // namespace

GatewayStaticRoute read_gateway_static(Reader& reader, const Place& place) {
  return read_static<GatewayStaticRoute>(reader, place, read_attachment_next_hop);
}

VpcStaticRoute read_vpc_static(Reader& reader, const Place& place) {
  return read_static<VpcStaticRoute>(reader, place, read_vpc_next_hop);
}

}  // namespace bgw::config
