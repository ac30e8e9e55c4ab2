#include "control/packets/ipv6.h"

#include "control/packets/addresses.h"

namespace bgw::control {

using dataplane::Mac;
using dataplane::MappedAddress;

namespace {

std::uint64_t word_sum(const MappedAddress& address) {
  std::uint64_t sum = 0;
  for (unsigned shift = 0; shift < 64; shift += 16) {
    sum += (address.hi >> shift & 0xffff) + (address.lo >> shift & 0xffff);
  }
  return sum;
}

}  // namespace

std::optional<Ipv6Header> parse_ipv6_header(Bytes bytes) {
  if (bytes.size() < ipv6_header_bytes || bytes[0] >> 4 != 6) return std::nullopt;
  Ipv6Header header;
  header.traffic_class = static_cast<std::uint8_t>(load16(bytes, 0) >> 4);
  header.payload_bytes = load16(bytes, 4);
  header.next_header = bytes[6];
  header.hop_limit = bytes[7];
  header.source = load_ipv6(bytes, 8);
  header.destination = load_ipv6(bytes, 24);
  return header;
}

std::optional<Ipv6Header> parse_ipv6_packet(Bytes bytes) {
  auto header = parse_ipv6_header(bytes);
  if (header && header->total_bytes() > bytes.size()) return std::nullopt;
  return header;
}

void write_ipv6_header(MutableBytes bytes, const Ipv6Header& header) {
  store32(bytes, 0, 6u << 28 | std::uint32_t{header.traffic_class} << 20);
  store16(bytes, 4, static_cast<std::uint16_t>(header.payload_bytes));
  bytes[6] = header.next_header;
  bytes[7] = header.hop_limit;
  store_ipv6(bytes, 8, header.source);
  store_ipv6(bytes, 24, header.destination);
}

std::optional<dataplane::Ipv6Upper> find_upper_layer(Bytes packet) {
  if (!parse_ipv6_header(packet)) return std::nullopt;
  const auto upper = dataplane::find_ipv6_upper(packet.data(), packet.size());
  if ((!upper.found && upper.fragment_offset == 0) || upper.offset > packet.size()) {
    return std::nullopt;
  }
  return upper;
}

std::optional<dataplane::Ipv6HeaderProblem> find_header_problem(Bytes packet) {
  const auto header = parse_ipv6_packet(packet);
  if (!header) return std::nullopt;
  return dataplane::find_ipv6_header_problem(packet.data(), header->total_bytes());
}

std::uint16_t icmp6_checksum(const MappedAddress& source, const MappedAddress& destination,
                             Bytes message) {
  return internet_checksum(
      message, word_sum(source) + word_sum(destination) + message.size() + next_header_icmp);
}

Mac multicast_mac(const MappedAddress& group) {
  Mac mac{{0x33, 0x33}};
  for (unsigned i = 0; i < 4; ++i) {
    mac.bytes[2 + i] = static_cast<std::uint8_t>(group.lo >> (24 - 8 * i));
  }
  return mac;
}

bool is_anycast_of(const config::InterfaceAddress& interface, const MappedAddress& address) {
  return !interface.address.is_v4() && interface.length < 127 &&
         to_address(interface.on_link().address) == address;
}

bool is_ipv6_host_in(const config::InterfaceAddress& interface, const MappedAddress& address) {
  if (interface.address.is_v4() || address.is_v4()) return false;
  return interface.on_link().contains(to_config(address)) && !is_anycast_of(interface, address);
}

}  // namespace bgw::control
