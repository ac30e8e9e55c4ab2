#include "config/ip.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace bgw::config {
namespace {

// The top `length` of 64 bits.
constexpr std::uint64_t mask64(int length) {
  if (length <= 0) return 0;
  if (length >= 64) return ~std::uint64_t{0};
  return ~std::uint64_t{0} << (64 - length);
}

constexpr IpAddress masked(const IpAddress& address, std::uint8_t length) {
  return {address.family, address.hi & mask64(length), address.lo & mask64(length - 64)};
}

constexpr std::uint64_t load_be(const unsigned char* bytes, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8 | bytes[i];
  return value;
}

std::string v4_text(std::uint32_t a) {
  return fmt::format("{}.{}.{}.{}", a >> 24, (a >> 16) & 255, (a >> 8) & 255, a & 255);
}

using Groups = std::array<std::uint16_t, 8>;

struct ZeroRun {
  std::size_t begin = 0;
  std::size_t length = 0;
};

// RFC 5952 section 4.2: the longest run of zero groups, the first of equals, never a single group.
ZeroRun longest_zero_run(const Groups& groups) {
  ZeroRun best;
  for (std::size_t i = 0; i < groups.size();) {
    std::size_t end = i;
    while (end < groups.size() && groups[end] == 0) ++end;
    if (end - i > best.length) best = {i, end - i};
    i = end + 1;
  }
  return best.length >= 2 ? best : ZeroRun{};
}

std::string v6_text(std::uint64_t hi, std::uint64_t lo) {
  // RFC 5952 section 5: IPv4-mapped addresses are written with their dotted quad.
  if (hi == 0 && lo >> 32 == 0xffff) return "::ffff:" + v4_text(static_cast<std::uint32_t>(lo));
  Groups groups{};
  for (std::size_t i = 0; i < 8; ++i) {
    groups[i] = static_cast<std::uint16_t>((i < 4 ? hi : lo) >> (48 - 16 * (i % 4)));
  }
  const ZeroRun run = longest_zero_run(groups);
  std::string text;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (run.length > 0 && i == run.begin) {
      text += "::";
      i += run.length - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    text += fmt::format("{:x}", groups[i]);
  }
  return text;
}

// splitmix64's finaliser: hash tables of sequential addresses need their low bits spread.
constexpr std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

constexpr std::uint64_t hash_of(const IpAddress& a) noexcept {
  return mix(a.hi + mix(a.lo + static_cast<std::uint64_t>(a.family)));
}

// A decimal without sign or leading zeros, up to 128.
bool parse_length(std::string_view text, std::uint8_t max, std::uint8_t& length) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text[0] == '0')) return false;
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > max) return false;
  length = static_cast<std::uint8_t>(value);
  return true;
}

}  // namespace

tl::expected<IpAddress, std::string> IpAddress::parse(std::string_view text) {
  constexpr const char* refused = "not an IPv4 or IPv6 address";
  // inet_pton takes exactly the strict forms, but C strings only.
  if (text.size() >= INET6_ADDRSTRLEN ||
      text.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos) {
    return tl::unexpected(std::string(refused));
  }
  const std::string copy(text);
  std::array<unsigned char, 16> bytes{};
  if (inet_pton(AF_INET, copy.c_str(), bytes.data()) == 1) {
    return v4(static_cast<std::uint32_t>(load_be(bytes.data(), 4)));
  }
  if (inet_pton(AF_INET6, copy.c_str(), bytes.data()) == 1) {
    return v6(load_be(bytes.data(), 8), load_be(bytes.data() + 8, 8));
  }
  return tl::unexpected(std::string(refused));
}

std::string IpAddress::to_string() const {
  return is_v4() ? v4_text(v4_host_order()) : v6_text(hi, lo);
}

tl::expected<std::pair<IpAddress, std::uint8_t>, std::string> parse_address_and_length(
    std::string_view text) {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return tl::unexpected(address.error());
  const std::uint8_t max = address_bits(address->family);
  if (slash == std::string_view::npos) {
    return tl::unexpected(
        fmt::format("the prefix length is missing: did you mean {}/{}?", text, max));
  }
  std::uint8_t length = 0;
  if (!parse_length(text.substr(slash + 1), max, length)) {
    return tl::unexpected(fmt::format("the prefix length must be a number from 0 to {}", max));
  }
  return std::pair(*address, length);
}

tl::expected<IpPrefix, std::string> IpPrefix::parse(std::string_view text) {
  const auto parts = parse_address_and_length(text);
  if (!parts) return tl::unexpected(parts.error());
  const IpPrefix prefix = around(parts->first, parts->second);
  if (prefix.address != parts->first) {
    return tl::unexpected(fmt::format("host bits are set: did you mean {}?", prefix.to_string()));
  }
  return prefix;
}

IpPrefix IpPrefix::around(const IpAddress& address, std::uint8_t length) {
  const std::uint8_t bits = std::min(length, address_bits(address.family));
  return {masked(address, bits), bits};
}

std::string IpPrefix::to_string() const {
  return fmt::format("{}/{}", address.to_string(), length);
}

bool IpPrefix::contains(const IpAddress& other) const {
  return other.family == address.family && masked(other, length) == address;
}

bool IpPrefix::contains(const IpPrefix& other) const {
  return other.length >= length && contains(other.address);
}

}  // namespace bgw::config

std::size_t std::hash<bgw::config::IpAddress>::operator()(
    const bgw::config::IpAddress& a) const noexcept {
  return bgw::config::hash_of(a);
}

std::size_t std::hash<bgw::config::IpPrefix>::operator()(
    const bgw::config::IpPrefix& p) const noexcept {
  return bgw::config::mix(bgw::config::hash_of(p.address) + p.length);
}
