#include "control/cli/table.h"

#include <algorithm>
#include <numeric>

namespace bgw::cli {
namespace {

constexpr std::size_t gap = 2;           // between columns
constexpr std::size_t least_width = 12;  // that a column is cut to
constexpr auto ellipsis = "…";

bool continues(char c) {
  return (static_cast<unsigned char>(c) & 0xc0u) == 0x80u;
}

std::string cut(const std::string& text, std::size_t columns) {
  if (columns_of(text) <= columns) return text;
  std::size_t end = 0;
  for (std::size_t kept = 0; kept + 1 < columns; ++kept) {
    do ++end;
    while (end < text.size() && continues(text[end]));
  }
  return text.substr(0, end) + ellipsis;
}

std::size_t total(const std::vector<std::size_t>& widths) {
  if (widths.empty()) return 0;
  return std::accumulate(widths.begin(), widths.end(), gap * (widths.size() - 1));
}

// Takes from the widest column of text, again and again. False: they don't fit anyhow.
bool narrow(std::vector<std::size_t>& widths, const std::vector<Align>& align, std::size_t width) {
  while (total(widths) > width) {
    std::size_t* widest = nullptr;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const bool can_be_cut = align[i] == Align::left && widths[i] > least_width;
      if (can_be_cut && (widest == nullptr || widths[i] > *widest)) widest = &widths[i];
    }
    if (widest == nullptr) return false;
    --*widest;
  }
  return true;
}

}  // namespace

std::size_t columns_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return !continues(c); }));
}

Table::Table(std::vector<std::string> headers) {
  for (auto& header : headers) {
    const bool right = header.starts_with('>');
    align_.push_back(right ? Align::right : Align::left);
    if (right) header.erase(0, 1);
  }
  rows_.push_back(std::move(headers));
}

void Table::add(std::vector<std::string> cells) {
  rows_.push_back(std::move(cells));
}

std::vector<std::size_t> Table::natural_widths() const {
  std::vector<std::size_t> widths(align_.size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], columns_of(row[i]));
    }
  }
  return widths;
}

std::vector<std::size_t> Table::fitting_widths(std::size_t width) const {
  auto natural = natural_widths();
  if (width == 0) return natural;
  for (auto shown = natural.size(); shown > 1; --shown) {
    std::vector<std::size_t> widths(natural.begin(), natural.begin() + static_cast<long>(shown));
    const auto mark = shown < natural.size() ? gap : 0;
    if (narrow(widths, align_, width - std::min(width, mark))) return widths;
  }
  return {std::min(natural.front(), width)};
}

std::string Table::to_string(std::size_t width) const {
  const auto widths = fitting_widths(width);
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (i > 0) line.append(gap, ' ');
      const auto cell = width == 0 ? row[i] : cut(row[i], widths[i]);
      const std::string blanks(widths[i] - columns_of(cell), ' ');
      line += align_[i] == Align::right ? blanks + cell : cell + blanks;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    if (&row == &rows_.front() && widths.size() < row.size()) line += std::string(" ") + ellipsis;
    text += line + '\n';
  }
  return text;
}

}  // namespace bgw::cli
