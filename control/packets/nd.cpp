#include "control/packets/nd.h"

#include <algorithm>
#include <set>

#include "control/packets/addresses.h"
#include "control/packets/ethernet.h"
#include "control/packets/ipv6.h"

namespace bgw::control {

using dataplane::Mac;
using dataplane::MappedAddress;

namespace {

constexpr std::uint8_t nd_hop_limit = 255;
constexpr std::uint8_t option_source_link_address = 1;
constexpr std::uint8_t option_target_link_address = 2;
constexpr std::uint8_t option_prefix_information = 3;
constexpr std::uint8_t option_mtu = 5;
constexpr std::size_t option_unit = 8;  // bytes; option lengths count these

constexpr std::size_t solicitation_bytes = 24;  // RFC 4861 §4.3, §4.4: both neighbour messages

// RFC 4861 §4.4.
constexpr std::uint8_t flag_router = 0x80;
constexpr std::uint8_t flag_solicited = 0x40;
constexpr std::uint8_t flag_override = 0x20;
// RFC 4861 §4.6.2.
constexpr std::uint8_t flag_on_link = 0x80;
constexpr std::uint8_t flag_autonomous = 0x40;

// Bytes before the options; 0 for what isn't neighbour discovery.
std::size_t fixed_bytes(NdType type) {
  switch (type) {
    case NdType::router_solicitation:
      return 8;
    case NdType::router_advertisement:
      return 16;
    case NdType::neighbour_solicitation:
    case NdType::neighbour_advertisement:
      return solicitation_bytes;
    case NdType::redirect:
      return 40;
  }
  return 0;
}

std::uint8_t link_option_of(NdType type) {
  return type == NdType::neighbour_advertisement || type == NdType::redirect
             ? option_target_link_address
             : option_source_link_address;
}

// False when one is malformed.
bool read_options(Bytes options, NdMessage& message) {
  for (std::size_t at = 0; at < options.size();) {
    if (options.size() - at < 2) return false;
    const std::size_t length = option_unit * options[at + 1];
    if (length == 0 || length > options.size() - at) return false;
    if (options[at] == link_option_of(message.type)) {
      const Mac mac = load_mac(options, at + 2);
      if (length != option_unit || mac.is_multicast() || mac == Mac{}) return false;
      message.link_address = mac;
    }
    at += length;
  }
  return true;
}

// RFC 4861 §7.1.1, §7.1.2, §6.1.1, §6.1.2, §8.1.
bool addresses_fit(const NdMessage& message) {
  const bool unspecified = message.source == ipv6_unspecified;
  if (!unspecified && !is_unicast_v6(message.source)) return false;
  switch (message.type) {
    case NdType::neighbour_solicitation:
      if (!is_unicast_v6(message.target)) return false;
      return !unspecified ||
             (!message.link_address && message.destination == solicited_node(message.target));
    case NdType::neighbour_advertisement:
      if (unspecified || !is_unicast_v6(message.target)) return false;
      return !message.solicited || !is_multicast_v6(message.destination);
    case NdType::router_solicitation:
      return !unspecified || !message.link_address;
    case NdType::router_advertisement:
    case NdType::redirect:
      return is_link_local(message.source);
  }
  return false;
}

using Frame = std::vector<std::uint8_t>;

void append_link_option(Frame& icmp, std::uint8_t type, const Mac& mac) {
  icmp.insert(icmp.end(), {type, 1});
  icmp.insert(icmp.end(), mac.bytes.begin(), mac.bytes.end());
}

// `icmp` with its checksum to be filled in.
Frame frame_of(const NdPath& path, Frame icmp) {
  store16(icmp, 2, icmp6_checksum(path.source, path.destination, icmp));
  Frame packet(ipv6_header_bytes + icmp.size());
  write_ipv6_header(packet, {.payload_bytes = icmp.size(),
                             .next_header = next_header_icmp,
                             .hop_limit = nd_hop_limit,
                             .source = path.source,
                             .destination = path.destination});
  std::ranges::copy(icmp, MutableBytes(packet).subspan(ipv6_header_bytes).begin());
  return ethernet_frame(path.to, path.from, ethertype_ipv6, packet);
}

Frame neighbour_message(NdType type, const MappedAddress& target) {
  Frame icmp(solicitation_bytes);
  icmp[0] = static_cast<std::uint8_t>(type);
  store_ipv6(icmp, 8, target);
  return icmp;
}

}  // namespace

std::optional<NdMessage> parse_nd(Bytes packet) {
  const auto header = parse_ipv6_packet(packet);
  if (!header || header->hop_limit != nd_hop_limit) return std::nullopt;
  packet = packet.first(header->total_bytes());
  const auto upper = find_upper_layer(packet);
  if (!upper || upper->protocol != next_header_icmp || upper->fragment_header_at != 0) {
    return std::nullopt;
  }
  const Bytes icmp = packet.subspan(upper->offset);
  if (icmp.empty()) return std::nullopt;
  NdMessage message{.type = static_cast<NdType>(icmp[0]),
                    .source = header->source,
                    .destination = header->destination};
  const std::size_t fixed = fixed_bytes(message.type);
  if (fixed == 0 || icmp.size() < fixed || icmp[1] != 0 ||
      icmp6_checksum(header->source, header->destination, icmp) != 0) {
    return std::nullopt;
  }
  if (fixed == solicitation_bytes) {
    message.target = load_ipv6(icmp, 8);
    if (message.type == NdType::neighbour_advertisement) {
      message.solicited = (icmp[4] & flag_solicited) != 0;
      message.overrides = (icmp[4] & flag_override) != 0;
    }
  }
  if (!read_options(icmp.subspan(fixed), message) || !addresses_fit(message)) return std::nullopt;
  return message;
}

std::vector<std::uint8_t> write_neighbour_solicitation(const NdPath& path,
                                                       const MappedAddress& target) {
  auto icmp = neighbour_message(NdType::neighbour_solicitation, target);
  if (path.source != ipv6_unspecified) {
    append_link_option(icmp, option_source_link_address, path.from);
  }
  return frame_of(path, std::move(icmp));
}

std::vector<std::uint8_t> write_neighbour_advertisement(const NdPath& path,
                                                        const MappedAddress& target,
                                                        NdFlags flags) {
  auto icmp = neighbour_message(NdType::neighbour_advertisement, target);
  icmp[4] = static_cast<std::uint8_t>((flags.router ? flag_router : 0) |
                                      (flags.solicited ? flag_solicited : 0) |
                                      (flags.overrides ? flag_override : 0));
  append_link_option(icmp, option_target_link_address, path.from);
  return frame_of(path, std::move(icmp));
}

std::vector<std::uint8_t> write_router_advertisement(
    const NdPath& path, std::uint16_t mtu, const std::vector<config::InterfaceAddress>& addresses,
    bool autoconfiguration) {
  Frame icmp(fixed_bytes(NdType::router_advertisement));
  icmp[0] = static_cast<std::uint8_t>(NdType::router_advertisement);
  icmp[4] = ra_hop_limit;
  store16(icmp, 6, ra_router_lifetime);
  append_link_option(icmp, option_source_link_address, path.from);
  Frame mtu_option{option_mtu, 1, 0, 0, 0, 0, 0, 0};
  store32(mtu_option, 4, mtu);
  icmp.insert(icmp.end(), mtu_option.begin(), mtu_option.end());

  std::set<config::IpPrefix> prefixes;
  for (const auto& interface : addresses) {
    if (!interface.address.is_v4()) prefixes.insert(interface.on_link());
  }
  for (const auto& prefix : prefixes) {
    Frame option(4 * option_unit);
    if (ipv6_header_bytes + icmp.size() + option.size() > mtu) break;
    option[0] = option_prefix_information;
    option[1] = 4;
    option[2] = prefix.length;
    const bool autonomous = autoconfiguration && prefix.length == 64;
    option[3] = static_cast<std::uint8_t>(flag_on_link | (autonomous ? flag_autonomous : 0));
    store32(option, 4, ra_valid_lifetime);
    store32(option, 8, ra_preferred_lifetime);
    store_ipv6(option, 16, to_address(prefix.address));
    icmp.insert(icmp.end(), option.begin(), option.end());
  }
  return frame_of(path, std::move(icmp));
}

}  // namespace bgw::control
