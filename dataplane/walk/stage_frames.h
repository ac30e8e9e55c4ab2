// Stages 2 and 3 for frames: whose is it, by port, tag or VNI, and what is in it.
#pragma once

#include "dataplane/walk/decapsulation.h"
#include "dataplane/walk/stage_classify.h"
#include "dataplane/walk/stage_parse.h"

namespace bgw::dataplane {

// Of a frame whose owner and header length are known.
inline void parse_owned(const FibSnapshot& fib, Burst& burst, std::size_t i,
                        std::uint16_t type) noexcept {
  const VpcFib& vpc = fib.vpcs[burst.in_vpc[i].value];
  const auto* frame = rte_pktmbuf_mtod(burst.packet[i], const std::uint8_t*);
  const LinkAddress link = whose(destination_of(frame), vpc.mac);
  if (link == LinkAddress::other) [[unlikely]]
    return burst.drop(i, DropReason::not_for_us);
  if (has_no_sender(frame)) [[unlikely]]
    return burst.drop(i, DropReason::link_source);
  if (vpc.kind == LinkKind::underlay) return parse_underlay(fib, burst, i, type, link);
  parse_network(fib, burst, i, type, link);
}

// Whose it may be, and where its network header is. False if it has met its fate.
inline bool classify_frame(const FibSnapshot& fib, Burst& burst, std::size_t i) noexcept {
  rte_mbuf* packet = burst.packet[i];
  burst.frame_bytes[i] = packet->pkt_len;
  burst.ip_offset[i] = sizeof(EthernetHeader);
  const auto disown = [&](DropReason why) {
    burst.in_vpc[i] = no_vpc;
    burst.drop(i, why);
    return false;
  };
  if (!headers_contiguous(packet)) [[unlikely]] {
    burst.drop(i, DropReason::no_headroom);
    return false;
  }
  if (packet->data_len < sizeof(EthernetHeader)) [[unlikely]]
    return disown(DropReason::frame_truncated);
  const std::uint16_t type = ethertype_of(rte_pktmbuf_mtod(packet, const std::uint8_t*));
  if (is_tag(type) || has_stripped_tag(packet)) {
    const std::uint32_t type_at = classify_by_tags(fib, burst, i, type);
    if (type_at == 0 || burst.in_vpc[i].value >= fib.vpcs.size()) [[unlikely]]
      return disown(DropReason::unknown_vlan);
    burst.ip_offset[i] = static_cast<std::uint16_t>(type_at + sizeof(Be16));
    rte_prefetch0(&fib.vpcs[burst.in_vpc[i].value]);
  }
  if (burst.in_vpc[i] == no_vpc) [[unlikely]] {
    burst.drop(i, DropReason::no_interface);
    return false;
  }
  return true;
}

// Of a frame that may belong to burst.in_vpc[i].
inline void parse_frame(const FibSnapshot& fib, Burst& burst, std::size_t i) noexcept {
  if (!is_up(fib, burst.in_vpc[i])) [[unlikely]] {  // of the untagged ones' it is known
    burst.in_vpc[i] = no_vpc;
    return burst.drop(i, DropReason::unknown_vlan);
  }
  const auto* type_at = rte_pktmbuf_mtod_offset(burst.packet[i], const std::uint8_t*,
                                                burst.ip_offset[i] - sizeof(Be16));
  parse_owned(fib, burst, i, load<Be16>(type_at).to_host());
}

// In two steps for all, so that the interfaces of many VPCs are on their way into the cache.
inline void parse_frames(const FibSnapshot& fib, Burst& burst) noexcept {
  constexpr std::size_t ahead = 4;
  const auto prefetch = [&](std::size_t i) {
    rte_prefetch0(rte_pktmbuf_mtod(burst.packet[i], const void*));
  };
  Selection owned;
  for (std::size_t i = 0; i < std::min(ahead, burst.count); ++i) prefetch(i);
  for (std::size_t i = 0; i < burst.count; ++i) {
    if (i + ahead < burst.count) prefetch(i + ahead);
    if (classify_frame(fib, burst, i)) owned.add(i);
  }
  for (const std::size_t i : owned) parse_frame(fib, burst, i);
}

// Frames that were parsed before and waited since: their owner and burst.ip_offset are known, what
// was around them in a tunnel is gone.
inline void parse_held_frames(const FibSnapshot& fib, Burst& burst) noexcept {
  for (std::size_t i = 0; i < burst.count; ++i) {
    const auto* frame = rte_pktmbuf_mtod(burst.packet[i], const std::uint8_t*);
    burst.frame_bytes[i] = burst.packet[i]->pkt_len;
    // Workers punted it whole; a note that says otherwise is not believed.
    if (burst.ip_offset[i] < sizeof(EthernetHeader) ||
        burst.packet[i]->data_len < burst.ip_offset[i]) [[unlikely]] {
      burst.drop(i, DropReason::frame_truncated);
      continue;
    }
    const auto type = load<Be16>(frame + burst.ip_offset[i] - sizeof(Be16)).to_host();
    parse_owned(fib, burst, i, type);
  }
}

// Packets of the gateway itself begin with IP. Their addresses are the control thread's choice:
// link-local ones are right.
inline void parse_originated_packet(Burst& burst, std::size_t i) noexcept {
  burst.frame_bytes[i] = burst.packet[i]->pkt_len;
  burst.ip_offset[i] = 0;
  if (!headers_contiguous(burst.packet[i])) [[unlikely]]
    return burst.drop(i, DropReason::no_headroom);
  const View ip = view_at(burst.packet[i], 0);
  if (ip.readable == 0 || ip.bytes[0] >> 4 != 6) return parse_ipv4_at(burst, i, LinkAddress::ours);
  Ipv6Fields fields;
  const DropReason bad = parse_ipv6_header(ip.bytes, ip.readable, ip.length, fields);
  if (bad != no_drop) return burst.drop(i, bad);
  take_ipv6(burst, i, fields);
}

inline void parse_originated(Burst& burst) noexcept {
  for (std::size_t i = 0; i < burst.count; ++i) parse_originated_packet(burst, i);
}

}  // namespace bgw::dataplane
