#include "config/yaml_tree.h"

#include <algorithm>
#include <sstream>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "config/quoted.h"
#include "config/text_check.h"

namespace bgw::config {
namespace {

Position position_of(const YAML::Mark& mark) {
  return {std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1};
}

// Thrown through the parser, which offers no other way to stop it.
struct Stop {};

// The parser also accepts a quoted scalar that runs into the end of the text.
bool quote_is_closed(std::string_view text, std::size_t begin) {
  const char quote = text[begin];
  for (std::size_t i = begin + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '"' || i + 1 == text.size() || text[i + 1] != quote) return true;
      ++i;
    }
  }
  return false;
}

// Builds the tree from the parser's events. Nothing in it recurses, and it stops at the nesting
// limit, so the tree is shallow whatever the text.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view text, const Limits& limits, std::vector<Error>& errors)
      : text_(text), limits_(limits), errors_(errors) {}

  Node take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (std::exchange(document_seen_, true)) {
      fail(position_of(mark),
           "a second document starts here; expected one document (is the indentation right?)");
      throw Stop{};
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    add({NodeKind::null, position_of(mark)});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    fail(position_of(mark), "aliases (*name) are not part of this language; write the value out");
    add({NodeKind::refused, position_of(mark)});
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_anchor(mark, anchor);
    const char first = source_at(mark);
    // "?" and "!" stand for "no tag" of plain and quoted scalars; "!" may also be written.
    if ((tag != "?" && tag != "!") || first == '!') return refuse_tag(mark);
    const bool quoted = first == '\'' || first == '"';
    if (quoted && !quote_is_closed(text_, static_cast<std::size_t>(mark.pos))) {
      fail(position_of(mark), fmt::format("the quote {} opened here is never closed", first));
      throw Stop{};
    }
    add({NodeKind::scalar, position_of(mark), quoted, value});
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, NodeKind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, NodeKind::map);
  }
  void OnMapEnd() override { close(); }

 private:
  // A list or map under construction.
  struct Open {
    Node node;
    bool key_pending = false;  // map: the key of the next value has been read
    bool keep_value = false;   // map: … and the value belongs into the tree
    std::string key;
    Position key_at;
    std::unordered_map<std::string, Position> keys;  // map: those read so far
  };

  void fail(Position at, std::string message) {
    errors_.push_back({{}, at.line, at.column, std::move(message)});
    if (errors_.size() >= limits_.errors) throw Stop{};
  }

  char source_at(const YAML::Mark& mark) const {
    const auto offset = static_cast<std::size_t>(mark.pos);
    return mark.pos >= 0 && offset < text_.size() ? text_[offset] : '\0';
  }

  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) {
      fail(position_of(mark), "anchors (&name) are not part of this language");
    }
  }
  void refuse_tag(const YAML::Mark& mark) {
    fail(position_of(mark), "tags (!name) are not part of this language");
    add({NodeKind::refused, position_of(mark)});
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, NodeKind kind) {
    if (open_.size() >= limits_.nesting) {
      fail(position_of(mark),
           fmt::format("nested more than {} levels deep; the language needs far fewer",
                       limits_.nesting));
      throw Stop{};
    }
    refuse_anchor(mark, anchor);
    if (tag != "?") {
      fail(position_of(mark), "tags (!name) are not part of this language");
      kind = NodeKind::refused;
    }
    open_.push_back({.node = {kind, position_of(mark)}});
  }

  void close() {
    Node node = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(node));
  }

  // Puts a complete node where it belongs: key or value of the map, or item of the list, on top.
  void add(Node node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == NodeKind::list) {
      parent.node.items.push_back(std::move(node));
    } else if (parent.node.kind == NodeKind::map) {
      if (parent.key_pending) {
        add_value(parent, std::move(node));
      } else {
        add_key(parent, std::move(node));
      }
    }
  }

  void add_key(Open& map, Node key) {
    map.key_pending = true;
    map.keep_value = false;
    if (key.kind != NodeKind::scalar) {
      if (key.kind != NodeKind::refused) fail(key.at, "a key must be plain text");
      return;
    }
    const auto [earlier, is_new] = map.keys.emplace(key.text, key.at);
    if (!is_new) {
      return fail(key.at,
                  fmt::format("duplicate key {}; it is already at line {}, column {}",
                              quoted(key.text), earlier->second.line, earlier->second.column));
    }
    map.keep_value = true;
    map.key = std::move(key.text);
    map.key_at = key.at;
  }

  static void add_value(Open& map, Node value) {
    map.key_pending = false;
    if (!map.keep_value) return;
    map.node.entries.push_back({std::move(map.key), map.key_at, std::move(value)});
  }

  std::string_view text_;
  const Limits& limits_;
  std::vector<Error>& errors_;
  std::vector<Open> open_;
  Node root_{.at = {1, 1}};
  bool document_seen_ = false;
};

