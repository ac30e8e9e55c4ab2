#include "control/gateway_icmp6.h"

#include <utility>

#include <fmt/format.h>

#include "control/addresses.h"
#include "control/ipv6.h"
#include "control/own_addresses.h"

namespace bgw::control {

using dataplane::Address;
using dataplane::DropReason;
using dataplane::VpcIndex;

namespace {

std::string describe(std::uint8_t type, std::uint8_t code) {
  if (type == icmp6::time_exceeded) return "hop limit exceeded";
  if (type == icmp6::packet_too_big) return "packet too big";
  if (type != icmp6::unreachable) return fmt::format("ICMPv6 error {}/{}", type, code);
  switch (code) {
    case icmp6::code_no_route:
      return "no route to the destination";
    case icmp6::code_address:
      return "destination address unreachable";
    case icmp6::code_port:
      return "destination port unreachable";
    default:
      return fmt::format("destination unreachable (code {})", code);
  }
}

// P34: an address of the VPC that the packet came from. Of these the one that was addressed, where
// the gateway itself was, else one by the source's link (RFC 4443 §2.2).
std::optional<Address> error_source(const SlowVpc& vpc, Bytes ip, DropReason reason) {
  const Address addressed = load_ipv6(ip, 24);
  if (reason == DropReason::port_unreachable && is_own(vpc.config, addressed)) return addressed;
  return source_towards(vpc.config, load_ipv6(ip, 8));
}

}  // namespace

void GatewayIcmp6::handle_local(PacketPtr packet, TimePoint now) {
  const Bytes ip = network_bytes(*packet);
  const auto header = parse_ipv6_packet(ip);
  const auto& note = packet->note();
  const SlowVpc* vpc = vpcs_.find_up(note.vpc);
  if (!header) return vpcs_.drop(std::move(packet), DropReason::icmp_malformed);
  // The address may have gone while the packet was on its way here.
  if (vpc == nullptr || !is_own(vpc->config, header->destination)) {
    return vpcs_.drop(std::move(packet), DropReason::no_route);
  }
  // A link-local address means nothing outside of its link (RFC 4007 §9).
  const bool off_link = note.in_vpc != note.vpc &&
                        (is_link_local(header->source) || is_link_local(header->destination));
  if (!is_unicast_v6(header->source) || off_link) {
    return vpcs_.drop(std::move(packet), DropReason::martian_source);
  }
  const auto upper = find_upper_layer(ip.first(header->total_bytes()));
  if (!upper || upper->is_fragment) {
    return vpcs_.drop(std::move(packet), DropReason::icmp_malformed);
  }
  if (upper->protocol == next_header_icmp) return handle_icmp(*vpc, std::move(packet), now);
  tell_source(*packet, DropReason::port_unreachable, now);
  vpcs_.drop(std::move(packet), DropReason::port_unreachable);
}

void GatewayIcmp6::handle_icmp(const SlowVpc& vpc, PacketPtr packet, TimePoint now) {
  const Bytes ip = network_bytes(*packet);
  const auto message = parse_icmp6(ip);
  if (!message) return vpcs_.drop(std::move(packet), DropReason::icmp_malformed);
  const VpcIndex index = vpc.config.index;
  if (message->type == icmp6::echo_request) {
    originator_.send_packet(index, build_echo6_reply(ip));
  } else if (message->type == icmp6::echo_reply) {
    pings_.answered(index, {load_ipv6(ip, 8), load_ipv6(ip, 24), message->ident, message->sequence},
                    ip[7], now);
  } else if (const auto request = quoted_echo6_request(message->quote)) {
    pings_.failed(index, *request, describe(message->type, message->code));
  }
  vpcs_.consume(std::move(packet));
}

void GatewayIcmp6::tell_source(Packet& packet, DropReason reason, TimePoint now) {
  const Bytes ip = network_bytes(packet);
  SlowVpc* vpc = vpcs_.find_up(packet.note().in_vpc);
  const auto error = icmp6_error_for(reason, ip, packet.note().mtu);
  if (vpc == nullptr || !error) return;
  if (is_own(vpc->config, load_ipv6(ip, 8))) {
    // About a packet of our own; only pings want to know.
    if (const auto request = quoted_echo6_request(ip)) {
      pings_.failed(vpc->config.index, *request, describe(error->type, error->code));
    }
    return;
  }
  const auto from = error_source(*vpc, ip, reason);
  if (!from ||
      !may_cause_icmp6_error(ip, is_link_broadcast(packet), *error, vpc->config.addresses) ||
      !vpc->icmp_errors.take(now)) {
    ++vpc->counters.icmp_suppressed;
    return;
  }
  if (originator_.send_packet(vpc->config.index, build_icmp6_error(ip, *error, *from))) {
    ++vpc->counters.icmp_sent;
  }
}

}  // namespace bgw::control
