#include "control/gateway_icmp.h"

#include <utility>

#include <fmt/format.h>

namespace bgw::control {

using dataplane::Address;
using dataplane::DropReason;
using dataplane::VpcIndex;

namespace {

std::string describe(std::uint8_t type, std::uint8_t code) {
  if (type == icmp::time_exceeded) return "time to live exceeded";
  if (type != icmp::unreachable) return fmt::format("ICMP error {}/{}", type, code);
  switch (code) {
    case icmp::code_network:
      return "destination network unreachable";
    case icmp::code_host:
      return "destination host unreachable";
    case icmp::code_protocol:
      return "destination protocol unreachable";
    case icmp::code_port:
      return "destination port unreachable";
    case icmp::code_fragmentation_needed:
      return "fragmentation needed";
    default:
      return fmt::format("destination unreachable (code {})", code);
  }
}

}  // namespace

void GatewayIcmp::handle_local(PacketPtr packet, TimePoint now) {
  const auto header = parse_ipv4_packet(network_bytes(*packet));
  const SlowVpc* vpc = vpcs_.find_up(packet->note().vpc);
  if (!header) return vpcs_.drop(std::move(packet), DropReason::icmp_malformed);
  // The address may have gone while the packet was on its way here.
  if (vpc == nullptr || !is_own(vpc->config.addresses, header->destination)) {
    return vpcs_.drop(std::move(packet), DropReason::no_route);
  }
  if (!is_unicast(header->source)) {
    return vpcs_.drop(std::move(packet), DropReason::martian_source);
  }
  if (header->is_fragment()) return vpcs_.drop(std::move(packet), DropReason::icmp_malformed);
  if (header->protocol == protocol_icmp) return handle_icmp(*vpc, std::move(packet), *header, now);
  tell_source(*packet, DropReason::port_unreachable, now);
  vpcs_.drop(std::move(packet), DropReason::port_unreachable);
}

void GatewayIcmp::handle_icmp(const SlowVpc& vpc, PacketPtr packet, const Ipv4Header& header,
                              TimePoint now) {
  const Bytes ip = network_bytes(*packet);
  const auto message = parse_icmp(ip);
  if (!message) return vpcs_.drop(std::move(packet), DropReason::icmp_malformed);
  const VpcIndex index = vpc.config.index;
  if (message->type == icmp::echo_request) {
    originator_.send_packet(index, build_echo_reply(ip, originator_.random_id()));
  } else if (message->type == icmp::echo_reply) {
    pings_.answered(index,
                    {Address::v4(header.source), Address::v4(header.destination), message->ident,
                     message->sequence},
                    header.ttl, now);
  } else if (const auto request = quoted_echo_request(message->quote)) {
    pings_.failed(index, *request, describe(message->type, message->code));
  }
  vpcs_.consume(std::move(packet));
}

void GatewayIcmp::tell_source(Packet& packet, DropReason reason, TimePoint now) {
  const Bytes ip = network_bytes(packet);
  SlowVpc* vpc = vpcs_.find_up(packet.note().in_vpc);
  const auto error = icmp_error_for(reason, ip, packet.note().mtu);
  if (vpc == nullptr || !error) return;
  const std::uint32_t to = load32(ip, 12);
  if (is_own(vpc->config.addresses, to)) {
    // About a packet of our own; only pings want to know.
    if (const auto request = quoted_echo_request(ip)) {
      pings_.failed(vpc->config.index, *request, describe(error->type, error->code));
    }
    return;
  }
  const auto from = error_source(*vpc, packet, reason, to);
  if (!from || !may_cause_icmp_error(ip, is_link_broadcast(packet), vpc->config.addresses) ||
      !vpc->icmp_errors.take(now)) {
    ++vpc->counters.icmp_suppressed;
    return;
  }
  if (originator_.send_packet(vpc->config.index,
                              build_icmp_error(ip, *error, *from, originator_.random_id()))) {
    ++vpc->counters.icmp_sent;
  }
}

// P34: an address of the VPC that the packet came from. Of these the one that was addressed, where
// the gateway itself was (RFC 1122 §3.2.1.3), else the one that the source has on its link.
std::optional<std::uint32_t> GatewayIcmp::error_source(const SlowVpc& vpc, Packet& packet,
                                                       DropReason reason, std::uint32_t to) const {
  const std::uint32_t addressed = load32(network_bytes(packet), 16);
  if (reason == DropReason::port_unreachable && is_own(vpc.config.addresses, addressed)) {
    return addressed;
  }
  return source_towards(vpc.config.addresses, to);
}

}  // namespace bgw::control