// The parser's messages name its own states; these name what to look for in the text.
std::string explain(const std::string& message) {
  static const std::unordered_map<std::string_view, std::string_view> known{
      {YAML::ErrorMsg::END_OF_MAP, "the indentation fits no line above, or a ':' is missing"},
      {YAML::ErrorMsg::END_OF_MAP_FLOW, "expected ',' or '}'"},
      {YAML::ErrorMsg::END_OF_SEQ, "the indentation fits no line above, or a '-' is missing"},
      {YAML::ErrorMsg::END_OF_SEQ_FLOW, "expected ',' or ']'"},
      {YAML::ErrorMsg::MAP_VALUE, "a ':' that follows no key (is the indentation right?)"},
      {YAML::ErrorMsg::BLOCK_ENTRY, "a '-' where no list can be (is the indentation right?)"},
      {YAML::ErrorMsg::FLOW_END, "a closing bracket that nothing opened"},
      {YAML::ErrorMsg::UNKNOWN_TOKEN, "a character that can't start a value; put it in quotes"},
      {YAML::ErrorMsg::UNKNOWN_ANCHOR, "aliases (*name) are not part of this language"},
      {YAML::ErrorMsg::BAD_FILE, "nested too deeply"},
  };
  const auto found = known.find(message);
  return fmt::format("YAML syntax: {}", found == known.end() ? message : found->second);
}

// Many syntax errors of the parser are tabs that look like spaces.
bool is_indented_by_tab(std::string_view text, const YAML::Mark& mark) {
  if (mark.pos < 0) return false;
  const std::string_view before = text.substr(0, static_cast<std::size_t>(mark.pos));
  const std::string_view line = before.substr(before.rfind('\n') + 1);
  return line.substr(0, line.find_first_not_of(" \t")).find('\t') != std::string_view::npos;
}

}  // namespace

const MapEntry* Node::find(std::string_view key) const {
  const auto found = std::ranges::find(entries, key, &MapEntry::key);
  return found == entries.end() ? nullptr : &*found;
}

YamlTree read_yaml(std::string_view text, const Limits& limits, std::vector<Error>& errors) {
  // The parser skips a byte order mark without counting it, and so do we.
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (const auto error = check_text(text, limits)) {
    errors.push_back(*error);
    return {};
  }
  TreeBuilder builder(text, limits, errors);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    // A second call finds what follows the first document, which is refused.
    if (parser.HandleNextDocument(builder)) parser.HandleNextDocument(builder);
  } catch (const Stop&) {
    return {};
  } catch (const YAML::Exception& e) {
    const Position at = position_of(e.mark);
    errors.push_back({{},
                      at.line,
                      at.column,
                      is_indented_by_tab(text, e.mark) ? "a tab in the indentation; expected spaces"
                                                       : explain(e.msg)});
    return {};
  }
  return {builder.take_root(), true};
}

}  // namespace bgw::config
