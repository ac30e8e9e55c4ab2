#include "control/ipv6.h"

#include "control/addresses.h"

namespace bgw::control {

using dataplane::Address;
using dataplane::Mac;

namespace {

constexpr unsigned max_extension_headers = 8;
constexpr std::uint16_t more_fragments = 1;
constexpr std::uint16_t offset_mask = 0xfff8;

std::uint64_t word_sum(const Address& address) {
  std::uint64_t sum = 0;
  for (unsigned shift = 0; shift < 64; shift += 16) {
    sum += (address.hi >> shift & 0xffff) + (address.lo >> shift & 0xffff);
  }
  return sum;
}

// Bytes of the extension header at `at`, of which eight are there.
std::size_t extension_bytes(std::uint8_t next_header, Bytes packet, std::size_t at) {
  switch (next_header) {
    case next_header_hop_by_hop:
    case next_header_routing:
    case next_header_destination_options:
      return std::size_t{8} * (packet[at + 1] + 1u);
    case next_header_authentication:  // RFC 4302 §2.2: in units of its own
      return std::size_t{4} * (packet[at + 1] + 2u);
    case next_header_fragment:
      return 8;
    default:
      return 0;
  }
}

bool is_extension(std::uint8_t next_header) {
  return next_header == next_header_hop_by_hop || next_header == next_header_routing ||
         next_header == next_header_destination_options ||
         next_header == next_header_authentication || next_header == next_header_fragment;
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

std::optional<UpperLayer> find_upper_layer(Bytes packet) {
  const auto header = parse_ipv6_header(packet);
  if (!header) return std::nullopt;
  UpperLayer upper{.protocol = header->next_header, .offset = ipv6_header_bytes};
  for (unsigned i = 0; is_extension(upper.protocol); ++i) {
    const std::size_t at = upper.offset;
    if (i == max_extension_headers || packet.size() - at < 8) return std::nullopt;
    const std::size_t length = extension_bytes(upper.protocol, packet, at);
    if (packet.size() - at < length) return std::nullopt;
    const bool fragments = upper.protocol == next_header_fragment;
    upper.protocol = packet[at];
    upper.named_at = at;
    upper.offset = at + length;
    if (!fragments) continue;
    upper.fragment_header_at = at;
    upper.fragment_offset = load16(packet, at + 2) & offset_mask;
    upper.is_fragment =
        upper.fragment_offset != 0 || (load16(packet, at + 2) & more_fragments) != 0;
    if (upper.fragment_offset != 0) break;
  }
  return upper;
}

std::uint16_t icmp6_checksum(const Address& source, const Address& destination, Bytes message) {
  return internet_checksum(
      message, word_sum(source) + word_sum(destination) + message.size() + next_header_icmp);
}

Mac multicast_mac(const Address& group) {
  Mac mac{{0x33, 0x33}};
  for (unsigned i = 0; i < 4; ++i) {
    mac.bytes[2 + i] = static_cast<std::uint8_t>(group.lo >> (24 - 8 * i));
  }
  return mac;
}

Address link_local_address(const Mac& mac) {
  const auto at = [&](std::size_t i) { return std::uint64_t{mac.bytes[i]}; };
  return Address::v6(0xfe80ull << 48, (at(0) ^ 2) << 56 | at(1) << 48 | at(2) << 40 |
                                          0xfffeull << 24 | at(3) << 16 | at(4) << 8 | at(5));
}

bool is_ipv6_host_in(const config::InterfaceAddress& interface, const Address& address) {
  if (interface.address.is_v4() || address.is_v4()) return false;
  const auto prefix = interface.on_link();
  return prefix.contains(to_config(address)) &&
         (interface.length >= 127 || to_address(prefix.address) != address);
}

}  // namespace bgw::control
