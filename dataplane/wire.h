// Headers as they are on the wire. Frames give them no alignment, so they are copied out and in
// with load() and store(), which compilers turn into plain moves.
#pragma once

#include <cstdint>
#include <cstring>

#include "dataplane/types.h"

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
  ethertype_vlan = 0x8100,          // 802.1Q
  ethertype_service_vlan = 0x88a8,  // 802.1ad
};

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

enum IpProtocol : std::uint8_t { protocol_icmp = 1, protocol_tcp = 6, protocol_udp = 17 };

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

// A MAC as a number with its first byte in bits 0–7, as NeighbourTable's links have it.
inline std::uint64_t mac_bits(const Mac& mac) noexcept {
  std::uint64_t bits = 0;
  std::memcpy(&bits, mac.bytes.data(), mac.bytes.size());
  return bits;
}

}  // namespace bgw::dataplane
