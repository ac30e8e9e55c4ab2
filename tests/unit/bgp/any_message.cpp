#include "tests/unit/bgp/any_message.h"

namespace bgw::test {

using namespace control::bgp;

Family AnyMessage::family() {
  return maybe() ? Family::ipv4 : Family::ipv6;
}

IpAddress AnyMessage::address(Family family) {
  return family == Family::ipv4 ? IpAddress::v4(u32()) : IpAddress::v6(random_(), random_());
}

Nlri AnyMessage::nlri(Family family, bool ids) {
  const auto length = static_cast<std::uint8_t>(below(config::address_bits(family) + 1u));
  return {IpPrefix::around(address(family), length), PathId{ids ? u32() : 0}};
}

std::vector<Nlri> AnyMessage::nlri(Family family, bool ids, std::size_t count) {
  std::vector<Nlri> list;
  while (list.size() < count) list.push_back(nlri(family, ids));
  return list;
}

std::vector<std::uint32_t> AnyMessage::numbers(std::uint32_t most) {
  std::vector<std::uint32_t> list(below(most + 1));
  for (auto& number : list) number = u32();
  return list;
}

AsPath AnyMessage::as_path() {
  AsPath path;
  for (auto segments = below(4); segments > 0; --segments) {
    auto ases = numbers(below(10) == 0 ? 200 : 5);
    ases.push_back(u32());
    path.segments.push_back({AsSegment::Kind{static_cast<std::uint8_t>(1 + below(4))}, ases});
  }
  return path;
}

PathAttributes AnyMessage::attributes(Family family) {
  PathAttributes a;
  a.next_hop = address(family);
  if (family == Family::ipv6 && maybe()) a.link_local = address(family);
  a.origin = Origin{static_cast<std::uint8_t>(below(3))};
  a.as_path = as_path();
  if (maybe()) a.med = u32();
  if (maybe()) a.local_pref = u32();
  if (maybe()) a.communities = numbers(80);
  if (maybe()) a.originator_id = u32();
  if (maybe()) a.cluster_list = numbers(4);
  for (auto count = below(4); count > 0; --count) a.extended_communities.push_back(random_());
  for (auto count = below(4); count > 0; --count)
    a.large_communities.push_back({u32(), u32(), u32()});
  return a;
}

Open AnyMessage::open() {
  Open open;
  open.asn = 1 + below(maybe() ? 0xffff : 0xfffffffe);
  open.hold_time_s = static_cast<std::uint16_t>(maybe() ? 0 : 3 + below(0xfffd));
  open.identifier = 1 + below(0xfffffffe);
  auto& can = open.capabilities;
  can.unicast[family()] = true;
  can.unicast[family()] = true;
  for (const auto of : all_families) can.add_path[of] = {maybe(), maybe()};
  if (maybe() || open.asn > 0xffff) can.four_octet_as = open.asn;
  can.route_refresh = maybe();
  can.extended_messages = maybe();
  if (maybe()) {
    can.graceful_restart = GracefulRestart{maybe(), static_cast<std::uint16_t>(below(4096)), {}};
    for (const auto of : all_families)
      if (maybe()) can.graceful_restart->families[of] = {true, maybe()};
  }
  return open;
}

}  // namespace bgw::test
