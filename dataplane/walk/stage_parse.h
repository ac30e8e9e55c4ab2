// Stage 3, parse: Ethernet and IPv4, IPv6 or ARP, bounds checks first. Fills in the fields that
// later stages need, or drops with the reason.
#pragma once

#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include <algorithm>

#include "dataplane/walk/burst.h"
#include "dataplane/walk/flow_hash.h"
#include "dataplane/walk/parse.h"
#include "dataplane/walk/stage_classify.h"

namespace bgw::dataplane {

// What stages read of a frame without a look at how much there is lies within this many bytes:
// Ethernet with two tags and the longest header of either family. What follows, extension headers
// above all, may reach further: who goes there reads as far as the first buffer goes (View), or has
// it gathered.
inline constexpr std::uint32_t headers_max_bytes = 256;

// A frame may be spread over several buffers. Moves it together unless the first one has `bytes` of
// it, or all. False if it has no room for that.
inline bool gather(rte_mbuf* packet, std::uint32_t bytes) noexcept {
  if (packet->nb_segs == 1) [[likely]]
    return true;
  return packet->data_len >= std::min(packet->pkt_len, bytes) || rte_pktmbuf_linearize(packet) == 0;
}
inline bool headers_contiguous(rte_mbuf* packet) noexcept {
  return gather(packet, headers_max_bytes);
}

// Cuts what lies behind the first `bytes`: Ethernet's padding.
inline void cut_to(rte_mbuf* packet, std::uint32_t bytes) noexcept {
  if (packet->pkt_len == bytes) return;
  rte_mbuf* last = packet;
  std::uint32_t left = bytes;
  std::uint16_t segments = 1;
  while (left > last->data_len) {
    left -= last->data_len;
    last = last->next;
    ++segments;
  }
  if (last->next != nullptr) {
    rte_pktmbuf_free(last->next);
    last->next = nullptr;
  }
  last->data_len = static_cast<std::uint16_t>(left);
  packet->nb_segs = segments;
  packet->pkt_len = bytes;
}

enum class LinkAddress : std::uint8_t { ours, group, other };

inline LinkAddress whose(const Mac& destination, const Mac& own) noexcept {
  if (mac_bits(destination) == mac_bits(own)) [[likely]]
    return LinkAddress::ours;
  return destination.is_multicast() ? LinkAddress::group : LinkAddress::other;
}

// What lies at `offset` of a packet: the bytes of the first buffer, and how many there are in all.
struct View {
  const std::uint8_t* bytes;
  std::size_t readable;
  std::size_t length;
};
inline View view_at(const rte_mbuf* packet, std::uint32_t offset) noexcept {
  return {rte_pktmbuf_mtod_offset(packet, const std::uint8_t*, offset), packet->data_len - offset,
          packet->pkt_len - offset};
}

// Of a packet that parse has taken and nothing has changed since.
inline const UpperLayer& upper_of(Burst& burst, std::size_t i) noexcept {
  const std::uint64_t bit = std::uint64_t{1} << i;
  if ((burst.uppers_known & bit) == 0) {
    const View ip = view_at(burst.packet[i], burst.ip_offset[i]);
    burst.upper[i] = upper_layer(ip.bytes, ip.readable);
    burst.uppers_known |= bit;
  }
  return burst.upper[i];
}

// The same, for who asks first: kept for who asks later.
inline std::uint64_t flow_hash_of(Burst& burst, std::size_t i) noexcept {
  const std::uint64_t bit = std::uint64_t{1} << i;
  if ((burst.hashes_known & bit) == 0) {
    const View ip = view_at(burst.packet[i], burst.ip_offset[i]);
    burst.flow_hash[i] = flow_hash(ip.bytes, upper_of(burst, i), ip.readable);
    burst.hashes_known |= bit;
  }
  return burst.flow_hash[i];
}

// The same, for who asks last.
template <typename Family>
inline std::uint64_t last_flow_hash_of(const Burst& burst, std::size_t i) noexcept {
  if ((burst.hashes_known >> i & 1) != 0) [[unlikely]]
    return burst.flow_hash[i];
  const View ip = view_at(burst.packet[i], burst.ip_offset[i]);
  if constexpr (std::is_same_v<Family, Ipv4>) {
    return flow_hash_ipv4(ip.bytes, ip.readable);
  } else {
    return flow_hash_ipv6(ip.bytes, ip.readable);
  }
}

inline void take_ipv4(Burst& burst, std::size_t i, const Ipv4Fields& fields) noexcept {
  cut_to(burst.packet[i], burst.ip_offset[i] + fields.total_bytes);
  burst.v4.source[i] = fields.source;
  burst.v4.destination[i] = fields.destination;
  burst.ip_bytes[i] = fields.total_bytes;
  burst.v4.packets.add(i);
}

inline void take_ipv6(Burst& burst, std::size_t i, const Ipv6Fields& fields) noexcept {
  cut_to(burst.packet[i], burst.ip_offset[i] + fields.total_bytes);
  burst.v6.source[i] = Ipv6::key(fields.source);
  burst.v6.destination[i] = Ipv6::key(fields.destination);
  burst.ip_bytes[i] = fields.total_bytes;
  burst.v6.packets.add(i);
}

inline void parse_ipv4_at(Burst& burst, std::size_t i, LinkAddress link) noexcept {
  const View ip = view_at(burst.packet[i], burst.ip_offset[i]);
  Ipv4Fields fields;
  const DropReason bad = parse_ipv4(ip.bytes, ip.readable, ip.length, fields);
  if (bad != no_drop) [[unlikely]]
    return burst.drop(i, bad);
  // RFC 1812 §5.3.4
  if (link != LinkAddress::ours) [[unlikely]]
    return burst.drop(i, DropReason::link_broadcast);
  take_ipv4(burst, i, fields);
}

// An IPv6 packet that no router forwards, for the reason `bad` of its addresses. It is the
// gateway's own business if it comes from a host of the link and is for the gateway there.
void take_from_link(const FibSnapshot& fib, Burst& burst, std::size_t i, const Ipv6Fields& fields,
                    DropReason bad) noexcept;

// Neighbour discovery has its own class: it is not forwarded, and much of it is multicast. False:
// it isn't any, or has come from beyond the link to an address beyond it.
inline bool take_neighbour_discovery(Burst& burst, std::size_t i, const View& ip,
                                     const Ipv6Fields& fields) noexcept {
  if (!is_neighbour_discovery(ip.bytes, std::min<std::size_t>(ip.readable, fields.total_bytes)))
      [[likely]]
    return false;
  const bool undiminished = ip.bytes[ipv6_hop_limit_offset] == 255;
  const bool link_scope = is_multicast_v6(fields.destination) || is_link_local(fields.destination);
  if (!undiminished && !link_scope) return false;
  if (undiminished) {
    cut_to(burst.packet[i], burst.ip_offset[i] + fields.total_bytes);
    burst.punt(i, PuntClass::nd, burst.in_vpc[i]);
  } else {
    burst.drop(i, DropReason::nd_malformed);
  }
  return true;
}

inline void parse_ipv6_at(const FibSnapshot& fib, Burst& burst, std::size_t i,
                          LinkAddress link) noexcept {
  const View ip = view_at(burst.packet[i], burst.ip_offset[i]);
  Ipv6Fields fields;
  DropReason bad = parse_ipv6_header(ip.bytes, ip.readable, ip.length, fields);
  if (bad != no_drop) [[unlikely]]
    return burst.drop(i, bad);
  if (take_neighbour_discovery(burst, i, ip, fields)) [[unlikely]]
    return;
  if (link != LinkAddress::ours && !is_multicast_v6(fields.destination)) [[unlikely]]
    return burst.drop(i, DropReason::link_broadcast);
  bad = check_ipv6_addresses(fields);
  if (bad != no_drop) [[unlikely]]
    return take_from_link(fib, burst, i, fields, bad);
  take_ipv6(burst, i, fields);
}

inline void parse_arp_at(Burst& burst, std::size_t i) noexcept {
  const View arp = view_at(burst.packet[i], burst.ip_offset[i]);
  const DropReason bad = check_arp(arp.bytes, arp.readable);
  if (bad != no_drop) return burst.drop(i, bad);
  burst.punt(i, PuntClass::arp, burst.in_vpc[i]);
}

// What follows the link header, by its type.
inline void parse_network(const FibSnapshot& fib, Burst& burst, std::size_t i, std::uint16_t type,
                          LinkAddress link) noexcept {
  if (type == ethertype_ipv4) [[likely]]
    return parse_ipv4_at(burst, i, link);
  if (type == ethertype_ipv6) return parse_ipv6_at(fib, burst, i, link);
  if (type == ethertype_arp) return parse_arp_at(burst, i);
  burst.drop(i, DropReason::unknown_ethertype);
}

}  // namespace bgw::dataplane
