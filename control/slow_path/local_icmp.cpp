#include "control/slow_path/local_icmp.h"

#include <utility>

#include "control/packets/icmp_families.h"
#include "control/slow_path/own_addresses.h"

namespace bgw::control {

using dataplane::Address;
using dataplane::DropReason;
using dataplane::VpcIndex;

namespace {

bool is_ipv6(Packet& packet) {
  const Bytes ip = network_bytes(packet);
  return !ip.empty() && ip[0] >> 4 == 6;
}

// P34: an address of the VPC that the packet came from. Of these the one that was addressed, where
// the gateway itself was (RFC 1122 §3.2.1.3, RFC 4443 §2.2), else the one by the source's link.
std::optional<Address> error_source(const SlowVpc& vpc, const Address& source,
                                    const Address& destination, DropReason reason) {
  if (reason == DropReason::port_unreachable && is_own(vpc.config, destination)) {
    return destination;
  }
  return source_towards(vpc.config, source);
}

}  // namespace

void LocalIcmp::handle_local(PacketPtr packet, TimePoint now) {
  if (is_ipv6(*packet)) return handle_local_of<IcmpOfIpv6>(std::move(packet), now);
  handle_local_of<IcmpOfIpv4>(std::move(packet), now);
}

void LocalIcmp::tell_source(Packet& packet, DropReason reason, TimePoint now) {
  if (is_ipv6(packet)) return tell_source_of<IcmpOfIpv6>(packet, reason, now);
  tell_source_of<IcmpOfIpv4>(packet, reason, now);
}

void LocalIcmp::tell_problem(Packet& packet, std::uint32_t pointer, TimePoint now) {
  SlowVpc* vpc = vpcs_.find_up(packet.note().in_vpc);
  const auto found = IcmpOfIpv6::read(network_bytes(packet));
  if (vpc == nullptr || !is_ipv6(packet) || !found) return;
  const auto from =
      error_source(*vpc, found->source, found->destination, DropReason::port_unreachable);
  if (!from) return;
  send_error<IcmpOfIpv6>(*vpc, packet, {icmp6::parameter_problem, 0, pointer}, *from, now);
}

template <typename Family>
void LocalIcmp::handle_local_of(PacketPtr packet, TimePoint now) {
  const auto found = Family::read(network_bytes(*packet));
  const auto& note = packet->note();
  const SlowVpc* vpc = vpcs_.find_up(note.vpc);
  if (!found) return vpcs_.drop(std::move(packet), DropReason::icmp_malformed);
  // The address may have gone while the packet was on its way here.
  if (vpc == nullptr || !is_own(vpc->config, found->destination)) {
    return vpcs_.drop(std::move(packet), DropReason::no_route);
  }
  // A link-local address means nothing outside of its link (RFC 4007 §9).
  const bool off_link = note.in_vpc != note.vpc && (dataplane::is_link_local(found->source) ||
                                                    dataplane::is_link_local(found->destination));
  if (!found->from_one_host || off_link) {
    return vpcs_.drop(std::move(packet), DropReason::martian_source);
  }
  if (!found->protocol) return vpcs_.drop(std::move(packet), DropReason::icmp_malformed);
  if (*found->protocol == Family::protocol) {
    return handle_icmp<Family>(*vpc, std::move(packet), now);
  }
  tell_source(*packet, DropReason::port_unreachable, now);
  vpcs_.drop(std::move(packet), DropReason::port_unreachable);
}

template <typename Family>
void LocalIcmp::handle_icmp(const SlowVpc& vpc, PacketPtr packet, TimePoint now) {
  const Bytes ip = network_bytes(*packet);
  const auto message = Family::parse(ip);
  if (!message) return vpcs_.drop(std::move(packet), DropReason::icmp_malformed);
  const auto found = *Family::read(ip);
  const VpcIndex index = vpc.config.index;
  if (message->type == Family::echo_request) {
    originator_.send_packet(index, Family::build_echo_reply(ip, originator_.random_id()));
  } else if (message->type == Family::echo_reply) {
    pings_.answered(index, {found.source, found.destination, message->ident, message->sequence},
                    found.ttl, now);
  } else if (const auto request = Family::quoted_echo_request(message->quote)) {
    pings_.failed(index, *request, Family::describe(message->type, message->code));
  }
  vpcs_.consume(std::move(packet));
}

template <typename Family>
void LocalIcmp::tell_source_of(Packet& packet, DropReason reason, TimePoint now) {
  const Bytes ip = network_bytes(packet);
  SlowVpc* vpc = vpcs_.find_up(packet.note().in_vpc);
  const auto error = Family::error_for(reason, ip, packet.note().mtu);
  if (vpc == nullptr || !error) return;
  const auto found = *Family::read(ip);
  if (is_own(vpc->config, found.source)) {
    // About a packet of our own; only pings want to know.
    if (const auto request = Family::quoted_echo_request(ip)) {
      pings_.failed(vpc->config.index, *request, Family::describe(error->type, error->code));
    }
    return;
  }
  const auto from = error_source(*vpc, found.source, found.destination, reason);
  if (!from) {
    ++vpc->counters.icmp_suppressed;
    return;
  }
  send_error<Family>(*vpc, packet, *error, *from, now);
}

template <typename Family>
void LocalIcmp::send_error(SlowVpc& vpc, Packet& packet, const typename Family::Error& error,
                           const Address& from, TimePoint now) {
  const Bytes ip = network_bytes(packet);
  if (!Family::may_cause_error(ip, is_link_broadcast(packet), error, vpc.config.addresses) ||
      !vpc.icmp_errors.take(now)) {
    ++vpc.counters.icmp_suppressed;
    return;
  }
  const auto built = Family::build_error(ip, error, from, originator_.random_id());
  if (originator_.send_packet(vpc.config.index, built) == Sending::done) ++vpc.counters.icmp_sent;
}

}  // namespace bgw::control
