// Tables for people: a header and aligned columns.
#pragma once

#include <string>
#include <vector>

namespace bgw::cli {

enum class Align { left, right };

class Table {
 public:
  // A header that starts with '>' is aligned right, as its column is.
  explicit Table(std::vector<std::string> headers);
  void add(std::vector<std::string> cells);  // as many as headers
  // Lines without trailing blanks.
  std::string to_string() const;

 private:
  std::vector<Align> align_;
  std::vector<std::vector<std::string>> rows_;  // the header first
};

}  // namespace bgw::cli
