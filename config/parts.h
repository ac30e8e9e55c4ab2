// parts
// The lists inside objects whose members have names of their own.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "config/model.h"

namespace bgw::config {

template <typename Owner, typename Part, typename Key>
struct PartList {
  std::string_view name;          // in paths of items
  std::string_view language_key;  // in the language
  std::string_view part_key;      // the member's key that names it there
  std::vector<Part> Owner::*members;
  Key Part::*key;
};

template <typename Owner, typename Part, typename Key>
PartList(const char*, const char*, const char*, std::vector<Part> Owner::*, Key Part::*)
    -> PartList<Owner, Part, Key>;

template <typename T>
inline constexpr std::tuple<> part_lists{};
template <>
inline constexpr std::tuple part_lists<Vpc>{
    PartList{"subnets", "subnets", "name", &Vpc::subnets, &Subnet::name},
    PartList{"route-tables", "route_tables", "name", &Vpc::route_tables, &RouteTable::name}};
template <>
inline constexpr std::tuple part_lists<RouteTable>{
    PartList{"propagations", "propagations", "gateway", &RouteTable::propagations,
             &Propagation::gateway},
    PartList{"static-routes", "static", "to", &RouteTable::static_routes, &VpcStaticRoute::to}};
template <>
inline constexpr std::tuple part_lists<Gateway>{
    PartList{"interfaces", "interfaces", "name", &Gateway::interfaces, &OutsideInterface::name},
    PartList{"static-routes", "static", "to", &Gateway::static_routes, &GatewayStaticRoute::to}};

// Names stay as they are; prefixes must be some.
template <typename Key>
std::optional<Key> key_of_text(const std::string& text) {
  if constexpr (std::is_same_v<Key, std::string>) {
    return text;
  } else {
    const auto key = Key::parse(text);
    return key ? std::optional(*key) : std::nullopt;
  }
}

// `list` is of type T or const T.
template <typename Members, typename Part, typename Key>
auto find_part(Members& members, Key Part::*member, const Key& key) {
  return std::find_if(members.begin(), members.end(),
                      [&](const Part& part) { return part.*member == key; });
}

}  // namespace bgw::config
