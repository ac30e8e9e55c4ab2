#include "control/slow_path/local_delivery.h"

#include <utility>

#include "control/packets/icmp_families.h"
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
  if (!found.protocol) return DropReason::icmp_malformed;
  return std::nullopt;
}

}  // namespace

void LocalDelivery::deliver(PacketPtr packet, TimePoint now) {
  const Bytes ip = network_bytes(*packet);
  const auto found = is_ipv6(ip) ? IcmpOfIpv6::read(ip) : IcmpOfIpv4::read(ip);
  if (!found) return vpcs_.drop(std::move(packet), DropReason::icmp_malformed);
  const auto& note = packet->note();
  if (const auto why = objection(*found, note, vpcs_.find_up(note.vpc))) {
    return vpcs_.drop(std::move(packet), *why);
  }
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
