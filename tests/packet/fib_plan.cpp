#include "tests/packet/fib_plan.h"

#include <algorithm>

#include "tests/packet/packet_builder.h"

namespace bgw::packet_test {

lpm::Ipv4Route route(const std::string& prefix, NextHop hop) {
  const std::size_t slash = prefix.find('/');
  const auto length = static_cast<std::uint8_t>(std::stoi(prefix.substr(slash + 1)));
  const std::uint32_t mask = length == 0 ? 0 : ~std::uint32_t{0} << (32 - length);
  return {ip(prefix.substr(0, slash)) & mask, length, hop.value()};
}

lpm::Ipv6Route route_v6(const std::string& prefix, NextHop hop) {
  const std::size_t slash = prefix.find('/');
  const auto length = static_cast<std::uint8_t>(std::stoi(prefix.substr(slash + 1)));
  const lpm::Ipv6Address mask = length == 0 ? 0 : ~lpm::Ipv6Address{0} << (128 - length);
  return {lpm_key(ip6(prefix.substr(0, slash))) & mask, length, hop.value()};
}

TableIndex FibPlan::table(std::vector<lpm::Ipv4Route> routes,
                          std::vector<lpm::Ipv6Route> routes_v6) {
  tables.push_back(std::move(routes));
  tables_v6.push_back(std::move(routes_v6));
  return TableIndex{static_cast<std::uint32_t>(tables.size() - 1)};
}
NextHop FibPlan::cross(TableIndex gateway, VpcIndex vpc) {
  const auto found = std::ranges::find_if(attachments, [&](const Attachment& attachment) {
    return attachment.gateway == gateway && attachment.vpc == vpc;
  });
  const auto index = static_cast<std::uint32_t>(found - attachments.begin());
  if (found == attachments.end()) attachments.push_back({gateway, vpc});
  return NextHop::make(NextHopKind::attachment, index);
}
NextHop FibPlan::group(std::vector<NextHop> members) {
  EcmpGroup& group = groups.emplace_back();
  group.count = static_cast<std::uint32_t>(members.size());
  std::ranges::copy(members, group.members.begin());
  return NextHop::make(NextHopKind::group, static_cast<std::uint32_t>(groups.size() - 1));
}
NextHop FibPlan::via(VpcIndex vpc, const std::string& address) {
  address_hops.push_back({vpc, any_ip(address)});
  return NextHop::make(NextHopKind::neighbour, static_cast<std::uint32_t>(address_hops.size() - 1));
}

std::unique_ptr<FibSnapshot> FibPlan::build(lpm::Arena& arena, const NeighbourTable& neighbours,
                                            BuiltTables& built) const {
  auto fib = std::make_unique<FibSnapshot>();
  for (const auto& routes : tables) {
    built.v4.push_back(lpm::Ipv4Table::build(arena, routes, {}).value());
    fib->tables.push_back(built.v4.back().descriptor());
  }
  for (const auto& routes : tables_v6) {
    built.v6.push_back(lpm::Ipv6Table::build(arena, routes, {}).value());
    fib->tables_v6.push_back(built.v6.back().descriptor());
  }
  fib->lpm_base = arena.base();
  fib->vpcs = vpcs;
  fib->attachments = attachments;
  fib->groups = groups;
  fib->address_hops = address_hops;
  fib->remotes = remotes;
  fib->tunnels = tunnels;
  fib->underlays = underlays;
  fib->neighbours = &neighbours;
  return fib;
}

}  // namespace bgw::packet_test
