// words
// Types and defaults in the words of the reference, in Markdown.
#pragma once

#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/json_values.h"

namespace bgw::config {

struct Words {
  std::string one;
  std::string several;
};

// One overload for each type of value.

inline Words words_of(type::Name) {
  return {"name", "names"};
}
inline Words words_of(type::NamePattern) {
  return {"name, in which `*` stands for any characters",
          "names of VPCs, in which `*` stands for any characters"};
}
inline Words words_of(type::Region) {
  return words_of(type::Name{});
}
inline Words words_of(type::HostRegion) {
  return {"name: the region of this host", {}};
}
inline Words words_of(type::Device) {
  return {fmt::format("PCI address (`\"0000:3b:00.0\"`) or DPDK vdev (`\"net_tap0,iface=vpc-a\"`); "
                      "up to {} printable characters",
                      max_device_length),
          {}};
}
inline Words words_of(type::Address) {
  return {"address", "addresses"};
}
inline Words words_of(type::Prefix) {
  return {"prefix", "prefixes"};
}
inline Words words_of(type::AddressOnLink) {
  return {"interface address", "interface addresses"};
}
inline Words words_of(type::Boolean) {
  return {"boolean", {}};
}
inline Words words_of(const type::Number& type) {
  return {fmt::format("{}–{}", type.range.min, type.range.max), {}};
}
template <std::size_t n>
Words words_of(const type::Choice<n>& type) {
  return {fmt::format("`{}`", fmt::join(type.words, "` or `")), {}};
}
template <typename T>
Words words_of(type::Object<T>) {
  return {"map", "maps"};
}
template <typename Item>
Words words_of(const type::List<Item>& type) {
  const std::string at_least = type.at_least == 1 ? ", at least one" : "";
  return {fmt::format("list of {}{}", words_of(type.item).several, at_least), {}};
}
inline Words words_of(const type::RouteTables& type) {
  return words_of(type.list);
}
inline Words words_of(type::Advertised) {
  return {"`all` (every subnet, also future ones), `none`, or a list of subnets of the VPC", {}};
}

// "name of a port", "576–9600: bytes of IP packet".
template <typename Type>
std::string phrase(const Type& type, std::string_view text) {
  constexpr std::string_view punctuation = ",:;";
  const bool apart = !text.empty() && punctuation.find(text.front()) == std::string_view::npos;
  return fmt::format("{}{}{}", words_of(type).one, apart ? " " : "", text);
}

// What leaving a field out means, as JSON; null where there is nothing then, or an empty list.
template <typename Owner, typename Value, typename Type>
Json default_of(const Field<Owner, Value, Type>& field) {
  const Owner new_object{};
  const Value& value = new_object.*field.member;
  if (is_none(value)) return nullptr;
  const Json json = json_value({}, field.type, value_in(value));
  return json.is_structured() || json == "" ? Json() : json;
}

}  // namespace bgw::config
