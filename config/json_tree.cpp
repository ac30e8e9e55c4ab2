#include "config/json_tree.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace bgw::config {
namespace {

class TreeBuilder {
 public:
  TreeBuilder(const Limits& limits, std::vector<Error>& errors)
      : limits_(limits), errors_(errors) {}

  Node node_of(const Json& json) {
    Node node{.at = next()};
    if (json.is_null()) return node;
    if (json.is_structured()) {
      add_members(json, node);
    } else {
      node.kind = json.is_string() ? NodeKind::scalar : NodeKind::literal;
      node.quoted = json.is_string();
      node.text = json.is_string() ? json.get<std::string>() : json.dump();
    }
    return node;
  }

 private:
  Position next() { return {++numbers_, 1}; }

  void add_members(const Json& json, Node& node) {
    if (nesting_ == limits_.nesting) {
      node.kind = NodeKind::refused;
      errors_.push_back({{},
                         node.at.line,
                         node.at.column,
                         fmt::format("nested more than {} levels deep", limits_.nesting),
                         Rule::size});
      return;
    }
    ++nesting_;
    node.kind = json.is_array() ? NodeKind::list : NodeKind::map;
    if (json.is_array()) {
      for (const Json& item : json) node.items.push_back(node_of(item));
    } else {
      for (const auto& [key, value] : json.items()) {
        const Position key_at = next();
        node.entries.push_back({key, key_at, node_of(value)});
      }
    }
    --nesting_;
  }

  const Limits& limits_;
  std::vector<Error>& errors_;
  std::size_t nesting_ = 0;
  int numbers_ = 0;
};

// RFC 6901 section 3.
std::string escaped(std::string_view key) {
  std::string out;
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

// Of several nodes or keys in order, the last that doesn't come after that number.
template <typename Items, typename Number>
const auto& last_up_to(int number, const Items& items, Number number_of) {
  return *std::prev(std::ranges::upper_bound(items, number, {}, number_of));
}

std::string pointer_to(const Node& root, int number) {
  std::string pointer;
  for (const Node* node = &root; node->at.line != number;) {
    if (node->kind == NodeKind::list) {
      const Node& item =
          last_up_to(number, node->items, [](const Node& each) { return each.at.line; });
      pointer += fmt::format("/{}", &item - node->items.data());
      node = &item;
    } else {
      const MapEntry& entry =
          last_up_to(number, node->entries, [](const MapEntry& each) { return each.key_at.line; });
      pointer += '/' + escaped(entry.key);
      if (entry.key_at.line == number) break;
      node = &entry.value;
    }
  }
  return pointer;
}

}  // namespace

Node tree_of(const Json& json, const Limits& limits, std::vector<Error>& errors) {
  return TreeBuilder(limits, errors).node_of(json);
}

std::vector<JsonError> with_pointers(const Node& root, std::vector<Error> errors) {
  std::ranges::stable_sort(errors, {}, &Error::line);
  std::vector<JsonError> result;
  for (Error& error : errors) {
    result.push_back({pointer_to(root, error.line), std::move(error.message), error.rule});
  }
  return result;
}

}  // namespace bgw::config
