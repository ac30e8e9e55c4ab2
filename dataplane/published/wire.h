// Headers as they are on the wire. Frames give them no alignment, so they are copied out and in
// with load() and store(), which compilers turn into plain moves.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "dataplane/published/types.h"

namespace bgw::dataplane {

struct EthernetHeader {
  Mac destination;
  Mac source;
  Be16 type;
};
static_assert(sizeof(EthernetHeader) == 14);

enum EtherType : std::uint16_t {
  ethertype_ipv4 = 0x0800,
  ethertype_arp = 0x0806,
  ethertype_ipv6 = 0x86dd,
  ethertype_vlan = 0x8100,          // 802.1Q
  ethertype_service_vlan = 0x88a8,  // 802.1ad
};

// What stands between a frame's addresses and its type (802.1Q §9.3): a type that says that this is
// a tag comes first.
struct VlanTag {
  Be16 tag_type;
  Be16 control;  // priority, drop eligible, id
  std::uint16_t id() const { return control.to_host() & 0x0fff; }
};
static_assert(sizeof(VlanTag) == 4);

// RFC 791 §3.1.
struct Ipv4Header {
  std::uint8_t version_ihl;
  std::uint8_t tos;
  Be16 total_length;  // header and payload, bytes
  Be16 identification;
  Be16 flags_fragment;
  std::uint8_t ttl;
  std::uint8_t protocol;
  Be16 checksum;
  Be32 source;
  Be32 destination;

  unsigned version() const { return version_ihl >> 4; }
  unsigned header_bytes() const { return (version_ihl & 0x0fu) * 4u; }
  unsigned fragment_offset() const { return flags_fragment.to_host() & 0x1fffu; }  // 8-byte units
  bool is_fragment() const { return (flags_fragment.to_host() & 0x3fffu) != 0; }
};
static_assert(sizeof(Ipv4Header) == 20);
inline constexpr unsigned ipv4_ttl_offset = 8;
inline constexpr unsigned ipv4_checksum_offset = 10;
inline constexpr unsigned ipv4_max_header_bytes = 60;

enum IpProtocol : std::uint8_t {
  protocol_hop_by_hop = 0,
  protocol_icmp = 1,
  protocol_tcp = 6,
  protocol_udp = 17,
  protocol_routing = 43,
  protocol_fragment = 44,
  protocol_authentication = 51,
  protocol_icmpv6 = 58,
  protocol_destination_options = 60,
};

inline constexpr std::uint16_t ipv6_min_mtu = 1280;  // RFC 8200 §5

// RFC 8200 §3.
struct Ipv6Header {
  Be32 version_class_flow;
  Be16 payload_length;  // what follows this header, bytes
  std::uint8_t next_header;
  std::uint8_t hop_limit;
  std::array<Be64, 2> source;
  std::array<Be64, 2> destination;

  unsigned version() const { return version_class_flow.to_host() >> 28; }
};
static_assert(sizeof(Ipv6Header) == 40);
inline constexpr unsigned ipv6_hop_limit_offset = 7;
inline constexpr unsigned ipv6_fragment_header_bytes = 8;

inline MappedAddress address_of(const std::array<Be64, 2>& wire) noexcept {
  return MappedAddress::v6(wire[0].to_host(), wire[1].to_host());
}

// RFC 768.
struct UdpHeader {
  Be16 source_port;
  Be16 destination_port;
  Be16 length;  // header and payload, bytes
  Be16 checksum;
};
static_assert(sizeof(UdpHeader) == 8);

// RFC 7348 §5.
struct VxlanHeader {
  Be32 flags;  // and reserved bits
  Be32 vni;    // and eight reserved bits
  static constexpr std::uint32_t flag_vni = 0x08000000;
};
static_assert(sizeof(VxlanHeader) == 8);
inline constexpr std::uint16_t vxlan_port = 4789;

// Neighbour discovery's range of ICMPv6 types (RFC 4861 §4).
inline constexpr std::uint8_t icmpv6_router_solicitation = 133;
inline constexpr std::uint8_t icmpv6_redirect = 137;

// RFC 826, up to where the addresses begin.
struct ArpPrefix {
  Be16 hardware;
  Be16 protocol;
  std::uint8_t hardware_bytes;
  std::uint8_t protocol_bytes;
  Be16 operation;
};
static_assert(sizeof(ArpPrefix) == 8);
inline constexpr unsigned arp_ipv4_bytes = 28;

template <typename T>
T load(const void* from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
template <typename T>
void store(void* to, const T& value) noexcept {
  std::memcpy(to, &value, sizeof value);
}

// A MAC as a number with its first byte in bits 0–7, as NeighbourTable's links have it. Put
// together in registers: of two stores to memory the whole can be read only once both are there.
inline std::uint64_t mac_bits(const Mac& mac) noexcept {
  const std::uint8_t* bytes = mac.bytes.data();
  return load<std::uint32_t>(bytes) | std::uint64_t{load<std::uint16_t>(bytes + 4)} << 32;
}

// Of a frame, read where they lie: fields of a copied header would wait for the copy.
inline Mac destination_of(const std::uint8_t* frame) noexcept {
  return load<Mac>(frame + offsetof(EthernetHeader, destination));
}
inline Mac source_of(const std::uint8_t* frame) noexcept {
  return load<Mac>(frame + offsetof(EthernetHeader, source));
}
// Can nobody have sent the frame? A group never sends, and zero is no address (IEEE 802.3 §3.2.3).
inline bool has_no_sender(const std::uint8_t* frame) noexcept {
  const std::uint64_t source = load<std::uint64_t>(frame + offsetof(EthernetHeader, source)) << 16;
  return unsigned(source == 0) | (unsigned(source >> 16) & 1u);
}
// What follows the addresses: the type, or a tag's.
inline std::uint16_t ethertype_of(const std::uint8_t* frame) noexcept {
  return load<Be16>(frame + offsetof(EthernetHeader, type)).to_host();
}
// The id of the tag that begins there.
inline std::uint16_t vlan_id_at(const std::uint8_t* tag) noexcept {
  return load<Be16>(tag + offsetof(VlanTag, control)).to_host() & 0x0fff;
}

}  // namespace bgw::dataplane
