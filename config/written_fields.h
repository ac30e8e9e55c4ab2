// written_fields
// Which keys of an object are written, and with what: the same for YAML and JSON.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>

#include "config/json.h"
#include "config/language.h"

namespace bgw::config {

struct Writing {
  std::string host_region;  // of objects that name none
  Defaults defaults = Defaults::left_out;
};

// What a member is when its key is left out.
template <typename Type, typename T>
const T& value_without(const Writing&, const Type&, const T& of_new_object) {
  return of_new_object;
}
inline const std::string& value_without(const Writing& writing, type::Region, const std::string&) {
  return writing.host_region;
}
inline const std::vector<RouteTable>& value_without(const Writing&, const type::RouteTables&,
                                                    const std::vector<RouteTable>&) {
  static const std::vector<RouteTable> only_main{RouteTable{"main", {}, {}}};
  return only_main;
}

// An empty 'main' that comes first need not be written.
inline std::span<const RouteTable> written_tables(const Writing& writing,
                                                  std::span<const RouteTable> tables) {
  const bool implied = writing.defaults == Defaults::left_out && !tables.empty() &&
                       tables.front() == RouteTable{"main", {}, {}};
  return tables.subspan(implied ? 1 : 0);
}

template <typename T>
const T& value_in(const T& value) {
  return value;
}
template <typename T>
const T& value_in(const std::optional<T>& value) {
  return *value;
}
template <typename T>
bool is_none(const T&) {
  return false;
}
template <typename T>
bool is_none(const std::optional<T>& value) {
  return !value;
}

// One overload for each kind of field; `write` is called with key, type and value of what is
// written.

template <typename Owner, typename Value, typename Type, typename Write>
void write_field(const Writing& writing, const Field<Owner, Value, Type>& field,
                 const Owner& object, Write write) {
  static const Owner new_object{};
  const Value& value = object.*field.member;
  const bool left_out = writing.defaults == Defaults::left_out && !field.required &&
                        value == value_without(writing, field.type, new_object.*field.member);
  if (!left_out && !is_none(value)) write(field.key, field.type, value_in(value));
}

template <typename Owner, typename Write>
void write_field(const Writing&, const Constant& constant, const Owner&, Write write) {
  write(constant.key, type::Number{}, constant.value);
}

template <typename Owner, typename Member, typename... Alternatives, typename Write>
void write_field(const Writing&, const OneOf<Member, Alternatives...>& field, const Owner& object,
                 Write write) {
  const auto write_if_held = [&](const auto& alternative) {
    using Value = typename std::decay_t<decltype(alternative)>::Value;
    const auto* held = std::get_if<Value>(&std::invoke(field.member, object));
    if (held == nullptr) return;
    write(alternative.key, alternative.type, std::invoke(alternative.member, *held));
  };
  std::apply([&](const auto&... alternative) { (write_if_held(alternative), ...); },
             field.alternatives);
}

template <typename Owner, typename Member, typename NextHop, typename Write>
void write_field(const Writing&, const ViaOrBlackhole<Member, NextHop>& field, const Owner& object,
                 Write write) {
  const std::vector<NextHop>& via = object.*field.member;
  if (via.empty()) return write(field.blackhole, type::Boolean{}, true);
  if (via.size() == 1) return write(field.via, field.list.item, via.front());
  write(field.via, field.list, via);
}

// Calls `write` with key, type and value of each key that is written, in the order of the language.
template <typename T, typename Write>
void for_each_written(const Writing& writing, const T& object, Write write) {
  for_each_field(description<T>,
                 [&](const auto& field) { write_field(writing, field, object, write); });
}

}  // namespace bgw::config
