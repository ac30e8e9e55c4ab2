#include "config/reader.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/nearest.h"
#include "config/paths.h"
#include "config/quoted.h"

namespace bgw::config {
namespace {

std::string describe(const Node& node) {
  switch (node.kind) {
    case NodeKind::list:
      return "a list";
    case NodeKind::map:
      return "a map";
    case NodeKind::scalar:
      return quoted(node.text);
    case NodeKind::literal:
      return node.text;
    case NodeKind::null:
    case NodeKind::refused:
      break;
  }
  return "nothing";
}

// The text of a plain or quoted scalar; null after the error was recorded.
const std::string* text_of(Reader& reader, const Place& place, std::string_view what) {
  if (place.node->kind == NodeKind::scalar) return &place.node->text;
  reader.expected(place, what);
  return nullptr;
}

// The text of a plain scalar: quotes make a number or true a text.
const std::string* plain_text_of(Reader& reader, const Place& place, std::string_view what) {
  if (place.node->kind == NodeKind::literal) return &place.node->text;
  const std::string* text = text_of(reader, place, what);
  if (text == nullptr || !place.node->quoted) return text;
  reader.expected(place, fmt::format("{} without quotes", what));
  return nullptr;
}

template <typename T, typename Parse>
T read_parsed(Reader& reader, const Place& place, std::string_view what, Parse parse) {
  const std::string* text = text_of(reader, place, what);
  if (text == nullptr) return {};
  auto value = parse(*text);
  if (value) return *value;
  reader.fail(place, fmt::format("key '{}': expected {}, found {}: {}", place.nearest_key(), what,
                                 quoted(*text), value.error()));
  return {};
}

}  // namespace

std::string Place::path() const {
  std::string path = parent == nullptr ? std::string() : parent->path();
  if (index) return path + fmt::format("[{}]", *index);
  if (!path.empty()) path += '.';
  return path.append(key);
}

std::string_view Place::nearest_key() const {
  return index && parent != nullptr ? parent->nearest_key() : key;
}

void Reader::fail(Position at, std::string message, Rule rule) {
  if (!is_full()) errors_.push_back({{}, at.line, at.column, std::move(message), rule});
}

void Reader::mark_broken(std::string path) {
  if (!is_full()) broken_.push_back(std::move(path));
}

void Reader::fail(const Place& place, std::string message, Rule rule) {
  fail(place.node->at, std::move(message), rule);
  mark_broken(place.path());
}

void Reader::expected(const Place& place, std::string_view what) {
  if (place.node->kind == NodeKind::refused) return mark_broken(place.path());
  const std::string found = describe(*place.node);
  const auto key = place.nearest_key();
  fail(place, key.empty() ? fmt::format("expected {}, found {}", what, found)
                          : fmt::format("key '{}': expected {}, found {}", key, what, found));
}

bool Reader::is_broken(std::string_view path) const {
  return std::ranges::any_of(broken_, [path](const auto& b) { return is_within(path, b); });
}

bool Reader::is_broken_within(std::string_view path) const {
  return std::ranges::any_of(broken_, [path](const auto& b) { return concerns(b, path); });
}

MapReader::MapReader(Reader& reader, const Place& place, std::string_view what,
                     std::span<const std::string_view> keys)
    : reader_(reader),
      place_(place),
      what_(what),
      keys_(keys),
      is_map_(place.node->kind == NodeKind::map) {
  if (!is_map_) {
    reader_.expected(place_, fmt::format("a map with the keys {}", fmt::join(keys_, ", ")));
  }
  for (const MapEntry& entry : place_.node->entries) {
    if (std::ranges::find(keys_, entry.key) == keys_.end()) report_unknown_key(entry);
  }
}

void MapReader::report_unknown_key(const MapEntry& entry) {
  const auto meant = nearest(entry.key, keys_);
  std::string message = fmt::format("unknown key {} in {}", quoted(entry.key), what_);
  if (meant) {
    message += fmt::format("; did you mean '{}'?", *meant);
  } else {
    message += fmt::format("; known keys: {}", fmt::join(keys_, ", "));
  }
  reader_.fail(entry.key_at, std::move(message), Rule::unknown_key);
  if (!meant || has(*meant)) return;
  meant_.push_back(*meant);
  reader_.mark_broken(path_of(*meant));
}

std::string MapReader::path_of(std::string_view key) const {
  return Place{nullptr, &place_, key}.path();
}

Place MapReader::place_of(std::string_view key) const {
  const MapEntry* entry = place_.node->find(key);
  return {&entry->value, &place_, entry->key};
}

bool MapReader::require(std::string_view key) {
  if (has(key)) return true;
  if (is_map_ && std::ranges::find(meant_, key) == meant_.end()) {
    reader_.fail(place_.node->at, fmt::format("missing key '{}' in {}", key, what_),
                 Rule::missing_key);
    reader_.mark_broken(path_of(key));
  }
  return false;
}

std::optional<std::string_view> MapReader::one_of(std::span<const std::string_view> alternatives) {
  std::optional<std::string_view> found;
  for (const auto alternative : alternatives) {
    if (!has(alternative)) continue;
    if (found) {
      refuse_both(*found, alternative);
    } else {
      found = alternative;
    }
  }
  if (found || !is_map_) return found;
  const bool meant = std::ranges::any_of(meant_, [&](std::string_view key) {
    return std::ranges::find(alternatives, key) != alternatives.end();
  });
  if (!meant) {
    reader_.fail(place_.node->at,
                 fmt::format("{} needs one of the keys {}", what_, fmt::join(alternatives, ", ")),
                 Rule::missing_key);
  }
  for (const auto alternative : alternatives) reader_.mark_broken(path_of(alternative));
  return std::nullopt;
}

void MapReader::refuse_both(std::string_view a, std::string_view b) {
  const MapEntry* first = place_.node->find(a);
  const MapEntry* second = place_.node->find(b);
  if (first == nullptr || second == nullptr) return;
  if (second < first) std::swap(first, second);
  reader_.fail(
      second->key_at,
      fmt::format("'{}' excludes '{}': {} takes one of them", first->key, second->key, what_),
      Rule::exclusive_keys);
}

std::string read_text(Reader& reader, const Place& place) {
  const std::string* text = text_of(reader, place, "text");
  return text == nullptr ? std::string() : *text;
}

bool read_bool(Reader& reader, const Place& place) {
  const std::string* text = plain_text_of(reader, place, "true or false");
  if (text == nullptr || *text == "false") return false;
  if (*text != "true") reader.expected(place, "true or false");
  return true;
}

IpAddress read_address(Reader& reader, const Place& place) {
  return read_parsed<IpAddress>(reader, place, "an address such as 10.1.1.1",
                                [](std::string_view text) { return IpAddress::parse(text); });
}

IpPrefix read_prefix(Reader& reader, const Place& place) {
  return read_parsed<IpPrefix>(reader, place, "a prefix such as 10.1.0.0/16",
                               [](std::string_view text) { return IpPrefix::parse(text); });
}

InterfaceAddress read_interface_address(Reader& reader, const Place& place) {
  const auto [address, length] = read_parsed<std::pair<IpAddress, std::uint8_t>>(
      reader, place, "an address with its prefix length such as 10.1.1.1/24",
      parse_address_and_length);
  return {address, length};
}

std::uint32_t read_number(Reader& reader, const Place& place, Range range) {
  const std::string what = range.min == range.max
                               ? fmt::format("{}", range.min)
                               : fmt::format("a number from {} to {}", range.min, range.max);
  const std::string* text = plain_text_of(reader, place, what);
  if (text == nullptr) return range.min;
  const bool digits = text->find_first_not_of("0123456789") == std::string::npos;
  if (digits && text->size() > 1 && text->front() == '0') {
    reader.expected(place, what + " without leading zeros");
    return range.min;
  }
  std::uint32_t value = 0;
  const char* const last = text->data() + text->size();
  const auto [end, error] = std::from_chars(text->data(), last, value);
  if (error != std::errc{} || end != last || !range.contains(value)) {
    reader.expected(place, what);
    return range.min;
  }
  return value;
}

std::size_t read_choice(Reader& reader, const Place& place,
                        std::span<const std::string_view> choices) {
  const std::string what = fmt::format("{}", fmt::join(choices, " or "));
  const std::string* text = text_of(reader, place, what);
  if (text == nullptr) return 0;
  const auto found = std::ranges::find(choices, *text);
  if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
  reader.fail(place, fmt::format("key '{}': expected {}, found {}{}", place.nearest_key(), what,
                                 quoted(*text), suggestion(*text, choices)));
  return 0;
}

}  // namespace bgw::config
