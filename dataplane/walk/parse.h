// From bytes to fields, or to the reason why not. Pure: no packet buffers, nothing read beyond the
// given length, so that unit tests and the fuzzer run it on plain memory.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/published/drop_reason.h"
#include "dataplane/published/ipv6_address.h"
#include "dataplane/published/wire.h"
#include "dataplane/walk/checksum.h"

namespace bgw::dataplane {

// What a check returns when there is nothing wrong.
inline constexpr DropReason no_drop = DropReason::count_;

struct Ipv4Fields {
  std::uint32_t source = 0;       // host order
  std::uint32_t destination = 0;  // host order
  std::uint16_t total_bytes = 0;  // header and payload
};

// Addresses that stand for no single host anywhere, or for none beyond a link: 0/8, 127/8,
// 169.254/16, 224/4 and 240/4 with the limited broadcast (RFC 1122 §3.2.1.3, RFC 3927 §2.7).
constexpr bool is_martian(std::uint32_t address) noexcept {
  const std::uint32_t top = address >> 24;
  return bool(unsigned(top == 0) | unsigned(top == 127) | unsigned(top >= 224) |
              unsigned(address >> 16 == 0xa9fe));
}
constexpr DropReason martian_destination(std::uint32_t address) noexcept {
  if (address >> 28 == 0xe) return DropReason::destination_multicast;
  if (address == 0xffffffff) return DropReason::destination_broadcast;
  return DropReason::destination_martian;
}

// Of a packet from such a source. Hosts that have no address yet, or only one of the link's, speak
// to all and to groups: DHCP, IGMP, mDNS are no martians, but nobody forwards them.
constexpr DropReason martian_source(std::uint32_t source, std::uint32_t destination) noexcept {
  const bool of_link = source == 0 || source >> 16 == 0xa9fe;
  const bool to_link = destination >> 28 == 0xe || destination == 0xffffffff;
  return of_link && to_link ? martian_destination(destination) : DropReason::martian_source;
}

// Bounds and source routes; other options are nobody's business in transit. RFC 791 §3.1.
DropReason check_ipv4_options(const std::uint8_t* options, std::size_t bytes) noexcept;

// `ip` points to what should be an IPv4 header. `length` bytes lie between it and the frame's end,
// `readable` of them in the same buffer: all of them, or at least the longest header.
// RFC 1812 §5.2.2.
inline DropReason parse_ipv4(const std::uint8_t* ip, std::size_t readable, std::size_t length,
                             Ipv4Fields& fields) noexcept {
  if (readable < sizeof(Ipv4Header)) [[unlikely]]
    return DropReason::frame_truncated;
  const auto header = load<Ipv4Header>(ip);
  const std::size_t header_bytes = header.header_bytes();
  const std::size_t total_bytes = header.total_length.to_host();
  if (header.version() != 4) [[unlikely]]
    return DropReason::ipv4_version;
  if (header_bytes < sizeof(Ipv4Header) || header_bytes > readable) [[unlikely]]
    return DropReason::ipv4_header_length;
  if (total_bytes < header_bytes || total_bytes > length) [[unlikely]]
    return DropReason::ipv4_total_length;
  if (header_sum(ip, header_bytes) != 0xffff) [[unlikely]]
    return DropReason::ipv4_checksum;
  if (header_bytes != sizeof(Ipv4Header)) [[unlikely]] {
    const DropReason bad =
        check_ipv4_options(ip + sizeof(Ipv4Header), header_bytes - sizeof(Ipv4Header));
    if (bad != no_drop) return bad;
  }
  if (header.fragment_offset() != 0) [[unlikely]] {
    if (header.fragment_offset() == 1) return DropReason::tiny_fragment;
    if (header.fragment_offset() * 8 + total_bytes > 65535) return DropReason::fragment_overflow;
  }
  fields.source = header.source.to_host();
  fields.destination = header.destination.to_host();
  fields.total_bytes = static_cast<std::uint16_t>(total_bytes);
  if (is_martian(fields.source)) [[unlikely]]
    return martian_source(fields.source, fields.destination);
  if (is_martian(fields.destination)) [[unlikely]]
    return martian_destination(fields.destination);
  return no_drop;
}

struct Ipv6Fields {
  MappedAddress source;
  MappedAddress destination;
  std::uint32_t total_bytes = 0;  // header and payload
};

// As parse_ipv4(), without a look at the addresses. RFC 8200 §3.
inline DropReason parse_ipv6_header(const std::uint8_t* ip, std::size_t readable,
                                    std::size_t length, Ipv6Fields& fields) noexcept {
  if (readable < sizeof(Ipv6Header)) [[unlikely]]
    return DropReason::frame_truncated;
  const auto header = load<Ipv6Header>(ip);
  if (header.version() != 6) [[unlikely]]
    return DropReason::ipv6_version;
  const std::size_t payload = header.payload_length.to_host();
  // A payload length of 0 before a Hop-by-Hop header is a jumbogram's (RFC 2675).
  const bool jumbogram = payload == 0 && header.next_header == protocol_hop_by_hop;
  if (sizeof(Ipv6Header) + payload > length || jumbogram) [[unlikely]]
    return DropReason::ipv6_payload_length;
  fields.total_bytes = static_cast<std::uint32_t>(sizeof(Ipv6Header) + payload);
  fields.source = address_of(header.source);
  fields.destination = address_of(header.destination);
  return no_drop;
}

// As martian_source(): MLD, DHCPv6, mDNS.
inline DropReason martian_source_v6(const Ipv6Fields& fields) noexcept {
  const bool of_link = is_link_local(fields.source) || fields.source == MappedAddress{};
  return of_link && is_multicast_v6(fields.destination) ? DropReason::destination_multicast
                                                        : DropReason::martian_source;
}

inline DropReason check_ipv6_addresses(const Ipv6Fields& fields) noexcept {
  if (is_martian_v6(fields.source) || is_multicast_v6(fields.source)) [[unlikely]]
    return martian_source_v6(fields);
  if (is_multicast_v6(fields.destination)) [[unlikely]]
    return DropReason::destination_multicast;
  if (is_martian_v6(fields.destination)) [[unlikely]]
    return DropReason::destination_martian;
  return no_drop;
}

// A neighbour discovery message? Behind an extension header it would not be one (RFC 6980).
inline bool is_neighbour_discovery(const std::uint8_t* ip, std::size_t readable) noexcept {
  const auto header = load<Ipv6Header>(ip);
  if (header.next_header != protocol_icmpv6 || readable <= sizeof(Ipv6Header)) return false;
  const std::uint8_t type = ip[sizeof(Ipv6Header)];
  return type >= icmpv6_router_solicitation && type <= icmpv6_redirect;
}

// Complete Ethernet/IPv4 ARP? RFC 826.
inline DropReason check_arp(const std::uint8_t* arp, std::size_t readable) noexcept {
  if (readable < arp_ipv4_bytes) return DropReason::arp_malformed;
  const auto header = load<ArpPrefix>(arp);
  const bool ethernet_ipv4 = header.hardware.to_host() == 1 &&
                             header.protocol.to_host() == ethertype_ipv4 &&
                             header.hardware_bytes == 6 && header.protocol_bytes == 4;
  return ethernet_ipv4 ? no_drop : DropReason::arp_malformed;
}

}  // namespace bgw::dataplane
