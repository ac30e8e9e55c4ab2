#include "config/text_positions.h"

#include <algorithm>

namespace bgw::config {
namespace {

constexpr bool begins_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
}

}  // namespace

TextPositions::TextPositions(std::string_view text)
    : text_(text), is_ascii_(std::ranges::none_of(text, [](char c) { return (c & 0x80) != 0; })) {}

std::size_t TextPositions::offset_of(std::size_t character) {
  if (is_ascii_) return std::min(character, text_.size());
  if (character < character_) character_ = character_offset_ = 0;
  while (character_ < character && character_offset_ < text_.size()) {
    do {
      ++character_offset_;
    } while (character_offset_ < text_.size() && !begins_character(text_[character_offset_]));
    ++character_;
  }
  return character_offset_;
}

Position TextPositions::position_of(std::size_t offset) {
  offset = std::min(offset, text_.size());
  if (offset < line_start_) {
    line_ = 1;
    line_start_ = searched_ = 0;
  }
  const std::string_view before = text_.substr(0, offset);
  while (searched_ < offset) {
    const auto end = before.find('\n', searched_);
    searched_ = std::min(end, offset - 1) + 1;
    if (end == std::string_view::npos) break;
    ++line_;
    line_start_ = searched_;
  }
  return {static_cast<int>(line_), static_cast<int>(offset - line_start_) + 1};
}

}  // namespace bgw::config
