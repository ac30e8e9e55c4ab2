#include "control/packets/icmp_families.h"

#include <fmt/format.h>

namespace bgw::control {

using dataplane::MappedAddress;

namespace {

// Of a TCP or UDP header, as far as it is there.
std::optional<std::uint16_t> destination_port(std::uint8_t protocol, Bytes upper) {
  const bool has_ports = protocol == protocol_tcp || protocol == protocol_udp;
  if (!has_ports || upper.size() < 4) return std::nullopt;
  return load16(upper, 2);
}

}  // namespace

std::optional<IcmpPacket> IcmpOfIpv4::read(Bytes ip) {
  const auto header = parse_ipv4_packet(ip);
  if (!header) return std::nullopt;
  IcmpPacket packet{MappedAddress::v4(header->source),
                    MappedAddress::v4(header->destination),
                    header->ttl,
                    is_unicast(header->source),
                    {},
                    {}};
  if (header->is_fragment()) return packet;
  packet.protocol = header->protocol;
  packet.port = destination_port(header->protocol,
                                 ip.first(header->total_bytes).subspan(header->header_bytes));
  return packet;
}

std::optional<IcmpPacket> IcmpOfIpv6::read(Bytes ip) {
  const auto header = parse_ipv6_packet(ip);
  if (!header) return std::nullopt;
  IcmpPacket packet{header->source,
                    header->destination,
                    header->hop_limit,
                    is_unicast_v6(header->source),
                    {},
                    {}};
  const Bytes whole = ip.first(header->total_bytes());
  const auto upper = find_upper_layer(whole);
  if (!upper || is_one_of_several(*upper)) return packet;
  packet.protocol = upper->protocol;
  if (upper->offset <= whole.size()) {
    packet.port = destination_port(upper->protocol, whole.subspan(upper->offset));
  }
  return packet;
}

std::string IcmpOfIpv4::describe(std::uint8_t type, std::uint8_t code) {
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

std::string IcmpOfIpv6::describe(std::uint8_t type, std::uint8_t code) {
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

}  // namespace bgw::control
