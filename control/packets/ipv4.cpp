#include "control/packets/ipv4.h"

#include <algorithm>

namespace bgw::control {
namespace {

constexpr std::uint16_t flag_dont_fragment = 0x4000;
constexpr std::uint16_t flag_more_fragments = 0x2000;
constexpr std::uint16_t offset_mask = 0x1fff;

bool in_prefix(const config::InterfaceAddress& interface, std::uint32_t address) {
  return interface.address.is_v4() && interface.on_link().contains(config::IpAddress::v4(address));
}

// All host bits zero or all one, in a prefix that has room for these two special addresses.
bool is_special_in(const config::InterfaceAddress& interface, std::uint32_t address) {
  if (interface.length >= 31) return false;
  const std::uint32_t host_mask = UINT32_MAX >> interface.length;
  const std::uint32_t host = address & host_mask;
  return host == 0 || host == host_mask;
}

}  // namespace

std::optional<Ipv4Header> parse_ipv4_header(Bytes bytes) {
  if (bytes.size() < ipv4_min_header_bytes || bytes[0] >> 4 != 4) return std::nullopt;
  Ipv4Header header;
  header.header_bytes = std::size_t{4} * (bytes[0] & 0xf);
  header.total_bytes = load16(bytes, 2);
  if (header.header_bytes < ipv4_min_header_bytes || header.header_bytes > bytes.size() ||
      header.total_bytes < header.header_bytes) {
    return std::nullopt;
  }
  const std::uint16_t fragment = load16(bytes, 6);
  header.tos = bytes[1];
  header.id = load16(bytes, 4);
  header.dont_fragment = (fragment & flag_dont_fragment) != 0;
  header.more_fragments = (fragment & flag_more_fragments) != 0;
  header.fragment_offset = std::size_t{8} * (fragment & offset_mask);
  header.ttl = bytes[8];
  header.protocol = bytes[9];
  header.source = load32(bytes, 12);
  header.destination = load32(bytes, 16);
  return header;
}

std::optional<Ipv4Header> parse_ipv4_packet(Bytes bytes) {
  auto header = parse_ipv4_header(bytes);
  if (header && header->total_bytes > bytes.size()) return std::nullopt;
  return header;
}

void write_ipv4_header(MutableBytes bytes, const Ipv4Header& header) {
  const auto offset_units = static_cast<std::uint16_t>(header.fragment_offset / 8);
  bytes[0] = 0x45;
  bytes[1] = header.tos;
  store16(bytes, 2, static_cast<std::uint16_t>(header.total_bytes));
  store16(bytes, 4, header.id);
  store16(bytes, 6,
          static_cast<std::uint16_t>((header.dont_fragment ? flag_dont_fragment : 0) |
                                     (header.more_fragments ? flag_more_fragments : 0) |
                                     (offset_units & offset_mask)));
  bytes[8] = header.ttl;
  bytes[9] = header.protocol;
  store16(bytes, 10, 0);
  store32(bytes, 12, header.source);
  store32(bytes, 16, header.destination);
  store16(bytes, 10, internet_checksum(bytes.first(ipv4_min_header_bytes)));
}

bool is_unicast(std::uint32_t address) {
  const std::uint32_t top = address >> 24;
  return top != 0 && top != 127 && top < 224;
}

bool is_host_in(const config::InterfaceAddress& interface, std::uint32_t address) {
  return in_prefix(interface, address) && !is_special_in(interface, address);
}

bool is_directed_broadcast(std::span<const config::InterfaceAddress> on_link,
                           std::uint32_t address) {
  return std::ranges::any_of(on_link, [&](const config::InterfaceAddress& interface) {
    return in_prefix(interface, address) && is_special_in(interface, address);
  });
}

const config::InterfaceAddress* on_link_address(std::span<const config::InterfaceAddress> addresses,
                                                std::uint32_t other) {
  const auto found = std::ranges::find_if(
      addresses,
      [&](const config::InterfaceAddress& interface) { return is_host_in(interface, other); });
  return found == addresses.end() ? nullptr : &*found;
}

}  // namespace bgw::control
