#include "config/yaml_scalar.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <nlohmann/json.hpp>

namespace bgw::config {
namespace {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_plain(char c) {
  return is_digit(c) || is_letter(c) || c == '.' || c == '_' || c == '-' || c == '/';
}

// Words that YAML 1.1 or 1.2 take for something else than text, in any case.
bool is_reserved(std::string_view text) {
  constexpr std::array<std::string_view, 9> words{"true", "false", "yes", "no", "on",
                                                  "off",  "null",  "y",   "n"};
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) { return is_letter(c) ? c | 0x20 : c; });
  return std::ranges::find(words, lower) != words.end();
}

// Numbers, and dates; addresses and prefixes, which have three dots, are neither.
bool may_be_a_number(std::string_view text) {
  return is_digit(text.front()) && std::ranges::count(text, '.') < 3;
}

}  // namespace

std::string yaml_scalar(std::string_view text) {
  const bool plain = !text.empty() && (is_digit(text.front()) || is_letter(text.front())) &&
                     std::ranges::all_of(text, is_plain) && !may_be_a_number(text) &&
                     !is_reserved(text);
  if (plain) return std::string(text);
  // JSON's escapes are YAML's, but YAML also wants this one.
  std::string quoted =
      nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  for (auto at = quoted.find('\x7f'); at != std::string::npos; at = quoted.find('\x7f', at)) {
    quoted.replace(at, 1, "\\x7f");
  }
  return quoted;
}

}  // namespace bgw::config
