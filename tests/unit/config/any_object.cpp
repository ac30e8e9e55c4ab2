#include "any_object.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace bgw::test {

using config::IpAddress;
using config::IpPrefix;

std::string AnyObject::text() {
  static constexpr std::array<std::string_view, 32> special{
      "",      "true", "No",   "null",       "~",   "010",      "1e3",    "0x1f",
      "1_000", ".5",   ".inf", "1:30",       "-",   "- a",      "? a",    "a: b",
      "a #b",  "#",    "'",    "\"",         "\\",  "[a, b]",   "{a: b}", "&a",
      "*a",    "!a",   "%TAG", "2026-01-01", "---", " blanks ", "main",   "main"};
  if (chance(30)) return std::string(special[below(special.size())]);
  if (chance(60)) return "name-" + std::to_string(below(1000));
  static constexpr std::array<std::string_view, 8> wide{"ä", "ß",  "€",  "中",
                                                        "😀", "\t", "\n", "\x7f"};
  std::string text;
  for (std::uint32_t left = below(70); left > 0; --left) {
    if (chance(20)) {
      text += wide[below(wide.size())];
    } else {
      text += static_cast<char>(chance(3) ? below(32) : 32 + below(95));
    }
  }
  return text;
}

void AnyObject::fill_value(config::type::Address, IpAddress& value) {
  const std::uint64_t hi = chance(20) ? 0 : std::uint64_t{random_()} << 32 | random_();
  const std::uint64_t lo = chance(20) ? 0 : std::uint64_t{random_()} << 32 | random_();
  value = chance(50) ? IpAddress::v4(static_cast<std::uint32_t>(lo)) : IpAddress::v6(hi, lo);
}

void AnyObject::fill_value(config::type::Prefix, IpPrefix& value) {
  IpAddress address;
  fill_value(config::type::Address{}, address);
  const auto length = below(config::address_bits(address.family) + 1);
  value = IpPrefix::around(address, static_cast<std::uint8_t>(length));
}

void AnyObject::fill_value(config::type::AddressOnLink, config::InterfaceAddress& value) {
  fill_value(config::type::Address{}, value.address);
  value.length = static_cast<std::uint8_t>(below(config::address_bits(value.address.family) + 1));
}

// One 'main' is among them, wherever.
void AnyObject::fill_value(const config::type::RouteTables& type,
                           std::vector<config::RouteTable>& value) {
  fill_value(type.list, value);
  std::erase_if(value, [](const auto& table) { return table.name == "main"; });
  config::RouteTable main{"main", {}, {}};
  if (chance(50)) fill(main);
  main.name = "main";
  const auto at = chance(60) ? 0 : below(static_cast<std::uint32_t>(value.size() + 1));
  value.insert(value.begin() + at, main);
}

void AnyObject::fill_value(config::type::Advertised, config::Advertise& value) {
  if (chance(30)) {
    value = config::AdvertiseAll{};
  } else {
    fill_value(config::type::list(config::type::Name{}), value.emplace<std::vector<std::string>>());
  }
}

}  // namespace bgw::test
