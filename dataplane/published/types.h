// Indices, addresses and wire integers as types of their own. Dense array indices are never
// user-visible names; byte order is part of the type.
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>

namespace bgw::dataplane {

// An array index that does not mix with others.
template <typename Tag, typename T = std::uint32_t>
struct Index {
  T value = 0;
  constexpr Index() = default;
  explicit constexpr Index(T v) : value(v) {}
  friend constexpr auto operator<=>(const Index&, const Index&) = default;
};
// A VPC and its one virtual interface share the index. Slots are reused only after a grace period.
using VpcIndex = Index<struct VpcTag>;
using TableIndex = Index<struct TableTag>;
// A VPC's attachment to a gateway: an entry of FibSnapshot::attachments.
using AttachmentIndex = Index<struct AttachmentTag>;
// A way to a VTEP: an entry of FibSnapshot::tunnels. 0 is none.
using TunnelIndex = Index<struct TunnelTag, std::uint16_t>;
using PortId = Index<struct PortTag, std::uint16_t>;    // DPDK's
using QueueId = Index<struct QueueTag, std::uint16_t>;  // DPDK's

// How many ports can be open: what DPDK is built for.
inline constexpr std::size_t max_open_ports = 32;

inline constexpr VpcIndex no_vpc{UINT32_MAX};
inline constexpr TunnelIndex no_tunnel{0};

// An IP address of either family as two halves in host order. IPv4 addresses are kept in the form
// of RFC 4291 §2.5.5.2 (::ffff:10.1.0.10), which no IPv6 packet may carry: it is a martian there.
struct MappedAddress {
  std::uint64_t hi = 0;
  std::uint64_t lo = 0;

  static constexpr MappedAddress v4(std::uint32_t host_order) { return {0, v4_mark | host_order}; }
  static constexpr MappedAddress v6(std::uint64_t hi, std::uint64_t lo) { return {hi, lo}; }
  constexpr bool is_v4() const { return hi == 0 && (lo & ~0xffffffffull) == v4_mark; }
  constexpr std::uint32_t as_v4() const { return static_cast<std::uint32_t>(lo); }
  std::string to_string() const;  // "10.1.0.10", RFC 5952 for IPv6
  friend constexpr auto operator<=>(const MappedAddress&, const MappedAddress&) = default;

 private:
  static constexpr std::uint64_t v4_mark = 0x0000ffff00000000;
};

// Network-order integers; conversion is explicit.
template <typename T>
class BigEndian {
 public:
  constexpr BigEndian() = default;
  static constexpr BigEndian from_host(T host) {
    BigEndian b;
    b.raw_ = swap(host);
    return b;
  }
  constexpr T to_host() const { return swap(raw_); }
  constexpr T raw() const { return raw_; }
  friend constexpr bool operator==(const BigEndian&, const BigEndian&) = default;

 private:
  static constexpr T swap(T v) {
    if constexpr (std::endian::native == std::endian::big) return v;
    if constexpr (sizeof(T) == 2) return __builtin_bswap16(v);
    if constexpr (sizeof(T) == 4) return __builtin_bswap32(v);
    if constexpr (sizeof(T) == 8) return __builtin_bswap64(v);
  }
  T raw_ = 0;
};
using Be16 = BigEndian<std::uint16_t>;
using Be32 = BigEndian<std::uint32_t>;
using Be64 = BigEndian<std::uint64_t>;

struct Mac {
  std::array<std::uint8_t, 6> bytes{};
  constexpr bool is_multicast() const { return (bytes[0] & 1) != 0; }
  static constexpr Mac broadcast() { return {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}; }
  std::string to_string() const;  // "02:00:00:00:00:01"
  friend constexpr auto operator<=>(const Mac&, const Mac&) = default;
};
static_assert(sizeof(Mac) == 6);

}  // namespace bgw::dataplane
