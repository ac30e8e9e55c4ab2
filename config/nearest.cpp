#include "config/nearest.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include <fmt/format.h>

namespace bgw::config {
namespace {

constexpr std::size_t max_length = 63;  // that of names; longer texts are no typing errors
constexpr std::size_t letter = 4;       // cost of one edit
constexpr std::size_t case_change = 1;

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr std::size_t replace_cost(char a, char b) {
  if (a == b) return 0;
  return lower(a) == lower(b) ? case_change : letter;
}

// Optimal string alignment distance over three rows.
std::size_t distance(std::string_view a, std::string_view b) {
  std::array<std::array<std::size_t, max_length + 1>, 3> rows{};
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j * letter;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i - 1) % 3];
    row[0] = i * letter;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + letter, row[j - 1] + letter,
                         above[j - 1] + replace_cost(a[i - 1], b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], rows[(i - 2) % 3][j - 2] + letter);
      }
    }
  }
  return rows[a.size() % 3][b.size()];
}

// One edit in a short name, two in one of five letters, three in one of nine.
constexpr std::size_t tolerated(std::size_t length) {
  return letter * (length < 5 ? 1 : length < 9 ? 2 : 3);
}

}  // namespace

std::optional<std::string_view> nearest(std::string_view name,
                                        std::span<const std::string_view> candidates) {
  if (name.empty() || name.size() > max_length) return std::nullopt;
  std::optional<std::string_view> best;
  std::size_t best_distance = tolerated(name.size()) + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t longer = std::max(name.size(), candidate.size());
    const std::size_t shorter = std::min(name.size(), candidate.size());
    if (candidate.size() > max_length || (longer - shorter) * letter >= best_distance) continue;
    const std::size_t d = distance(name, candidate);
    // A name of one or two letters is near to every other of its size.
    if (d < best_distance && d < shorter * letter) {
      best = candidate;
      best_distance = d;
    }
  }
  return best;
}

std::string suggestion(std::string_view name, std::span<const std::string_view> candidates) {
  const auto near = nearest(name, candidates);
  return near ? fmt::format("; did you mean '{}'?", *near) : std::string();
}

}  // namespace bgw::config
