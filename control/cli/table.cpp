#include "control/cli/table.h"

#include <algorithm>

#include <fmt/format.h>

namespace bgw::cli {

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

std::string Table::to_string() const {
  std::vector<std::size_t> widths(align_.size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line += "  ";
      line += align_[i] == Align::right ? fmt::format("{:>{}}", row[i], widths[i])
                                        : fmt::format("{:<{}}", row[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

}  // namespace bgw::cli
