// reference
// What people and editors are told about the language: the tables of README.md and schema.json.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include <nlohmann/json.hpp>

#include "config/model.h"

namespace bgw::config {

// A JSON Schema (draft 2020-12) of the language, as the text of schema.json.
std::string schema_text();

// What item_schemas() calls the schema of a T: "Vpc".
template <typename T>
constexpr std::string_view schema_name() {
  if constexpr (std::is_same_v<T, Port>) return "Port";
  if constexpr (std::is_same_v<T, Underlay>) return "Underlay";
  if constexpr (std::is_same_v<T, Vpc>) return "Vpc";
  if constexpr (std::is_same_v<T, Gateway>) return "Gateway";
  if constexpr (std::is_same_v<T, Attachment>) return "Attachment";
  if constexpr (std::is_same_v<T, Assertion>) return "Assertion";
  if constexpr (std::is_same_v<T, Subnet>) return "Subnet";
  if constexpr (std::is_same_v<T, RouteTable>) return "RouteTable";
  if constexpr (std::is_same_v<T, Propagation>) return "Propagation";
  if constexpr (std::is_same_v<T, VpcStaticRoute>) return "VpcStaticRoute";
  if constexpr (std::is_same_v<T, GatewayStaticRoute>) return "GatewayStaticRoute";
  if constexpr (std::is_same_v<T, OutsideInterface>) return "OutsideInterface";
}

// JSON Schemas of objects and their named parts, by schema_name(), and of what they refer to, which
// they look for at `definitions_at` ("#/$defs/"). The key that an item's path has isn't required.
nlohmann::ordered_json item_schemas(std::string_view definitions_at);

// The README with its tables written anew: what stands between "<!-- table: vpc -->" and
// "<!-- end -->". Throws std::invalid_argument for an unknown table, or one without an end.
std::string with_tables(std::string_view readme);

}  // namespace bgw::config
