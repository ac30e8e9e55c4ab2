// IP addresses and prefixes of both families, as values.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace bgw::config {

enum class Family : std::uint8_t { ipv4 = 4, ipv6 = 6 };

// 32 for IPv4, 128 for IPv6.
constexpr std::uint8_t address_bits(Family family) {
  return family == Family::ipv4 ? 32 : 128;
}

// An address in host order, left-aligned: an IPv4 address occupies the top 32 bits of `hi`. So
// prefix arithmetic is the same for both families. Ordered by family, then numerically.
struct IpAddress {
  Family family = Family::ipv4;
  std::uint64_t hi = 0;
  std::uint64_t lo = 0;

  static constexpr IpAddress v4(std::uint32_t host_order) {
    return {Family::ipv4, std::uint64_t{host_order} << 32, 0};
  }
  static constexpr IpAddress v6(std::uint64_t hi, std::uint64_t lo) {
    return {Family::ipv6, hi, lo};
  }
  // The IPv4 address as a host-order integer; meaningless for IPv6.
  constexpr std::uint32_t v4_host_order() const { return static_cast<std::uint32_t>(hi >> 32); }
  constexpr bool is_v4() const { return family == Family::ipv4; }

  // Strict textual forms only: dotted quad without leading zeros, or RFC 4291 text without a zone.
  // The error is a phrase such as "not an IPv4 or IPv6 address".
  static tl::expected<IpAddress, std::string> parse(std::string_view text);
  // RFC 5952 for IPv6.
  std::string to_string() const;

  friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

// A prefix; bits of `address` beyond `length` are zero. Ordered by family, address, length.
struct IpPrefix {
  IpAddress address;
  std::uint8_t length = 0;

  // Refuses a missing or malformed length and host bits that are set ("host bits are set: did you
  // mean 10.1.0.0/16?").
  static tl::expected<IpPrefix, std::string> parse(std::string_view text);
  // The prefix of that length around an address: host bits are cleared.
  static IpPrefix around(const IpAddress& address, std::uint8_t length);
  std::string to_string() const;

  constexpr Family family() const { return address.family; }
  bool contains(const IpAddress& other) const;
  // True if `other` is equal to this prefix or lies inside it.
  bool contains(const IpPrefix& other) const;
  // Equal, containing or contained.
  bool overlaps(const IpPrefix& other) const { return contains(other) || other.contains(*this); }

  friend constexpr auto operator<=>(const IpPrefix&, const IpPrefix&) = default;
};

// "10.1.1.1/24": an address and a prefix length, whose host bits may be set.
tl::expected<std::pair<IpAddress, std::uint8_t>, std::string> parse_address_and_length(
    std::string_view text);

}  // namespace bgw::config

template <>
struct std::hash<bgw::config::IpAddress> {
  std::size_t operator()(const bgw::config::IpAddress& a) const noexcept;
};
template <>
struct std::hash<bgw::config::IpPrefix> {
  std::size_t operator()(const bgw::config::IpPrefix& p) const noexcept;
};
