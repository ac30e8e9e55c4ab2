#include "config/paths.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace bgw::config {
namespace {

// Takes "name", "[3]" or "[]" off the front of a path. Empty at its end.
std::string_view next_step(std::string_view& path) {
  if (path.starts_with('.')) path.remove_prefix(1);
  const bool is_index = path.starts_with('[');
  const auto end = is_index ? path.find(']') + 1 : path.find_first_of(".[");
  const std::string_view step = path.substr(0, end);
  path.remove_prefix(step.size());
  return step;
}

std::optional<std::size_t> index_of(std::string_view step) {
  if (!step.starts_with('[')) return std::nullopt;
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(step.data() + 1, step.data() + step.size(), index);
  return error == std::errc{} ? std::optional(index) : std::nullopt;
}

bool same_step(std::string_view a, std::string_view b) {
  return a == b || (a == "[]" && b.starts_with('[')) || (b == "[]" && a.starts_with('['));
}

const Node* child(const Node& node, std::string_view step, bool main_is_implied) {
  if (auto index = index_of(step)) {
    if (node.kind != NodeKind::list) return *index == 0 ? &node : nullptr;
    if (main_is_implied && (*index)-- == 0) return nullptr;
    return *index < node.items.size() ? &node.items[*index] : nullptr;
  }
  const bool list_of_one = node.kind == NodeKind::list && node.items.size() == 1;
  const MapEntry* entry = (list_of_one ? node.items[0] : node).find(step);
  return entry == nullptr ? nullptr : &entry->value;
}

}  // namespace

Position locate(const Node& root, std::string_view path) {
  const Node* node = &root;
  std::string_view previous;
  for (auto step = next_step(path); !step.empty(); step = next_step(path)) {
    const bool main_is_implied = previous == "route_tables" && !has_named_item(*node, "main");
    const Node* next = child(*node, step, main_is_implied);
    if (next == nullptr) break;
    node = next;
    previous = step;
  }
  return node->at;
}

bool concerns(std::string_view a, std::string_view b) {
  while (true) {
    const auto step_a = next_step(a);
    const auto step_b = next_step(b);
    if (step_a.empty() || step_b.empty()) return true;
    if (!same_step(step_a, step_b)) return false;
  }
}

bool is_within(std::string_view path, std::string_view ancestor) {
  while (true) {
    const auto step = next_step(path);
    const auto ancestor_step = next_step(ancestor);
    if (ancestor_step.empty()) return true;
    if (!same_step(step, ancestor_step)) return false;
  }
}

std::string pointer_of(std::string_view path) {
  std::string pointer;
  for (auto step = next_step(path); !step.empty(); step = next_step(path)) {
    pointer += '/';
    pointer += step.starts_with('[') ? step.substr(1, step.size() - 2) : step;
  }
  return pointer;
}

bool has_named_item(const Node& list, std::string_view name) {
  return std::ranges::any_of(list.items, [name](const Node& item) {
    const MapEntry* entry = item.find("name");
    return entry != nullptr && entry->value.text == name;
  });
}

}  // namespace bgw::config
