#include "config/yaml_tree.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "config/quoted.h"
#include "config/text_check.h"
#include "config/yaml_events.h"

namespace bgw::config {
namespace {

std::string_view text_of(const yaml_char_t* text) {
  return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

// Plain scalars that mean that there is no value.
bool is_null(std::string_view text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

// Builds the tree from the parser's events. Nothing in it recurses, and it stops at the nesting
// limit, so the tree is shallow whatever the text.
class TreeBuilder {
 public:
  TreeBuilder(std::string_view text, const Limits& limits, std::vector<Error>& errors)
      : text_(text), events_(text), limits_(limits), errors_(errors) {}

  YamlTree build() {
    while (!stopped_) {
      const yaml_event_t* event = events_.next();
      if (event == nullptr) {
        errors_.push_back(events_.error());
        break;
      }
      if (event->type == YAML_STREAM_END_EVENT) return {std::move(root_), true};
      take(*event);
    }
    return {};
  }

 private:
  static constexpr std::size_t few = 16;

  // A list or map under construction.
  struct Open {
    Node node;
    bool key_pending = false;  // map: the key of the next value has been read
    bool keep_value = false;   // map: … and the value belongs into the tree
    std::string key;
    Position key_at;
    std::unordered_map<std::string, std::size_t> index;  // map of more than `few`: its entries
  };

  void take(const yaml_event_t& event) {
    switch (event.type) {
      case YAML_DOCUMENT_START_EVENT:
        if (std::exchange(document_seen_, true)) stop(position_of(event), second_document);
        return;
      case YAML_ALIAS_EVENT:
        return take_alias(event);
      case YAML_SCALAR_EVENT:
        return take_scalar(event);
      case YAML_SEQUENCE_START_EVENT:
        return open(event, NodeKind::list, event.data.sequence_start.anchor,
                    event.data.sequence_start.tag);
      case YAML_MAPPING_START_EVENT:
        return open(event, NodeKind::map, event.data.mapping_start.anchor,
                    event.data.mapping_start.tag);
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT:
        return close();
      default:  // begin and end of stream and document
        return;
    }
  }

  void take_alias(const yaml_event_t& event) {
    const Position at = position_of(event);
    if (!anchors_.contains(std::string(text_of(event.data.alias.anchor)))) {
      return stop(at, "YAML syntax: aliases (*name) are not part of this language");
    }
    fail(at, "aliases (*name) are not part of this language; write the value out");
    add({NodeKind::refused, at});
  }

  void take_scalar(const yaml_event_t& event) {
    const auto& scalar = event.data.scalar;
    const std::string_view value(reinterpret_cast<const char*>(scalar.value), scalar.length);
    const bool plain = scalar.style == YAML_PLAIN_SCALAR_STYLE;
    const bool quoted = scalar.style == YAML_SINGLE_QUOTED_SCALAR_STYLE ||
                        scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    const bool null = plain && scalar.tag == nullptr && is_null(value);
    const Position at = null && value.empty() ? position_behind(event) : position_of(event);
    refuse_anchor(at, scalar.anchor);
    if (null) return add({NodeKind::null, at});
    if (scalar.tag != nullptr) return refuse_tag(at);
    add({NodeKind::scalar, at, quoted, std::string(value)});
  }

  Position position_of(const yaml_event_t& event) { return events_.position_of(event.start_mark); }

  // Of what is written next, behind blanks and comments: there a value is missing.
  Position position_behind(const yaml_event_t& event) {
    std::size_t offset = events_.offset_of(event.start_mark);
    while ((offset = text_.find_first_not_of(" \t\r\n", offset)) < text_.size() &&
           text_[offset] == '#') {
      offset = text_.find('\n', offset);
    }
    return events_.position_at(std::min(offset, text_.size()));
  }

  void fail(Position at, std::string message, Rule rule = Rule::syntax) {
    errors_.push_back({{}, at.line, at.column, std::move(message), rule});
    stopped_ = stopped_ || errors_.size() >= limits_.errors;
  }
  void stop(Position at, std::string message, Rule rule = Rule::syntax) {
    fail(at, std::move(message), rule);
    stopped_ = true;
  }

  void refuse_anchor(Position at, const yaml_char_t* anchor) {
    if (anchor == nullptr) return;
    anchors_.emplace(text_of(anchor));
    fail(at, "anchors (&name) are not part of this language");
  }
  void refuse_tag(Position at) {
    fail(at, "tags (!name) are not part of this language");
    add({NodeKind::refused, at});
  }

  void open(const yaml_event_t& event, NodeKind kind, const yaml_char_t* anchor,
            const yaml_char_t* tag) {
    const Position at = position_of(event);
    if (open_.size() >= limits_.nesting) {
      return stop(at,
                  fmt::format("nested more than {} levels deep; the language needs far fewer",
                              limits_.nesting),
                  Rule::size);
    }
    refuse_anchor(at, anchor);
    if (tag != nullptr) {
      fail(at, "tags (!name) are not part of this language");
      kind = NodeKind::refused;
    }
    open_.push_back({.node = {kind, at}});
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
    if (const MapEntry* earlier = find(map, key.text)) {
      return fail(key.at,
                  fmt::format("duplicate key {}; it is already at line {}, column {}",
                              quoted(key.text), earlier->key_at.line, earlier->key_at.column));
    }
    map.keep_value = true;
    map.key = std::move(key.text);
    map.key_at = key.at;
  }

  static void add_value(Open& map, Node value) {
    map.key_pending = false;
    if (!map.keep_value) return;
    std::vector<MapEntry>& entries = map.node.entries;
    if (entries.empty()) entries.reserve(4);
    entries.push_back({std::move(map.key), map.key_at, std::move(value)});
    if (entries.size() <= few) return;
    for (std::size_t i = map.index.size(); i < entries.size(); ++i) {
      map.index.emplace(entries[i].key, i);
    }
  }

  static const MapEntry* find(const Open& map, const std::string& key) {
    if (map.index.empty()) return map.node.find(key);
    const auto found = map.index.find(key);
    return found == map.index.end() ? nullptr : &map.node.entries[found->second];
  }

  std::string_view text_;
  YamlEvents events_;
  const Limits& limits_;
  std::vector<Error>& errors_;
  std::vector<Open> open_;
  Node root_{.at = {1, 1}};
  std::unordered_set<std::string> anchors_;
  bool document_seen_ = false;
  bool stopped_ = false;
};

}  // namespace

const MapEntry* Node::find(std::string_view key) const {
  const auto found = std::ranges::find(entries, key, &MapEntry::key);
  return found == entries.end() ? nullptr : &*found;
}

YamlTree read_yaml(std::string_view text, const Limits& limits, std::vector<Error>& errors) {
  // One is no part of the text, and counts as no column.
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (const auto error = check_text(text, limits)) {
    errors.push_back(*error);
    return {};
  }
  return TreeBuilder(text, limits, errors).build();
}

}  // namespace bgw::config
