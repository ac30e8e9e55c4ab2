#include "control/api/accept.h"

#include <algorithm>
#include <cctype>
#include <vector>

namespace bgw::control {
namespace {

constexpr int full_weight = 1000;

struct MediaRange {
  std::string type;  // in small letters: "application/json", "application/*", "*/*"
  int weight = full_weight;
};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t";
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

// Up to the separator, which is taken too; not within quotes.
std::string_view take_until(std::string_view& text, char separator) {
  bool is_quoted = false;
  std::size_t end = 0;
  for (; end < text.size() && (is_quoted || text[end] != separator); ++end) {
    if (text[end] == '"') is_quoted = !is_quoted;
    if (text[end] == '\\' && is_quoted) ++end;
  }
  const auto taken = text.substr(0, end);
  text.remove_prefix(std::min(text.size(), end + 1));
  return trimmed(taken);
}

std::string small(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

// RFC 9110 §12.4.2: "0", "0.5", "1.000", in thousandths.
std::optional<int> parse_weight(std::string_view text) {
  const bool is_one = text.starts_with('1');
  if (text.empty() || text.size() > 5 || (!is_one && text[0] != '0')) return std::nullopt;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  int weight = is_one ? full_weight : 0, place = 100;
  for (const char c : text.substr(std::min<std::size_t>(text.size(), 2))) {
    if (c < '0' || c > '9' || (is_one && c != '0')) return std::nullopt;
    weight += (c - '0') * place;
    place /= 10;
  }
  return weight;
}

std::optional<MediaRange> parse_range(std::string_view text) {
  MediaRange range{small(take_until(text, ';'))};
  const auto slash = range.type.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == range.type.size()) {
    return std::nullopt;
  }
  while (!text.empty()) {
    const auto parameter = small(take_until(text, ';'));
    if (!parameter.starts_with("q=")) continue;
    const auto weight = parse_weight(std::string_view(parameter).substr(2));
    if (!weight) return std::nullopt;
    range.weight = *weight;
  }
  return range;
}

// How exactly the range means the type; 0: not at all.
int closeness(const MediaRange& range, std::string_view type) {
  if (range.type == type) return 3;
  if (range.type == "*/*") return 1;
  const bool is_family =
      range.type.ends_with("/*") && type.starts_with(range.type.substr(0, range.type.size() - 1));
  return is_family ? 2 : 0;
}

// By the range that means it most exactly.
int weight_of(std::string_view type, const std::vector<MediaRange>& ranges) {
  int weight = 0, closest = 0;
  for (const auto& range : ranges) {
    const int close = closeness(range, type);
    if (close <= closest) continue;
    closest = close;
    weight = range.weight;
  }
  return weight;
}

}  // namespace

std::optional<std::string_view> preferred(const std::optional<std::string>& accept,
                                          std::span<const std::string_view> offers) {
  std::vector<MediaRange> ranges;
  std::string_view rest = accept ? *accept : std::string_view();
  while (!rest.empty()) {
    if (auto range = parse_range(take_until(rest, ','))) ranges.push_back(std::move(*range));
  }
  if (ranges.empty()) return offers.front();
  std::optional<std::string_view> best;
  int most = 0;
  for (const auto offer : offers) {
    const int weight = weight_of(offer, ranges);
    if (weight <= most) continue;
    most = weight;
    best = offer;
  }
  return best;
}

}  // namespace bgw::control
