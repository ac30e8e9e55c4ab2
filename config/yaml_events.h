// yaml_events
// libyaml's parser: YAML text as a stream of events.
#pragma once

#include <cstddef>
#include <string_view>

#include <yaml.h>

#include "config/loader.h"
#include "config/text_positions.h"

namespace bgw::config {

inline constexpr const char* second_document =
    "a second document starts here; expected one document (is the indentation right?)";

class YamlEvents {
 public:
  // Refers to the text, which is UTF-8.
  explicit YamlEvents(std::string_view text);
  ~YamlEvents();
  YamlEvents(const YamlEvents&) = delete;
  YamlEvents& operator=(const YamlEvents&) = delete;

  // Valid until the next call. Null after a syntax error, which error() describes; there is nothing
  // behind it, and nothing behind the end of the stream.
  const yaml_event_t* next();
  // After that: what to look for in the text, and where.
  Error error();

  // Byte offset of a mark. Marks are cheapest in the order of the text.
  std::size_t offset_of(const yaml_mark_t& mark) { return positions_.offset_of(mark.index); }
  Position position_of(const yaml_mark_t& mark) { return position_at(offset_of(mark)); }
  Position position_at(std::size_t offset) { return positions_.position_of(offset); }

 private:
  std::string_view text_;
  TextPositions positions_;
  yaml_parser_t parser_;
  yaml_event_t event_;
};

}  // namespace bgw::config
