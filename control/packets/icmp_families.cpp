#include "control/packets/icmp_families.h"

#include <fmt/format.h>

namespace bgw::control {

using dataplane::Address;

std::optional<IcmpPacket> IcmpOfIpv4::read(Bytes ip) {
  const auto header = parse_ipv4_packet(ip);
  if (!header) return std::nullopt;
  IcmpPacket packet{Address::v4(header->source), Address::v4(header->destination), header->ttl,
                    is_unicast(header->source), std::nullopt};
  if (!header->is_fragment()) packet.protocol = header->protocol;
  return packet;
}

std::optional<IcmpPacket> IcmpOfIpv6::read(Bytes ip) {
  const auto header = parse_ipv6_packet(ip);
  if (!header) return std::nullopt;
  IcmpPacket packet{header->source, header->destination, header->hop_limit,
                    is_unicast_v6(header->source), std::nullopt};
  const auto upper = find_upper_layer(ip.first(header->total_bytes()));
  if (upper && !is_one_of_several(*upper)) packet.protocol = upper->protocol;
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
