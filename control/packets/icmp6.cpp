#include "control/packets/icmp6.h"

#include <algorithm>

#include "control/packets/addresses.h"
#include "control/packets/ipv4.h"
#include "control/packets/ipv6.h"

namespace bgw::control {

using dataplane::DropReason;
using dataplane::MappedAddress;

namespace {

constexpr std::size_t icmp_header_bytes = 8;
constexpr std::uint8_t first_informational_type = 128;  // RFC 4443 §2.1
constexpr std::uint8_t type_redirect = 137;

// Header and empty ICMPv6 body of `icmp_bytes`, to be filled in and finished by seal().
std::vector<std::uint8_t> make_packet(Ipv6Header header, std::size_t icmp_bytes) {
  std::vector<std::uint8_t> packet(ipv6_header_bytes + icmp_bytes);
  header.payload_bytes = icmp_bytes;
  header.next_header = next_header_icmp;
  write_ipv6_header(packet, header);
  return packet;
}

MutableBytes icmp_of(std::vector<std::uint8_t>& packet) {
  return MutableBytes(packet).subspan(ipv6_header_bytes);
}

void seal(std::vector<std::uint8_t>& packet) {
  const MutableBytes message = icmp_of(packet);
  store16(message, 2, 0);
  store16(message, 2, icmp6_checksum(load_ipv6(packet, 8), load_ipv6(packet, 24), message));
}

bool is_anycast(std::span<const config::InterfaceAddress> on_link, const MappedAddress& address) {
  return std::ranges::any_of(on_link, [&](const config::InterfaceAddress& interface) {
    return is_anycast_of(interface, address);
  });
}

// RFC 4443 §3.4: the pointer is to the field that names what isn't known.
std::optional<Icmp6Error> not_served(Bytes packet) {
  const auto upper = find_upper_layer(packet);
  if (!upper || upper->protocol == next_header_none || upper->protocol == next_header_icmp) {
    return std::nullopt;
  }
  if (upper->protocol == protocol_udp || upper->protocol == protocol_tcp) {
    return Icmp6Error{icmp6::unreachable, icmp6::code_port, 0};
  }
  return Icmp6Error{icmp6::parameter_problem, icmp6::code_next_header,
                    static_cast<std::uint32_t>(upper->named_at)};
}

}  // namespace

std::optional<Icmp6Error> icmp6_error_for(DropReason reason, Bytes packet, std::uint16_t mtu) {
  if (!parse_ipv6_packet(packet)) return std::nullopt;
  switch (reason) {
    case DropReason::ttl_expired:
      return Icmp6Error{icmp6::time_exceeded, 0, 0};
    case DropReason::no_route:
      return Icmp6Error{icmp6::unreachable, icmp6::code_no_route, 0};
    case DropReason::reassembly_failed:
      return Icmp6Error{icmp6::time_exceeded, 1, 0};
    case DropReason::neighbour_unreachable:
      return Icmp6Error{icmp6::unreachable, icmp6::code_address, 0};
    case DropReason::port_unreachable:
      return not_served(packet);
    case DropReason::mtu_exceeded:
      if (mtu == 0) return std::nullopt;
      return Icmp6Error{icmp6::packet_too_big, 0, mtu};
    default:
      return std::nullopt;
  }
}

bool may_cause_icmp6_error(Bytes packet, bool link_multicast, const Icmp6Error& error,
                           std::span<const config::InterfaceAddress> on_link) {
  const auto header = parse_ipv6_packet(packet);
  if (!header) return false;
  packet = packet.first(header->total_bytes());
  const bool to_group = link_multicast || is_multicast_v6(header->destination);
  const bool problem = error.type == icmp6::parameter_problem;
  const bool may_be_told =
      error.type == icmp6::packet_too_big || (problem && error.code == dataplane::problem_option);
  if (to_group && !may_be_told) return false;
  if (!is_unicast_v6(header->source) || is_anycast(on_link, header->source)) return false;
  const auto upper = find_upper_layer(packet);
  if (!upper || upper->fragment_offset != 0) return problem;
  if (upper->protocol != next_header_icmp) return true;
  if (upper->offset >= packet.size()) return false;
  const std::uint8_t type = packet[upper->offset];
  return type >= first_informational_type && type != type_redirect;
}

std::vector<std::uint8_t> build_icmp6_error(Bytes packet, const Icmp6Error& error,
                                            const MappedAddress& source) {
  constexpr std::size_t quote_max = icmp6_error_max_bytes - ipv6_header_bytes - icmp_header_bytes;
  const std::size_t packet_bytes =
      std::min<std::size_t>(ipv6_header_bytes + load16(packet, 4), packet.size());
  const Bytes quote = packet.first(std::min(packet_bytes, quote_max));
  auto result = make_packet({.source = source, .destination = load_ipv6(packet, 8)},
                            icmp_header_bytes + quote.size());
  const MutableBytes message = icmp_of(result);
  message[0] = error.type;
  message[1] = error.code;
  store32(message, 4, error.parameter);
  std::ranges::copy(quote, message.subspan(icmp_header_bytes).begin());
  seal(result);
  return result;
}

std::vector<std::uint8_t> build_echo6_request(const Echo& echo, std::size_t payload_bytes) {
  auto result = make_packet({.source = echo.source, .destination = echo.destination},
                            icmp_header_bytes + payload_bytes);
  const MutableBytes message = icmp_of(result);
  message[0] = icmp6::echo_request;
  store16(message, 4, echo.ident);
  store16(message, 6, echo.sequence);
  std::uint8_t fill = 0;
  for (auto& byte : message.subspan(icmp_header_bytes)) byte = fill++;
  seal(result);
  return result;
}

std::vector<std::uint8_t> build_echo6_reply(Bytes request, const MappedAddress& source) {
  const auto header = *parse_ipv6_packet(request);
  request = request.first(header.total_bytes());
  const Bytes asked = request.subspan(find_upper_layer(request)->offset);
  auto result = make_packet(
      {.traffic_class = header.traffic_class, .source = source, .destination = header.source},
      asked.size());
  const MutableBytes message = icmp_of(result);
  std::ranges::copy(asked, message.begin());
  message[0] = icmp6::echo_reply;
  seal(result);
  return result;
}

std::optional<IcmpMessage> parse_icmp6(Bytes packet) {
  const auto header = parse_ipv6_packet(packet);
  if (!header) return std::nullopt;
  packet = packet.first(header->total_bytes());
  const auto upper = find_upper_layer(packet);
  if (!upper || upper->protocol != next_header_icmp || is_one_of_several(*upper))
    return std::nullopt;
  const Bytes body = packet.subspan(upper->offset);
  if (body.size() < icmp_header_bytes ||
      icmp6_checksum(header->source, header->destination, body) != 0) {
    return std::nullopt;
  }
  IcmpMessage message{body[0], body[1], load16(body, 4), load16(body, 6), {}};
  if (message.type < first_informational_type) message.quote = body.subspan(icmp_header_bytes);
  if (message.type == icmp6::packet_too_big) message.mtu = load32(body, 4);
  return message;
}

std::optional<Echo> quoted_echo6_request(Bytes quote) {
  const auto header = parse_ipv6_header(quote);
  const auto upper = header ? find_upper_layer(quote) : std::nullopt;
  if (!upper || upper->protocol != next_header_icmp || upper->fragment_offset != 0) {
    return std::nullopt;
  }
  const Bytes body = quote.subspan(upper->offset);
  if (body.size() < icmp_header_bytes || body[0] != icmp6::echo_request) return std::nullopt;
  return Echo{header->source, header->destination, load16(body, 4), load16(body, 6)};
}

}  // namespace bgw::control
