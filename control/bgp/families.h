// Address families of BGP that bgw carries: unicast IPv4 and IPv6, one value of something for each.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "control/bgp/wire.h"

namespace bgw::control::bgp {

inline constexpr Family all_families[] = {Family::ipv4, Family::ipv6};
inline constexpr std::uint8_t safi_unicast = 1;

inline constexpr std::uint16_t afi_of(Family family) {
  return family == Family::ipv4 ? 1 : 2;
}

// Nothing for what bgw doesn't carry.
inline constexpr std::optional<Family> family_of(std::uint16_t afi, std::uint8_t safi) {
  if (safi != safi_unicast || afi < 1 || afi > 2) return std::nullopt;
  return afi == 1 ? Family::ipv4 : Family::ipv6;
}

template <typename T>
class PerFamily {
 public:
  constexpr T& operator[](Family family) { return values_[index(family)]; }
  constexpr const T& operator[](Family family) const { return values_[index(family)]; }
  friend bool operator==(const PerFamily&, const PerFamily&) = default;

 private:
  static constexpr std::size_t index(Family family) { return family == Family::ipv4 ? 0 : 1; }
  std::array<T, 2> values_{};
};

}  // namespace bgw::control::bgp
