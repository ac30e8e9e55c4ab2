// What an ARP frame or a neighbour discovery message says, as far as it decides how soon the
// control thread hears of it. Whether it is right in all is for that one to see.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/published/types.h"
#include "dataplane/published/wire.h"
#include "dataplane/walk/parse.h"
#include "dataplane/walk/stage_parse.h"

namespace bgw::dataplane {

struct NeighbourMessage {
  enum class Kind : std::uint8_t {
    answer,  // an ARP reply, or a neighbour advertisement
    asks,    // a request or solicitation, of neighbours or routers
    other,   // none of these, or cut off
  };
  Kind kind = Kind::other;
  MappedAddress address;  // whom it is about: the sender, or an advertisement's target
  std::uint64_t mac = 0;  // that it says is theirs, or that the frame comes from; bits as Link's
};

// Of a frame that check_arp() has taken.
inline NeighbourMessage read_arp(const rte_mbuf* frame, std::uint16_t ip_offset) noexcept {
  constexpr std::size_t sender_mac = 8, sender_address = 14;
  const auto* arp = rte_pktmbuf_mtod_offset(frame, const std::uint8_t*, ip_offset);
  const bool is_reply = load<ArpPrefix>(arp).operation.to_host() == 2;
  return {is_reply ? NeighbourMessage::Kind::answer : NeighbourMessage::Kind::asks,
          MappedAddress::v4(load<Be32>(arp + sender_address).to_host()),
          mac_bits(load<Mac>(arp + sender_mac))};
}

// Of a frame in whose first buffer an Ethernet and an IPv6 header lie.
inline NeighbourMessage read_nd(const rte_mbuf* frame, std::uint16_t ip_offset) noexcept {
  constexpr std::size_t source_offset = 8, source_mac = 6;
  constexpr std::size_t target_offset = sizeof(Ipv6Header) + 8;
  constexpr std::uint8_t advertisement = 136;
  const View ip = view_at(frame, ip_offset);
  if (ip_offset < sizeof(EthernetHeader) || ip.readable <= sizeof(Ipv6Header)) return {};
  const std::uint8_t type = ip.bytes[sizeof(Ipv6Header)];
  if (type < icmpv6_router_solicitation || type > advertisement) return {};
  const bool is_answer = type == advertisement;
  if (is_answer && ip.readable < target_offset + 16) return {};
  const std::uint8_t* address = ip.bytes + (is_answer ? target_offset : source_offset);
  return {is_answer ? NeighbourMessage::Kind::answer : NeighbourMessage::Kind::asks,
          address_of(load<std::array<Be64, 2>>(address)),
          mac_bits(load<Mac>(rte_pktmbuf_mtod_offset(frame, const std::uint8_t*, source_mac)))};
}

}  // namespace bgw::dataplane
