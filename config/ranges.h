// ranges
// Ranges of the language's numbers; the loader checks text against them, find_problems() models.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bgw::config {

struct Range {
  std::uint32_t min;
  std::uint32_t max;
  constexpr bool contains(std::uint32_t value) const { return min <= value && value <= max; }
};

inline constexpr Range mtu_range{576, 9600};         // RFC 791's minimum to receive; jumbo frames
inline constexpr std::uint16_t ipv6_min_mtu = 1280;  // RFC 8200 section 5
inline constexpr Range vlan_range{1, 4094};          // 802.1Q reserves 0 and 4095
inline constexpr Range vni_range{1, 16777215};       // RFC 7348: 24 bits
inline constexpr Range asn_range{1, 4294967294};     // RFC 7607, RFC 7300
inline constexpr Range quota_range{0, 4294967295};
inline constexpr std::size_t max_ecmp_members = 4;  // G3
inline constexpr std::size_t max_name_length = 63;
inline constexpr std::size_t max_device_length = 255;

// What forwarding has room for; control/ and dataplane/ are held to these.
inline constexpr std::size_t max_ports = 32;               // DPDK's RTE_MAX_ETHPORTS
inline constexpr std::size_t max_vpcs = 8192;              // and underlays and outside interfaces
inline constexpr std::size_t max_attachments = 65'536;     // and outside interfaces
inline constexpr std::size_t max_outside_interfaces = 32;  // of a gateway
inline constexpr std::size_t max_assertions = 1'000;
inline constexpr std::size_t max_tables = 1'000'000;
inline constexpr std::size_t max_vteps = 32'767;

}  // namespace bgw::config
