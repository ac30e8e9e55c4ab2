#include "control/bgp/attributes.h"

#include <functional>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bgw::control::bgp {
namespace {

using Kind = AsSegment::Kind;

struct Style {
  std::string_view open, separator, close;
};

Style style_of(Kind kind) {
  switch (kind) {
    case Kind::set:
      return {"{", ",", "}"};
    case Kind::confed_sequence:
      return {"(", " ", ")"};
    case Kind::confed_set:
      return {"[", ",", "]"};
    case Kind::sequence:
      break;
  }
  return {"", " ", ""};
}

class Hash {
 public:
  void add(std::uint64_t value) {
    hash_ = (hash_ ^ value) * 0x9e3779b97f4a7c15;
    hash_ ^= hash_ >> 32;
  }
  void add(const IpAddress& address) { add(std::hash<IpAddress>{}(address)); }
  void add(const AsSegment& segment) {
    add(static_cast<std::uint64_t>(segment.kind));
    add_all(segment.ases);
  }
  void add(const LargeCommunity& community) {
    add(community.administrator);
    add(std::uint64_t{community.first} << 32 | community.second);
  }
  template <typename T>
  void add(const std::optional<T>& value) {
    add(std::uint64_t{value.has_value()});
    if (value) add(*value);
  }
  template <typename T>
  void add_all(const std::vector<T>& values) {
    add(values.size());
    for (const auto& value : values) add(value);
  }
  std::size_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 0;
};

}  // namespace

std::size_t AsPath::length() const {
  std::size_t length = 0;
  for (const auto& [kind, ases] : segments) {
    if (kind == Kind::sequence) length += ases.size();
    if (kind == Kind::set) length += 1;
  }
  return length;
}

std::string AsPath::to_string() const {
  std::string text;
  for (const auto& [kind, ases] : segments) {
    const auto [open, separator, close] = style_of(kind);
    if (!text.empty()) text += ' ';
    text += fmt::format("{}{}{}", open, fmt::join(ases, separator), close);
  }
  return text;
}

std::size_t hash_of(const PathAttributes& attributes) {
  Hash hash;
  hash.add(attributes.next_hop);
  hash.add(attributes.link_local);
  hash.add(static_cast<std::uint64_t>(attributes.origin));
  hash.add_all(attributes.as_path.segments);
  hash.add(attributes.med);
  hash.add(attributes.local_pref);
  hash.add_all(attributes.communities);
  hash.add_all(attributes.extended_communities);
  hash.add_all(attributes.large_communities);
  hash.add(attributes.originator_id);
  hash.add_all(attributes.cluster_list);
  return hash.value();
}

}  // namespace bgw::control::bgp
