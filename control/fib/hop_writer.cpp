#include "control/fib/hop_writer.h"

#include <tuple>

#include <fmt/format.h>

#include "control/packets/addresses.h"

namespace bgw::control {
namespace {

using dataplane::DropReason;
using Hop = dataplane::NextHop;  // beside the NextHop of rib.h
using dataplane::NextHopKind;

constexpr std::size_t max_group = std::tuple_size_v<decltype(dataplane::EcmpGroup::members)>;

DropReason drop_reason(DiscardReason reason) {
  switch (reason) {
    case DiscardReason::blackhole:
      return DropReason::blackhole;
    case DiscardReason::directed_broadcast:
      return DropReason::destination_broadcast;
    case DiscardReason::edge_to_edge:
      return DropReason::edge_to_edge;
    case DiscardReason::no_route:
      break;
  }
  return DropReason::no_route;
}

tl::unexpected<std::string> unknown(const char* what, const std::string& name) {
  return tl::unexpected(
      fmt::format("leads to {} {}, which is not in the configuration", what, name));
}

}  // namespace

DropReason drop_reason(NobodysSource source) {
  return source == NobodysSource::own_address ? DropReason::source_own : DropReason::source_no_host;
}

tl::unexpected<std::string> no_room_for(const char* what, std::uint32_t limit) {
  return tl::unexpected(fmt::format(
      "no room in the FIB for another {} (limit {}): remove some, or split the VPCs over several "
      "gateway hosts",
      what, limit));
}

lpm::Ipv4Route v4_route(const config::IpPrefix& prefix, lpm::Value value) {
  return {prefix.address.v4_host_order(), prefix.length, value};
}
lpm::Ipv6Route v6_route(const config::IpPrefix& prefix, lpm::Value value) {
  return {dataplane::lpm_key(to_address(prefix.address)), prefix.length, value};
}

void RouteSet::add(const config::IpPrefix& prefix, Hop next_hop) {
  if (prefix.family() == config::Family::ipv4) {
    v4.push_back(v4_route(prefix, next_hop.value()));
  } else {
    v6.push_back(v6_route(prefix, next_hop.value()));
  }
}

tl::expected<RouteSet, std::string> HopWriter::acquire(const Plan& plan) {
  RouteSet routes;
  for (const auto& entry : plan) {
    const auto hop = acquire(entry.prefix, entry.targets);
    if (!hop) return tl::unexpected(hop.error());
    routes.add(entry.prefix, *hop);
  }
  return routes;
}

auto HopWriter::acquire(const config::IpPrefix& prefix, const std::vector<PlanTarget>& targets)
    -> Result {
  if (targets.size() == 1) return acquire(targets.front());
  if (targets.empty() || targets.size() > max_group) {
    return tl::unexpected(fmt::format("{} has {} next hops; 1 to {} can be programmed",
                                      prefix.to_string(), targets.size(), max_group));
  }
  return acquire_group(targets);
}

// A group holds its members' values; one that exists has them already.
auto HopWriter::acquire_group(const std::vector<PlanTarget>& targets) -> Result {
  GroupKey members;
  const auto let_go = [&] {
    for (const auto value : members) indices_.let_go(Hop{value});
  };
  for (const auto& target : targets) {
    const auto member = acquire(target);
    if (!member) {
      let_go();
      return member;
    }
    members.push_back(member->value());
  }
  const bool known = indices_.groups.find(members).has_value();
  const auto index = indices_.groups.acquire(members);
  if (known || !index) let_go();
  if (!index) return no_room_for("ECMP group", indices_.groups.limit());
  return Hop::make(NextHopKind::group, *index);
}

auto HopWriter::acquire(const PlanTarget& target) -> Result {
  struct Translate {
    FibIndices& indices;
    dataplane::VpcIndex owner_vpc;
    dataplane::TableIndex owner_gateway;
    Result cross(dataplane::TableIndex gateway, dataplane::VpcIndex vpc, const char* what,
                 const std::string& name) const {
      const auto index = indices.attachments.find({gateway, vpc});
      if (!index) return unknown(what, name);
      return Hop::make(NextHopKind::attachment, *index);
    }
    Result operator()(const OnLink&) const { return Hop::make(NextHopKind::on_link); }
    Result operator()(const Self&) const { return Hop::make(NextHopKind::self); }
    Result by_address(dataplane::VpcIndex vpc, const config::IpAddress& address) const {
      const auto index = indices.address_hops.acquire({vpc, address});
      if (!index) return no_room_for("address next hop", indices.address_hops.limit());
      return Hop::make(NextHopKind::neighbour, *index);
    }
    Result operator()(const Neighbour& neighbour) const {
      return by_address(owner_vpc, neighbour.address);
    }
    Result operator()(const ContinueInGateway& gateway) const {
      const auto index = indices.tables.find(gateway_key(gateway.gateway));
      if (!index) return unknown("gateway", gateway.gateway);
      return cross(dataplane::TableIndex{*index}, owner_vpc, "an attachment to gateway",
                   gateway.gateway);
    }
    Result operator()(const DeliverIntoVpc& vpc) const {
      const auto index = indices.vpcs.find(vpc.vpc);
      if (!index) return unknown("VPC", vpc.vpc);
      return cross(owner_gateway, dataplane::VpcIndex{*index}, "the attachment of VPC", vpc.vpc);
    }
    Result operator()(const DeliverOutside& router) const {
      const auto name = outside_name(router.gateway, router.interface);
      const auto slot = indices.vpcs.find(name);
      if (!slot) return unknown("interface", name);
      return by_address(dataplane::VpcIndex{*slot}, router.address);
    }
    Result operator()(const Discard& discard) const {
      return Hop::discard(drop_reason(discard.reason));
    }
  };
  return std::visit(Translate{indices_, vpc_, gateway_}, target);
}

}  // namespace bgw::control
