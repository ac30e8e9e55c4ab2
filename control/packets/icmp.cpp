#include "control/packets/icmp.h"

#include <algorithm>
#include <array>

#include "control/packets/ipv4.h"

namespace bgw::control {
namespace {

using dataplane::DropReason;
using dataplane::MappedAddress;

constexpr std::size_t icmp_header_bytes = 8;
constexpr std::uint8_t precedence_internetwork_control = 0xc0;  // RFC 1812 §4.3.2.5
constexpr std::uint8_t type_source_quench = 4;
constexpr std::uint8_t type_redirect = 5;
constexpr std::uint8_t type_parameter_problem = 12;
constexpr std::uint16_t ipv4_least_mtu = 68;  // RFC 791

// Types that ask or answer. Every other type, known or not, counts as an error, so that an error
// about it can't be answered with yet another one.
bool is_query(std::uint8_t type) {
  constexpr std::array<std::uint8_t, 12> queries = {
      icmp::echo_reply, icmp::echo_request, 9, 10, 13, 14, 15, 16, 17, 18, 42, 43};
  return std::ranges::find(queries, type) != queries.end();
}

bool is_error(std::uint8_t type) {
  return type == icmp::unreachable || type == icmp::time_exceeded || type == type_source_quench ||
         type == type_redirect || type == type_parameter_problem;
}

// Header and empty ICMP body of `icmp_bytes`, to be filled in and finished by seal().
std::vector<std::uint8_t> make_packet(Ipv4Header header, std::size_t icmp_bytes) {
  std::vector<std::uint8_t> packet(ipv4_min_header_bytes + icmp_bytes);
  header.total_bytes = packet.size();
  header.protocol = protocol_icmp;
  write_ipv4_header(packet, header);
  return packet;
}

void seal(MutableBytes message) {
  store16(message, 2, 0);
  store16(message, 2, internet_checksum(message));
}

MutableBytes icmp_of(std::vector<std::uint8_t>& packet) {
  return MutableBytes(packet).subspan(ipv4_min_header_bytes);
}

}  // namespace

std::optional<IcmpError> icmp_error_for(DropReason reason, Bytes packet, std::uint16_t mtu) {
  const auto header = parse_ipv4_packet(packet);
  if (!header) return std::nullopt;
  switch (reason) {
    case DropReason::ttl_expired:
      return IcmpError{icmp::time_exceeded, 0, 0};
    case DropReason::no_route:
      return IcmpError{icmp::unreachable, icmp::code_network, 0};
    case DropReason::reassembly_failed:
      return IcmpError{icmp::time_exceeded, icmp::code_reassembly, 0};
    case DropReason::neighbour_unreachable:
      return IcmpError{icmp::unreachable, icmp::code_host, 0};
    case DropReason::port_unreachable: {
      const bool has_ports = header->protocol == protocol_udp || header->protocol == protocol_tcp;
      return IcmpError{icmp::unreachable, has_ports ? icmp::code_port : icmp::code_protocol, 0};
    }
    case DropReason::mtu_exceeded:
      if (!header->dont_fragment || mtu < ipv4_least_mtu) return std::nullopt;
      return IcmpError{icmp::unreachable, icmp::code_fragmentation_needed, mtu};
    default:
      return std::nullopt;
  }
}

bool may_cause_icmp_error(Bytes packet, bool link_broadcast,
                          std::span<const config::InterfaceAddress> on_link) {
  const auto header = parse_ipv4_packet(packet);
  if (!header || link_broadcast || header->fragment_offset != 0) return false;
  if (!is_unicast(header->source) || is_directed_broadcast(on_link, header->source)) return false;
  if (!is_unicast(header->destination) || is_directed_broadcast(on_link, header->destination)) {
    return false;
  }
  if (header->protocol != protocol_icmp) return true;
  return header->total_bytes > header->header_bytes && is_query(packet[header->header_bytes]);
}

std::vector<std::uint8_t> build_icmp_error(Bytes packet, const IcmpError& error,
                                           std::uint32_t source, std::uint16_t ip_id) {
  constexpr std::size_t quote_max =
      icmp_error_max_bytes - ipv4_min_header_bytes - icmp_header_bytes;
  const std::size_t packet_bytes = std::min<std::size_t>(load16(packet, 2), packet.size());
  const Bytes quote = packet.first(std::min(packet_bytes, quote_max));

  Ipv4Header header;
  header.tos = precedence_internetwork_control;
  header.id = ip_id;
  header.source = source;
  header.destination = load32(packet, 12);
  auto result = make_packet(header, icmp_header_bytes + quote.size());
  const MutableBytes message = icmp_of(result);
  message[0] = error.type;
  message[1] = error.code;
  store16(message, 6, error.mtu);
  std::ranges::copy(quote, message.subspan(icmp_header_bytes).begin());
  seal(message);
  return result;
}

std::vector<std::uint8_t> build_echo_request(const Echo& echo, std::size_t payload_bytes,
                                             std::uint16_t ip_id) {
  Ipv4Header header;
  header.id = ip_id;
  header.source = echo.source.as_v4();
  header.destination = echo.destination.as_v4();
  auto result = make_packet(header, icmp_header_bytes + payload_bytes);
  const MutableBytes message = icmp_of(result);
  message[0] = icmp::echo_request;
  store16(message, 4, echo.ident);
  store16(message, 6, echo.sequence);
  std::uint8_t fill = 0;
  for (auto& byte : message.subspan(icmp_header_bytes)) byte = fill++;
  seal(message);
  return result;
}

std::vector<std::uint8_t> build_echo_reply(Bytes request, std::uint16_t ip_id) {
  const std::size_t header_bytes = std::size_t{4} * (request[0] & 0xf);
  const Bytes asked = request.subspan(header_bytes, load16(request, 2) - header_bytes);
  Ipv4Header header;
  header.tos = request[1];
  header.id = ip_id;
  header.source = load32(request, 16);
  header.destination = load32(request, 12);
  auto result = make_packet(header, asked.size());
  const MutableBytes message = icmp_of(result);
  std::ranges::copy(asked, message.begin());
  message[0] = icmp::echo_reply;
  seal(message);
  return result;
}

std::optional<IcmpMessage> parse_icmp(Bytes packet) {
  const auto header = parse_ipv4_packet(packet);
  if (!header || header->protocol != protocol_icmp || header->is_fragment()) return std::nullopt;
  const Bytes body = packet.first(header->total_bytes).subspan(header->header_bytes);
  if (body.size() < icmp_header_bytes || internet_checksum(body) != 0) return std::nullopt;
  IcmpMessage message{body[0], body[1], load16(body, 4), load16(body, 6), {}};
  if (is_error(message.type)) message.quote = body.subspan(icmp_header_bytes);
  if (message.type == icmp::unreachable && message.code == icmp::code_fragmentation_needed) {
    message.mtu = load16(body, 6);  // RFC 1191 §4
  }
  return message;
}

std::optional<Echo> quoted_echo_request(Bytes quote) {
  const auto header = parse_ipv4_header(quote);
  if (!header || header->protocol != protocol_icmp || header->fragment_offset != 0) {
    return std::nullopt;
  }
  const Bytes body = quote.subspan(header->header_bytes);
  if (body.size() < icmp_header_bytes || body[0] != icmp::echo_request) return std::nullopt;
  return Echo{MappedAddress::v4(header->source), MappedAddress::v4(header->destination),
              load16(body, 4), load16(body, 6)};
}

}  // namespace bgw::control
