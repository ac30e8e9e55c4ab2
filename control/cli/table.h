// Tables for people: a header and aligned columns.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace bgw::cli {

enum class Align { left, right };

class Table {
 public:
  // A header that starts with '>' is aligned right, as its column is. What is further left counts
  // more.
  explicit Table(std::vector<std::string> headers);
  void add(std::vector<std::string> cells);  // as many as headers; printable
  // Lines without trailing blanks, of at most `width` columns unless it is 0: long cells end in …
  // first, numbers never; then columns go, from the right, which the header's … says.
  std::string to_string(std::size_t width = 0) const;

 private:
  std::vector<std::size_t> natural_widths() const;
  std::vector<std::size_t> fitting_widths(std::size_t width) const;
  std::vector<Align> align_;
  std::vector<std::vector<std::string>> rows_;  // the header first
};

// Characters of UTF-8.
std::size_t columns_of(const std::string& text);

}  // namespace bgw::cli
