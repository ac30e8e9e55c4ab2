// reader
// Typed reading of tree nodes. Every read_… returns a value even when the node is wrong: the error
// is recorded, the node's path is marked broken, and reading goes on with its siblings.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/model.h"
#include "config/ranges.h"
#include "config/yaml_tree.h"

namespace bgw::config {

// A node and how it was reached. Lives on the stack of the functions that walk down the tree.
struct Place {
  const Node* node;
  const Place* parent = nullptr;
  std::string_view key = {};              // of the map that holds the node
  std::optional<std::size_t> index = {};  // or in the list that does, as the model counts

  std::string path() const;
  std::string_view nearest_key() const;  // for messages: the list's key for its items
};

// What reading a document collects, and what objects inherit from it.
class Reader {
 public:
  // Beyond `max_errors` errors are dropped, so that hostile text can't fill the memory with them.
  Reader(std::vector<Error>& errors, std::size_t max_errors)
      : errors_(errors), max_errors_(max_errors) {}

  // The region of objects that name none.
  std::string host_region;

  bool is_full() const { return errors_.size() >= max_errors_; }
  void fail(Position at, std::string message, Rule rule = Rule::value);
  // An error that makes the value at `place` unusable.
  void fail(const Place& place, std::string message, Rule rule = Rule::value);
  // "key 'mtu': expected a number from 576 to 9600, found 'big'".
  void expected(const Place& place, std::string_view what);
  // No error of its own, but whatever concerns this path is unknown.
  void mark_broken(std::string path);
  // Whether the node, or one around it, is broken …
  bool is_broken(std::string_view path) const;
  // … or anything in it.
  bool is_broken_within(std::string_view path) const;

 private:
  std::vector<Error>& errors_;
  std::size_t max_errors_;
  std::vector<std::string> broken_;
};

// A map with a fixed set of keys. The constructor reports what isn't a map, and unknown keys.
class MapReader {
 public:
  // `what` names the map in messages: "attachment". Refers to the keys.
  MapReader(Reader& reader, const Place& place, std::string_view what,
            std::span<const std::string_view> keys);
  MapReader(const MapReader&) = delete;
  MapReader& operator=(const MapReader&) = delete;

  bool has(std::string_view key) const { return place_.node->find(key) != nullptr; }
  // False without the key; that is reported, once.
  bool require(std::string_view key);
  // The only one of `alternatives` that is written. None or several: an error. Of several the first
  // is returned.
  std::optional<std::string_view> one_of(std::span<const std::string_view> alternatives);
  // Of a key that the map has.
  Place place_of(std::string_view key) const;
  // Two keys that exclude each other; reported at the later one.
  void refuse_both(std::string_view a, std::string_view b);

 private:
  std::string path_of(std::string_view key) const;
  void report_unknown_key(const MapEntry& entry);

  Reader& reader_;
  Place place_;
  std::string_view what_;
  std::span<const std::string_view> keys_;
  bool is_map_;
  std::vector<std::string_view> meant_;  // keys that unknown ones were probably meant to be
};

std::string read_text(Reader& reader, const Place& place);
bool read_bool(Reader& reader, const Place& place);
IpAddress read_address(Reader& reader, const Place& place);
IpPrefix read_prefix(Reader& reader, const Place& place);
InterfaceAddress read_interface_address(Reader& reader, const Place& place);
// A plain decimal in `range`; its minimum when it is none.
std::uint32_t read_number(Reader& reader, const Place& place, Range range);
// Index of the choice; 0 when it is none of them.
std::size_t read_choice(Reader& reader, const Place& place,
                        std::span<const std::string_view> choices);

}  // namespace bgw::config
