// text_positions
// Lines and columns of a UTF-8 text.
#pragma once

#include <cstddef>
#include <string_view>

namespace bgw::config {

// Both count from 1; columns are bytes, lines end with "\n".
struct Position {
  int line = 0;
  int column = 0;
};

// Answers cost what lies between a question and the one before it, or before the place in question
// if that comes earlier in the text.
class TextPositions {
 public:
  explicit TextPositions(std::string_view text);

  // Byte offset of the character of that number, from 0.
  std::size_t offset_of(std::size_t character);
  Position position_of(std::size_t offset);

 private:
  std::string_view text_;
  bool is_ascii_;
  // The last answers.
  std::size_t character_ = 0;
  std::size_t character_offset_ = 0;
  std::size_t line_ = 1;
  std::size_t line_start_ = 0;
  std::size_t searched_ = 0;  // no line ends from line_start_ up to here: lines may be very long
};

}  // namespace bgw::config
