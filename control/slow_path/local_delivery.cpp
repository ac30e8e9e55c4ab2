#include "control/slow_path/local_delivery.h"

#include <utility>

#include "control/packets/icmp_families.h"
#include "control/packets/ipv6.h"
#include "control/slow_path/own_addresses.h"

namespace bgw::control {

using dataplane::DropReason;
using dataplane::is_link_local;
using dataplane::is_multicast_v6;
using dataplane::MappedAddress;

namespace {

bool is_for_gateway(const SlowPathVpc& vpc, const MappedAddress& destination) {
  return is_own(vpc, destination) || is_own_anycast(vpc, destination) ||
         is_own_group(vpc, destination);
}

// Why a packet is nobody's to serve; nothing when it may be.
std::optional<DropReason> objection(const IcmpPacket& found, const dataplane::PacketNote& note,
                                    const SlowVpc* vpc) {
  // The address may have gone while the packet was on its way here.
  if (vpc == nullptr || !is_for_gateway(vpc->config, found.destination)) {
    return is_multicast_v6(found.destination) ? DropReason::destination_multicast
                                              : DropReason::no_route;
  }
  // A link-local address means nothing outside of its link (RFC 4007 §9).
  const bool off_link =
      note.in_vpc != note.vpc && (is_link_local(found.source) || is_link_local(found.destination));
  if (!found.from_one_host || off_link) return DropReason::martian_source;
  return std::nullopt;
}

}  // namespace

// RFC 8200 §4: true if it has been dropped for them, and its source told where it is to be.
bool LocalDelivery::refuse_headers(PacketPtr& packet, TimePoint now) {
  const Bytes ip = network_bytes(*packet);
  const auto problem = is_ipv6(ip) ? find_header_problem(ip) : std::nullopt;
  if (!problem) return false;
  icmp_.tell_problem(*packet, *problem, now);
  vpcs_.drop(std::move(packet), DropReason::ipv6_extension);
  return true;
}

bool LocalDelivery::refuse_fragment(PacketPtr& packet, TimePoint now) {
  const Bytes ip = network_bytes(*packet);
  const auto found = is_ipv6(ip) ? IcmpOfIpv6::read(ip) : std::nullopt;
  const auto& note = packet->note();
  // What is nobody's to serve is found out when it is whole.
  if (!found || objection(*found, note, vpcs_.find_up(note.vpc))) return false;
  return refuse_headers(packet, now);
}

void LocalDelivery::deliver(PacketPtr packet, TimePoint now) {
  const Bytes ip = network_bytes(*packet);
  const auto found = is_ipv6(ip) ? IcmpOfIpv6::read(ip) : IcmpOfIpv4::read(ip);
  if (!found) return vpcs_.drop(std::move(packet), DropReason::icmp_malformed);
  const auto& note = packet->note();
  if (const auto why = objection(*found, note, vpcs_.find_up(note.vpc))) {
    return vpcs_.drop(std::move(packet), *why);
  }
  if (refuse_headers(packet, now)) return;
  if (!found->protocol) return vpcs_.drop(std::move(packet), DropReason::icmp_malformed);
  LocalService* service = services_.find(*found->protocol, found->port);
  const LocalPacket local{*packet,    note.vpc,         found->source, found->destination,
                          found->ttl, *found->protocol, found->port};
  const auto refused =
      service == nullptr ? DropReason::port_unreachable : service->serve(local, now);
  if (!refused) return vpcs_.consume(std::move(packet));
  icmp_.tell_source(*packet, *refused, now);
  vpcs_.drop(std::move(packet), *refused);
}

}  // namespace bgw::control
