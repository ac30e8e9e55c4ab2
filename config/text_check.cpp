#include "config/text_check.h"

#include <array>
#include <cstdint>

#include <fmt/format.h>

namespace bgw::config {
namespace {

// About 230 bytes of scanner state each in the worst case.
constexpr std::size_t max_flow_indicators = 2'000'000;

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

constexpr bool is_continuation(unsigned char c) {
  return (c & 0xc0) == 0x80;
}

// Length of the well-formed UTF-8 sequence at the start of `text`, 0 if there is none
// (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : static_cast<unsigned char>(0);
  };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(byte(i))) return 0;
  }
  const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool surrogate = first == 0xed && byte(1) >= 0xa0;
  const bool beyond = first == 0xf4 && byte(1) >= 0x90;
  return overlong || surrogate || beyond ? 0 : length;
}

constexpr bool is_flow_indicator(char c) {
  return c == '[' || c == ']' || c == '{' || c == '}' || c == ',';
}

constexpr bool is_control(unsigned char c) {
  return (c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f;
}

// Nearly all of a text: neither to be counted nor to be refused.
constexpr auto harmless = [] {
  std::array<bool, 256> table{};
  for (int i = 0x20; i < 0x7f; ++i) table[i] = !is_flow_indicator(static_cast<char>(i));
  return table;
}();

constexpr bool is_harmless(char c) {
  return harmless[static_cast<unsigned char>(c)];
}

}  // namespace

std::optional<Error> check_text(std::string_view text, const Limits& limits) {
  if (text.size() > limits.file_bytes) {
    return Error{
        {},
        1,
        1,
        fmt::format("the file has {} bytes; at most {} are read", text.size(), limits.file_bytes),
        Rule::size};
  }
  int line = 1;
  std::size_t line_start = 0;
  std::size_t flow_indicators = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (is_harmless(text[i])) {
      ++i;
      continue;
    }
    const auto refuse = [&](std::string message) {
      return Error{
          {}, line, static_cast<int>(i - line_start) + 1, std::move(message), Rule::syntax};
    };
    const auto c = static_cast<unsigned char>(text[i]);
    if (i == 0 && (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"))) {
      return refuse("the text is UTF-16; save it as UTF-8");
    }
    if (is_control(c)) {
      return refuse(fmt::format("control character 0x{:02x}; expected printable text", c));
    }
    if (text.substr(i).starts_with(byte_order_mark)) {
      return refuse("a byte-order mark (U+FEFF, invisible) is for the start of a file, once");
    }
    const std::size_t length = utf8_length(text.substr(i, 4));
    if (length == 0) return refuse(fmt::format("byte 0x{:02x} is not valid UTF-8", c));
    if (is_flow_indicator(text[i]) && ++flow_indicators > max_flow_indicators) {
      return refuse(
          fmt::format("more than {} of the characters [ ] {{ }} and ,", max_flow_indicators));
    }
    i += length;
    if (c == '\n') {
      ++line;
      line_start = i;
    }
  }
  return std::nullopt;
}

}  // namespace bgw::config
