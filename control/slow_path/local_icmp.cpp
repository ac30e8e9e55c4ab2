#include "control/slow_path/local_icmp.h"

#include <utility>

#include "control/packets/icmp_families.h"
#include "control/slow_path/own_addresses.h"

namespace bgw::control {

using dataplane::DropReason;
using dataplane::is_multicast_v6;
using dataplane::MappedAddress;

namespace {

// P34: an address of the VPC that the packet came from. Of these the one that was addressed, where
// the gateway itself was (RFC 1122 §3.2.1.3, RFC 4443 §2.2), else the one by the source's link.
std::optional<MappedAddress> error_source(const SlowVpc& vpc, const MappedAddress& source,
                                          const MappedAddress& destination, DropReason reason) {
  if (reason == DropReason::port_unreachable && is_own(vpc.config, destination)) {
    return destination;
  }
  return source_towards(vpc.config, source);
}

}  // namespace

std::optional<DropReason> LocalIcmp::serve(const LocalPacket& packet, TimePoint now) {
  const bool v6 = is_ipv6(network_bytes(packet.packet));
  if (packet.protocol != (v6 ? IcmpOfIpv6::protocol : IcmpOfIpv4::protocol)) {
    return DropReason::port_unreachable;  // the other family's
  }
  return v6 ? serve_of<IcmpOfIpv6>(packet, now) : serve_of<IcmpOfIpv4>(packet, now);
}

void LocalIcmp::tell_source(Packet& packet, DropReason reason, TimePoint now) {
  if (is_ipv6(network_bytes(packet))) return tell_source_of<IcmpOfIpv6>(packet, reason, now);
  tell_source_of<IcmpOfIpv4>(packet, reason, now);
}

void LocalIcmp::tell_problem(Packet& packet, const dataplane::Ipv6HeaderProblem& problem,
                             TimePoint now) {
  SlowVpc* vpc = vpcs_.find_up(packet.note().in_vpc);
  const Bytes ip = network_bytes(packet);
  const auto found = IcmpOfIpv6::read(ip);
  if (vpc == nullptr || !is_ipv6(ip) || !found || !problem.told) return;
  if (is_multicast_v6(found->destination) && !problem.also_to_group) return;
  const auto from =
      error_source(*vpc, found->source, found->destination, DropReason::port_unreachable);
  if (!from) return;
  const Icmp6Error error{icmp6::parameter_problem, problem.code, problem.pointer};
  send_error<IcmpOfIpv6>(*vpc, packet, error, *from, now);
}

template <typename Family>
std::optional<DropReason> LocalIcmp::serve_of(const LocalPacket& packet, TimePoint now) {
  const Bytes ip = network_bytes(packet.packet);
  const auto message = Family::parse(ip);
  if (!message) return DropReason::icmp_malformed;
  if (message->type == Family::echo_request) {
    const SlowVpc* vpc = vpcs_.find_up(packet.vpc);
    const auto from = vpc == nullptr
                          ? std::nullopt
                          : answer_source(vpc->config, packet.source, packet.destination);
    if (!from) return DropReason::no_route;
    originator_.send_packet(packet.vpc,
                            Family::build_echo_reply(ip, *from, originator_.random_id()));
  } else if (message->type == Family::echo_reply) {
    pings_.answered(packet.vpc,
                    {packet.source, packet.destination, message->ident, message->sequence},
                    packet.hop_limit, now);
  } else if (const auto outer = message->mtu ? parse_outer_quote(message->quote) : std::nullopt) {
    return learn_path(packet, *outer, *message->mtu, now);
  } else if (const auto request = Family::quoted_echo_request(message->quote)) {
    pings_.failed(packet.vpc, *request, Family::describe(message->type, message->code));
  }
  return std::nullopt;
}

std::optional<DropReason> LocalIcmp::learn_path(const LocalPacket& packet, const OuterQuote& quote,
                                                std::uint32_t mtu, TimePoint now) {
  const SlowVpc* underlay = vpcs_.find_up(packet.vpc);
  const bool of_family = quote.source.is_v4() == packet.source.is_v4();
  const bool believed = underlay != nullptr && underlay->config.underlay && of_family &&
                        paths_.too_big(packet.vpc, underlay->config.mtu, quote, mtu, now);
  if (!believed) return DropReason::icmp_unverified;
  return std::nullopt;
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
                           const MappedAddress& from, TimePoint now) {
  const Bytes ip = network_bytes(packet);
  if (!Family::may_cause_error(ip, is_link_broadcast(packet), error, vpc.config.addresses) ||
      !vpc.may_send_icmp_error(now)) {
    ++vpc.counters.icmp_suppressed;
    return;
  }
  const auto built = Family::build_error(ip, error, from, originator_.random_id());
  if (originator_.send_packet(vpc.config.index, built) == Sending::done) ++vpc.counters.icmp_sent;
}

}  // namespace bgw::control
