#include "control/packets/mld.h"

#include <algorithm>
#include <array>

#include "control/packets/addresses.h"
#include "control/packets/ethernet.h"
#include "control/packets/ipv6.h"

namespace bgw::control {

using dataplane::MappedAddress;

namespace {

using Frame = std::vector<std::uint8_t>;

constexpr std::uint8_t next_header_hop_by_hop = 0;
constexpr std::uint8_t mld_hop_limit = 1;
constexpr std::uint8_t type_query = 130;
constexpr std::uint8_t type_report_v1 = 131;
constexpr std::uint8_t type_done_v1 = 132;
constexpr std::uint8_t type_report_v2 = 143;

constexpr std::size_t message_v1_bytes = 24;  // RFC 2710 §3
constexpr std::size_t query_v2_bytes = 28;    // RFC 3810 §5.1, without sources
constexpr std::size_t report_v2_bytes = 8;    // RFC 3810 §5.2, without records
constexpr std::size_t record_bytes = 20;      // without sources

constexpr std::uint8_t option_pad1 = 0;
constexpr std::uint8_t option_router_alert = 5;
// RFC 2711 §2.1: a datagram with an MLD message; then PadN.
constexpr std::array<std::uint8_t, 8> router_alert_header{
    next_header_icmp, 0, option_router_alert, 2, 0, 0, 1, 0};

// `options` of a hop-by-hop header; false also when they are malformed.
bool alerts_routers_of_mld(Bytes options) {
  for (std::size_t at = 0; at < options.size();) {
    if (options[at] == option_pad1) {
      ++at;
      continue;
    }
    if (options.size() - at < 2 || options.size() - at - 2 < options[at + 1]) return false;
    if (options[at] == option_router_alert) {
      return options[at + 1] == 2 && load16(options, at + 2) == 0;
    }
    at += 2 + std::size_t{options[at + 1]};
  }
  return false;
}

// RFC 3810 §5.1.3, §5.1.9: what has the first bit set is a floating-point number.
constexpr std::uint32_t long_value(std::uint32_t code, unsigned mantissa_bits) {
  const std::uint32_t first = 1u << (mantissa_bits + 3);
  if (code < first) return code;
  const std::uint32_t mantissa = code & ((1u << mantissa_bits) - 1);
  const std::uint32_t exponent = code >> mantissa_bits & 7;
  return (mantissa | 1u << mantissa_bits) << (exponent + 3);
}
static_assert(long_value(10'000, 12) == 10'000 && long_value(0x8000, 12) == 32768);
static_assert(long_value(0xffff, 12) == 8'387'584 && long_value(0xff, 4) == 31'744);

std::optional<MldQuery> read_query(Bytes message) {
  MldQuery query;
  const bool v2 = message.size() >= query_v2_bytes;
  if (!v2 && message.size() != message_v1_bytes) return std::nullopt;  // RFC 3810 §8.1
  query.version = v2 ? MldVersion::v2 : MldVersion::v1;
  const std::uint32_t delay = load16(message, 4);
  query.max_response = std::chrono::milliseconds{v2 ? long_value(delay, 12) : delay};
  const MappedAddress group = load_ipv6(message, 8);
  if (group != ipv6_unspecified) {
    if (!dataplane::is_multicast_v6(group)) return std::nullopt;
    query.group = group;
  }
  if (!v2) return query;
  const std::size_t sources = load16(message, 26);
  if (message.size() < query_v2_bytes + 16 * sources) return std::nullopt;
  query.robustness = message[24] & 7;
  query.interval = std::chrono::seconds{long_value(message[25], 4)};
  return query;
}

// `message` with its checksum to be filled in.
Frame frame_of(const MldSpeaker& speaker, const MappedAddress& to, Frame message) {
  store16(message, 2, icmp6_checksum(speaker.source, to, message));
  Frame packet(ipv6_header_bytes);
  write_ipv6_header(packet, {.payload_bytes = router_alert_header.size() + message.size(),
                             .next_header = next_header_hop_by_hop,
                             .hop_limit = mld_hop_limit,
                             .source = speaker.source,
                             .destination = to});
  packet.insert(packet.end(), router_alert_header.begin(), router_alert_header.end());
  packet.insert(packet.end(), message.begin(), message.end());
  return ethernet_frame(multicast_mac(to), speaker.mac, ethertype_ipv6, packet);
}

Frame message_v1(std::uint8_t type, const MappedAddress& group) {
  Frame message(message_v1_bytes);
  message[0] = type;
  store_ipv6(message, 8, group);
  return message;
}

}  // namespace

std::optional<MldQuery> parse_mld_query(Bytes packet) {
  const auto header = parse_ipv6_packet(packet);
  if (!header || header->hop_limit != mld_hop_limit || !is_link_local(header->source) ||
      header->next_header != next_header_hop_by_hop) {
    return std::nullopt;
  }
  packet = packet.first(header->total_bytes());
  const auto upper = find_upper_layer(packet);
  // Nothing but the hop-by-hop header comes before it.
  if (!upper || upper->protocol != next_header_icmp || upper->named_at != ipv6_header_bytes) {
    return std::nullopt;
  }
  const Bytes options =
      packet.subspan(ipv6_header_bytes + 2, upper->offset - ipv6_header_bytes - 2);
  const Bytes message = packet.subspan(upper->offset);
  if (!alerts_routers_of_mld(options) || message.empty() || message[0] != type_query ||
      icmp6_checksum(header->source, header->destination, message) != 0) {
    return std::nullopt;
  }
  return read_query(message);
}

std::size_t mld_records_within(std::uint16_t mtu) {
  constexpr std::size_t before = ipv6_header_bytes + router_alert_header.size() + report_v2_bytes;
  return mtu < before + record_bytes ? 1 : (mtu - before) / record_bytes;
}

std::vector<std::uint8_t> write_mld_report_v2(const MldSpeaker& speaker,
                                              std::span<const MldListening> records) {
  Frame message(report_v2_bytes + record_bytes * records.size());
  message[0] = type_report_v2;
  store16(message, 6, static_cast<std::uint16_t>(records.size()));
  std::size_t at = report_v2_bytes;
  for (const MldListening& one : records) {
    message[at] = static_cast<std::uint8_t>(one.record);
    store_ipv6(message, at + 4, one.group);
    at += record_bytes;
  }
  return frame_of(speaker, mldv2_routers, std::move(message));
}

std::vector<std::uint8_t> write_mld_report_v1(const MldSpeaker& speaker,
                                              const MappedAddress& group) {
  return frame_of(speaker, group, message_v1(type_report_v1, group));
}

std::vector<std::uint8_t> write_mld_done_v1(const MldSpeaker& speaker, const MappedAddress& group) {
  return frame_of(speaker, ipv6_all_routers, message_v1(type_done_v1, group));
}

}  // namespace bgw::control
