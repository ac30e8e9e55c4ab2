// json_values
// Single values and whole objects of any description, as JSON.
#pragma once

#include <fmt/format.h>

#include "config/written_fields.h"

namespace bgw::config {

template <typename T>
Json json_object(const Writing& writing, const T& object);

// One overload for each type of value.

template <typename Type>
Json json_value(const Writing&, const Type&, const std::string& text) {
  return text;
}
inline Json json_value(const Writing&, type::Address, const IpAddress& address) {
  return address.to_string();
}
inline Json json_value(const Writing&, type::Prefix, const IpPrefix& prefix) {
  return prefix.to_string();
}
inline Json json_value(const Writing&, type::AddressOnLink, const InterfaceAddress& own) {
  return fmt::format("{}/{}", own.address.to_string(), own.length);
}
inline Json json_value(const Writing&, type::Boolean, bool value) {
  return value;
}
inline Json json_value(const Writing&, const type::Number&, std::uint32_t value) {
  return value;
}
template <std::size_t n, typename Enum>
Json json_value(const Writing&, const type::Choice<n>& type, Enum value) {
  return type.words.at(static_cast<std::size_t>(value));
}
template <typename T>
Json json_value(const Writing& writing, type::Object<T>, const T& object) {
  return json_object(writing, object);
}
template <typename Item, typename Values>
Json json_list(const Writing& writing, const Item& type, const Values& values) {
  Json list = Json::array();
  for (const auto& value : values) list.push_back(json_value(writing, type, value));
  return list;
}
template <typename Item, typename T>
Json json_value(const Writing& writing, const type::List<Item>& type, const std::vector<T>& list) {
  return json_list(writing, type.item, list);
}
inline Json json_value(const Writing& writing, const type::RouteTables& type,
                       const std::vector<RouteTable>& tables) {
  return json_list(writing, type.list.item, written_tables(writing, tables));
}
inline Json json_value(const Writing&, type::Advertised, const Advertise& advertise) {
  if (std::holds_alternative<AdvertiseAll>(advertise)) return "all";
  const auto& subnets = std::get<std::vector<std::string>>(advertise);
  return subnets.empty() ? Json("none") : Json(subnets);
}

template <typename T>
Json json_object(const Writing& writing, const T& object) {
  Json json = Json::object();
  for_each_written(writing, object, [&](std::string_view key, const auto& type, const auto& value) {
    json.emplace(key, json_value(writing, type, value));
  });
  return json;
}

}  // namespace bgw::config
