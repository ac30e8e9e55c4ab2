#include "config/yaml_events.h"

#include <algorithm>
#include <array>
#include <new>
#include <optional>
#include <string>

#include <fmt/format.h>

namespace bgw::config {
namespace {

struct Known {
  std::string_view problem;
  std::string_view message;
};
// The parser's messages name its own states; these name what to look for in the text.
constexpr std::array known_problems{
    Known{"did not find expected key", "the indentation fits no line above, or a ':' is missing"},
    Known{"could not find expected ':'", "the indentation fits no line above, or a ':' is missing"},
    Known{"did not find expected ',' or '}'", "expected ',' or '}'"},
    Known{"did not find expected '-' indicator",
          "the indentation fits no line above, or a '-' is missing"},
    Known{"did not find expected ',' or ']'", "expected ',' or ']'"},
    Known{"mapping values are not allowed in this context",
          "a ':' that follows no key (is the indentation right?)"},
    Known{"block sequence entries are not allowed in this context",
          "a '-' where no list can be (is the indentation right?)"},
    Known{"did not find expected node content", "a closing bracket that nothing opened"},
    Known{"found character that cannot start any token",
          "a character that can't start a value; put it in quotes"},
    Known{"found unexpected ':'", "a ':' inside a value; put it in quotes"},
    Known{"found undefined tag handle", "tags (!name) are not part of this language"},
};

std::string explain(std::string_view problem) {
  const auto found = std::ranges::find(known_problems, problem, &Known::problem);
  return fmt::format("YAML syntax: {}", found == known_problems.end() ? problem : found->message);
}

// Many syntax errors are tabs that look like spaces: where the text begins behind them.
std::optional<std::size_t> indented_by_tab(std::string_view text, std::size_t offset) {
  const std::size_t line = text.substr(0, offset).rfind('\n') + 1;
  const std::size_t begin = std::min(text.find_first_not_of(" \t", line), text.size());
  const bool has_tab = text.substr(line, begin - line).find('\t') != std::string_view::npos;
  return has_tab && offset <= begin ? std::optional(begin) : std::nullopt;
}

bool closes(std::string_view text, std::size_t offset) {
  return offset < text.size() && (text[offset] == ']' || text[offset] == '}');
}

// The whole character at `offset`, empty behind the end: marks may be there.
std::string_view character_at(std::string_view text, std::size_t offset) {
  const std::string_view rest = text.substr(std::min(offset, text.size()));
  const auto end = std::find_if(rest.begin() + (rest.empty() ? 0 : 1), rest.end(),
                                [](char c) { return (c & 0xc0) != 0x80; });
  return rest.substr(0, end - rest.begin());
}

}  // namespace

YamlEvents::YamlEvents(std::string_view text) : text_(text), positions_(text), event_{} {
  if (yaml_parser_initialize(&parser_) == 0) throw std::bad_alloc();
  yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
  // It takes no null, which an empty view may have.
  const char* const bytes = text.empty() ? "" : text.data();
  yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(bytes),
                               text.size());
}

YamlEvents::~YamlEvents() {
  yaml_event_delete(&event_);
  yaml_parser_delete(&parser_);
}

const yaml_event_t* YamlEvents::next() {
  yaml_event_delete(&event_);
  if (yaml_parser_parse(&parser_, &event_) != 0) return &event_;
  if (parser_.error == YAML_MEMORY_ERROR) throw std::bad_alloc();
  return nullptr;
}

Error YamlEvents::error() {
  const std::string_view problem = parser_.problem;
  const auto error_at = [this](std::size_t offset, std::string message) {
    const Position at = position_at(offset);
    return Error{{}, at.line, at.column, std::move(message), Rule::syntax};
  };
  if (parser_.error == YAML_READER_ERROR) {
    return error_at(parser_.problem_offset, explain(problem));
  }
  const std::size_t offset = offset_of(parser_.problem_mark);
  if (const auto begin = indented_by_tab(text_, offset)) {
    return error_at(*begin, "a tab in the indentation; expected spaces");
  }
  if (problem == "did not find expected <document start>") {
    return error_at(offset, second_document);
  }
  const bool is_escape = problem == "found unknown escape character";
  const std::string_view escaped = character_at(text_, offset + 1);
  if (is_escape && !escaped.empty()) {
    return error_at(offset + 1 + escaped.size(),
                    fmt::format("YAML syntax: unknown escape character: {}", escaped));
  }
  if (is_escape || problem == "found unexpected end of stream" ||
      problem == "found unexpected document indicator") {
    const std::size_t quote = offset_of(parser_.context_mark);
    return error_at(
        quote, fmt::format("the quote {} opened here is never closed", character_at(text_, quote)));
  }
  if (problem == "did not find expected node content" && !closes(text_, offset)) {
    return error_at(offset, "YAML syntax: a value is missing");
  }
  // A key that no ':' follows is where to look, not what comes instead.
  const bool is_key = problem == "could not find expected ':'";
  return error_at(is_key ? offset_of(parser_.context_mark) : offset, explain(problem));
}

}  // namespace bgw::config
