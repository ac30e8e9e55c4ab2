#include "control/gateway_icmp.h"

#include <utility>

#include <fmt/format.h>

namespace bgw::control {

using dataplane::DropReason;
using dataplane::VpcIndex;

namespace {

constexpr std::size_t ethernet_bytes = 14;
constexpr std::size_t ping_header_bytes = 28;  // IPv4 and ICMP
constexpr std::chrono::milliseconds longest_timeout{60'000};

// Packets that the gateway originated have no Ethernet header.
bool is_link_broadcast(Packet& packet) {
  const Bytes bytes = packet.bytes();
  return packet.note().ip_offset >= ethernet_bytes && !bytes.empty() && (bytes[0] & 1) != 0;
}

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
  drop_and_tell(std::move(packet), DropReason::port_unreachable, now);
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
    pings_.answered(index, {header.source, header.destination, message->ident, message->sequence},
                    header.ttl, now);
  } else if (const auto request = quoted_echo_request(message->quote)) {
    pings_.failed(index, *request, describe(message->type, message->code));
  }
  vpcs_.consume(std::move(packet));
}

void GatewayIcmp::drop_and_tell(PacketPtr packet, DropReason reason, TimePoint now) {
  tell_source(*packet, reason, now);
  vpcs_.drop(std::move(packet), reason);
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

tl::expected<void, std::string> GatewayIcmp::ping(VpcIndex index,
                                                  const config::IpAddress& destination,
                                                  std::size_t payload_bytes,
                                                  std::chrono::milliseconds timeout,
                                                  std::function<void(PingReply)> done) {
  const SlowVpc* vpc = vpcs_.find(index);
  if (vpc == nullptr) return tl::unexpected(std::string("there is no such VPC"));
  const auto& config = vpc->config;
  const auto refuse = [&](const std::string& why) {
    return tl::unexpected(fmt::format("VPC {}: {}", config.name, why));
  };
  if (!config.enabled) return refuse("its interface is down");
  if (!destination.is_v4() || !is_unicast(destination.v4_host_order())) {
    return refuse(fmt::format("{} is not an IPv4 unicast address", destination.to_string()));
  }
  const auto source = source_towards(config.addresses, destination.v4_host_order());
  if (!source) return refuse("the gateway has no IPv4 address in it");
  if (payload_bytes + ping_header_bytes > config.mtu) {
    return refuse(fmt::format("{} bytes of payload exceed the MTU of {}: at most {} fit",
                              payload_bytes, config.mtu, config.mtu - ping_header_bytes));
  }
  if (timeout <= timeout.zero() || timeout > longest_timeout) {
    return refuse(fmt::format("a timeout of {} ms is not between 1 and {} ms", timeout.count(),
                              longest_timeout.count()));
  }
  if (pings_.full()) {
    return refuse(fmt::format("{} pings are under way; try again later", Pings::max_under_way));
  }
  const Echo echo{*source, destination.v4_host_order(), unused_ident(), 1};
  pings_.add({index, echo, payload_bytes, timeout, std::move(done)});
  return {};
}

std::uint16_t GatewayIcmp::unused_ident() {
  auto ident = originator_.random_id();
  while (pings_.uses_ident(ident)) ++ident;
  return ident;
}

std::string GatewayIcmp::send_ping(const Pings::Ping& ping) {
  const auto packet = build_echo_request(ping.echo, ping.payload_bytes, originator_.random_id());
  return originator_.send_packet(ping.vpc, packet) ? "" : "no packet buffer or queue is free";
}

std::size_t GatewayIcmp::run_pings(TimePoint now) {
  const std::size_t started =
      pings_.start(now, [this](const Pings::Ping& ping) { return send_ping(ping); });
  pings_.expire(now);
  return started + pings_.run_completions();
}

}  // namespace bgw::control
