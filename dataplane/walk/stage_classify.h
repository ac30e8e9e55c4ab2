// Stage 2, classify: which VPC's interface owns the packets of a burst.
#pragma once

#include <rte_mbuf.h>

#include <algorithm>
#include <optional>

#include "dataplane/walk/burst.h"

namespace bgw::dataplane {

inline bool is_up(const FibSnapshot& fib, VpcIndex vpc) noexcept {
  return vpc.value < fib.vpcs.size() && fib.vpcs[vpc.value].in_use && fib.vpcs[vpc.value].enabled;
}

// Frames from one port: all belong to whoever has its untagged traffic, until classify_by_tags()
// finds another owner.
inline void classify_by_port(const FibSnapshot& fib, Burst& burst) noexcept {
  VpcIndex owner = no_vpc;
  if (burst.port.value < fib.ports.size()) owner = fib.ports[burst.port.value].untagged;
  if (!is_up(fib, owner)) owner = no_vpc;
  std::fill_n(burst.in_vpc.begin(), burst.count, owner);
  std::fill_n(burst.in_tunnel.begin(), burst.count, no_tunnel);
}

constexpr bool is_tag(std::uint16_t type) noexcept {
  return type == ethertype_vlan || type == ethertype_service_vlan;
}
inline bool has_stripped_tag(const rte_mbuf* packet) noexcept {
  return (packet->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0;
}

// The tags of a frame, outermost first, whether the device has stripped one or not, and where what
// they tag has its type.
struct FrameTags {
  std::array<VlanTag, 2> tags;
  std::size_t count = 0;
  std::uint32_t type_at = 0;
};
inline std::optional<FrameTags> read_tags(const rte_mbuf* packet) noexcept {
  FrameTags found;
  found.type_at = offsetof(EthernetHeader, type);
  if (has_stripped_tag(packet)) {
    // The device does not say by which type it knew the tag; another one behind it tells.
    const auto next = rte_pktmbuf_mtod_offset(packet, const std::uint8_t*, found.type_at);
    const bool outer = load<Be16>(next).to_host() == ethertype_vlan;
    found.tags[found.count++] = {
        .tag_type = Be16::from_host(outer ? ethertype_service_vlan : ethertype_vlan),
        .control = Be16::from_host(packet->vlan_tci)};
  }
  for (; found.count <= found.tags.size(); found.type_at += sizeof(VlanTag)) {
    if (found.type_at + sizeof(Be16) > packet->data_len) return std::nullopt;
    const auto* at = rte_pktmbuf_mtod_offset(packet, const std::uint8_t*, found.type_at);
    if (!is_tag(load<Be16>(at).to_host())) return found;
    if (found.count == found.tags.size()) return std::nullopt;  // more than any interface has
    if (found.type_at + sizeof(VlanTag) > packet->data_len) return std::nullopt;
    found.tags[found.count++] = load<VlanTag>(at);
  }
  return std::nullopt;
}

// Who owns a frame with these tags: an 802.1Q tag, or one within an 802.1ad tag. Tags of id 0 carry
// priority only (802.1Q §6.9).
inline VpcIndex owner_by_tags(const PortFib& port, const FrameTags& tags) noexcept {
  const bool customer_last = tags.tags[tags.count - 1].tag_type.to_host() == ethertype_vlan;
  if (!customer_last) return no_vpc;
  if (tags.count == 1) return port.owner(tags.tags[0].id());
  const bool service_first = tags.tags[0].tag_type.to_host() == ethertype_service_vlan;
  return service_first ? port.owner(tags.tags[0].id(), tags.tags[1].id()) : no_vpc;
}

// One 802.1Q tag within the frame, as most tagged frames have it.
inline bool has_one_vlan_tag(const rte_mbuf* packet, std::uint16_t type) noexcept {
  constexpr std::uint32_t inner_type_at = offsetof(EthernetHeader, type) + sizeof(VlanTag);
  if (type != ethertype_vlan || has_stripped_tag(packet)) return false;
  if (inner_type_at + sizeof(Be16) > packet->data_len) return false;
  const auto* at = rte_pktmbuf_mtod_offset(packet, const std::uint8_t*, inner_type_at);
  return !is_tag(load<Be16>(at).to_host());
}

// A tagged frame of that type: sets who owns the tags, up or not, and returns where the type behind
// them is; 0 when no interface owns them.
inline std::uint32_t classify_by_tags(const FibSnapshot& fib, Burst& burst, std::size_t i,
                                      std::uint16_t type) noexcept {
  burst.in_vpc[i] = no_vpc;
  if (burst.port.value >= fib.ports.size()) return 0;
  const PortFib& port = fib.ports[burst.port.value];
  const rte_mbuf* packet = burst.packet[i];
  if (has_one_vlan_tag(packet, type)) [[likely]] {
    constexpr std::uint32_t at = offsetof(EthernetHeader, type);
    burst.in_vpc[i] =
        port.owner(vlan_id_at(rte_pktmbuf_mtod_offset(packet, const std::uint8_t*, at)));
    return at + sizeof(VlanTag);
  }
  const auto tags = read_tags(packet);
  if (!tags) return 0;
  burst.in_vpc[i] = owner_by_tags(port, *tags);
  return tags->type_at;
}

}  // namespace bgw::dataplane
