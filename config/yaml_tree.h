// yaml_tree
// YAML text as a tree with positions, restricted to what the configuration language uses: plain
// maps, lists and scalars. Scalars keep their text; nothing is guessed about their type.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/loader.h"
#include "config/text_positions.h"

namespace bgw::config {

// A literal is a number, true or false of JSON, which tells them from text. Refused nodes (aliases,
// nodes with a tag) have been reported already.
enum class NodeKind : std::uint8_t { null, scalar, literal, list, map, refused };

struct MapEntry;

struct Node {
  NodeKind kind = NodeKind::null;
  Position at;
  bool quoted = false;
  std::string text;               // scalar, literal
  std::vector<Node> items;        // list
  std::vector<MapEntry> entries;  // map, in document order, keys distinct

  const MapEntry* find(std::string_view key) const;
};

struct MapEntry {
  std::string key;
  Position key_at;
  Node value;
};

struct YamlTree {
  Node root;
  bool complete = false;  // false: the text could not be read to its end
};

// Reads one YAML document. Appends to `errors` (without file name): bytes that aren't printable
// UTF-8, syntax errors, duplicate keys, anchors, aliases, tags, further documents, and sizes or
// nesting beyond `limits`. Recursion and memory are bounded whatever the text.
YamlTree read_yaml(std::string_view text, const Limits& limits, std::vector<Error>& errors);

}  // namespace bgw::config
