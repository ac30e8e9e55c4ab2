#include "control/cli/output.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

#include <fmt/format.h>

#include "control/cli/client.h"
#include "control/cli/table.h"
#include "control/cli/yaml_text.h"

namespace bgw::cli {
namespace {

struct Character {
  char32_t code = 0;
  std::size_t bytes = 1;  // 1 with no code: a byte that is no UTF-8
  bool is_valid = false;
};

// RFC 3629 §4: neither longer than needed, nor surrogates, nor beyond U+10FFFF.
Character next_character(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) return {first, 1, true};
  const std::size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < bytes) return {};
  char32_t code = first & (0x7fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xc0u) != 0x80u) return {};
    code = code << 6 | (byte & 0x3fu);
  }
  static constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < least[bytes] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return {};
  return {code, bytes, true};
}

bool is_control(char32_t code) {
  const bool is_c0_or_c1 = code < 0x20 || (code >= 0x7f && code < 0xa0);
  const bool separates_or_turns = code == 0x61c || code == 0x200e || code == 0x200f ||
                                  (code >= 0x2028 && code <= 0x202e) ||
                                  (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
  return is_c0_or_c1 || separates_or_turns;
}

enum class Spelled { as_bytes, as_json };

std::string escaped(std::string_view text, std::string_view kept, Spelled spelled) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const auto next = next_character(text);
    const auto bytes = text.substr(0, next.bytes);
    text.remove_prefix(next.bytes);
    if (!next.is_valid) {
      shown += spelled == Spelled::as_json
                   ? "\\ufffd"
                   : fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes.front()));
    } else if (!is_control(next.code) || kept.find(bytes) != std::string_view::npos) {
      shown += bytes;
    } else if (spelled == Spelled::as_json || next.code > 0xff) {
      shown += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(next.code));
    } else {
      shown += fmt::format("\\x{:02x}", static_cast<std::uint32_t>(next.code));
    }
  }
  return shown;
}

}  // namespace

Output output_for(Format format) {
  Output output{format, 0, false};
  if (::isatty(STDOUT_FILENO) == 0) return output;
  winsize size{};
  if (format != Format::wide && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
    output.width = size.ws_col;
  }
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool is_dumb = term == nullptr || std::string_view(term) == "dumb";
  output.has_colours = !is_dumb && (no_color == nullptr || *no_color == '\0');
  return output;
}

std::string printable(std::string_view text) {
  return escaped(text, "", Spelled::as_bytes);
}

std::string printable_lines(std::string_view text) {
  return escaped(text, "\n\t", Spelled::as_bytes);
}

// Outside of strings JSON has no characters but ASCII, and inside no line breaks.
std::string printable_json(std::string_view text) {
  return escaped(text, "\n\t\r", Spelled::as_json);
}

std::string paint(const Output& output, Colour colour, std::string text) {
  if (!output.has_colours || text.empty()) return text;
  static constexpr const char* codes[] = {"1", "31", "32", "33"};
  return fmt::format("\x1b[{}m{}\x1b[0m", codes[static_cast<std::size_t>(colour)], text);
}

bool print_as_data(const Output& output, const Reply& reply) {
  if (output.format == Format::json) {
    fmt::print("{}", printable_json(reply.body));
  } else if (output.format == Format::yaml) {
    fmt::print("{}", printable_lines(yaml_text(Json::parse(reply.body))));
  }
  return output.is_data();
}

void print_as_data(const Output& output, const Json& value) {
  auto text = value.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  print_as_data(output, Reply{200, std::move(text)});
}

void print_table(const Output& output, const Table& table) {
  auto text = table.to_string(output.width);
  const auto header = text.find('\n');
  fmt::print("{}{}", paint(output, Colour::bold, text.substr(0, header)), text.substr(header));
}

}  // namespace bgw::cli
