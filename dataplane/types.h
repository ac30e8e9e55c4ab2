// Indices, addresses and wire integers as types of their own. Dense array indices are never
// user-visible names; byte order is part of the type.
#pragma once

#include <array>
#include <bit>
#include <compare>
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
using GroupIndex = Index<struct GroupTag>;
using AddressIndex = Index<struct AddressTag>;          // a (VPC, address) next hop
using PortId = Index<struct PortTag, std::uint16_t>;    // DPDK's
using QueueId = Index<struct QueueTag, std::uint16_t>;  // DPDK's

inline constexpr VpcIndex no_vpc{UINT32_MAX};

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
  }
  T raw_ = 0;
};
using Be16 = BigEndian<std::uint16_t>;
using Be32 = BigEndian<std::uint32_t>;

struct Mac {
  std::array<std::uint8_t, 6> bytes{};
  constexpr bool is_multicast() const { return (bytes[0] & 1) != 0; }
  static constexpr Mac broadcast() { return {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}; }
  std::string to_string() const;  // "02:00:00:00:00:01"
  friend constexpr auto operator<=>(const Mac&, const Mac&) = default;
};
static_assert(sizeof(Mac) == 6);

}  // namespace bgw::dataplane
