// description
// The vocabulary in which language.h describes the objects of the configuration. What a type means
// in YAML and JSON is in read_object.h and write_value.h, in JSON Schema and in the reference
// tables in docs/.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/model.h"
#include "config/ranges.h"

namespace bgw::config {

// Types of values.
namespace type {

struct Name {};
struct Device {};
struct NamePattern {};  // a name in which `*` may stand for any characters
struct Address {};
struct Prefix {};
struct AddressOnLink {};
struct Boolean {};
struct Number {
  Range range;
};
// An enum, by the words for its values in their order.
template <std::size_t n>
struct Choice {
  std::array<std::string_view, n> words;
};
template <typename... Words>
constexpr Choice<sizeof...(Words)> choice(Words... words) {
  return {{words...}};
}
template <typename T>
struct Object {};  // as description<T> says
template <typename Item>
struct List {
  Item item;
  std::size_t at_least;  // beyond 0 and `distinct` are rules of validate(); here for the documents
  bool distinct;
};
enum class Items : bool { any, distinct };
template <typename Item>
constexpr List<Item> list(Item item, std::size_t at_least = 0, Items items = Items::any) {
  return {item, at_least, items == Items::distinct};
}
// Types of one field each.
struct HostRegion {};  // the model's region …
struct Region {};      // … which is meant where an object has none
struct RouteTables {   // a list; 'main' comes first when it isn't written
  List<Object<RouteTable>> list{{}, 0, true};
};
struct Advertised {};

}  // namespace type

// One key of an object. Without a key that isn't required, the member keeps what a new object has.
template <typename Owner, typename Value, typename Type>
struct Field {
  static constexpr std::size_t members = 1;
  std::string_view key;
  Value Owner::*member;
  Type type;
  bool required;
  std::string_view text;     // follows the name of the type in the reference
  std::string_view without;  // what it means to leave the key out, where the member doesn't say it

  constexpr std::array<std::string_view, 1> keys() const { return {key}; }
};

template <typename Owner, typename Value, typename Type>
constexpr auto required(std::string_view key, Value Owner::*member, Type type,
                        std::string_view text = {}) {
  return Field<Owner, Value, Type>{key, member, type, true, text, {}};
}
template <typename Owner, typename Value, typename Type>
constexpr auto optional(std::string_view key, Value Owner::*member, Type type,
                        std::string_view text = {}, std::string_view without = {}) {
  return Field<Owner, Value, Type>{key, member, type, false, text, without};
}

// A key that has the same value in every object, and no member.
struct Constant {
  static constexpr std::size_t members = 0;
  std::string_view key;
  std::uint32_t value;
  constexpr std::array<std::string_view, 1> keys() const { return {key}; }
};

// Stands for the object itself where a member could be named; both are used by std::invoke.
using Itself = std::identity;

// One of the keys of a OneOf: its value is (a member of) an A.
template <typename A, typename Member, typename Type>
struct Alternative {
  using Value = A;
  std::string_view key;
  Member member;
  Type type;
  std::string_view text;
};

template <typename A, typename Value, typename Type>
constexpr auto alternative(std::string_view key, Value A::*member, Type type,
                           std::string_view text = {}) {
  return Alternative<A, Value A::*, Type>{key, member, type, text};
}
template <typename A>
constexpr auto alternative(std::string_view key, type::Object<A> type, std::string_view text = {}) {
  return Alternative<A, Itself, type::Object<A>>{key, {}, type, text};
}

// Keys that exclude each other, of which one is written: a member (or object) that is a variant.
template <typename Member, typename... Alternatives>
struct OneOf {
  static constexpr std::size_t members = 1;
  Member member;
  std::tuple<Alternatives...> alternatives;

  constexpr std::array<std::string_view, sizeof...(Alternatives)> keys() const {
    return std::apply([](const auto&... one) { return std::array{one.key...}; }, alternatives);
  }
};

template <typename Member, typename... Alternatives>
constexpr OneOf<Member, Alternatives...> one_of(Member member, Alternatives... alternatives) {
  return {member, {alternatives...}};
}

// `via` with one next hop or a list of them (ECMP), or `blackhole: true` for an empty list.
template <typename Member, typename NextHop>
struct ViaOrBlackhole {
  static constexpr std::size_t members = 1;
  Member member;
  type::List<type::Object<NextHop>> list;

  static constexpr std::string_view via = "via";
  static constexpr std::string_view blackhole = "blackhole";
  constexpr std::array<std::string_view, 2> keys() const { return {via, blackhole}; }
};

template <typename Owner, typename NextHop>
constexpr auto via_or_blackhole(std::vector<NextHop> Owner::*member) {
  return ViaOrBlackhole<std::vector<NextHop> Owner::*, NextHop>{
      member, type::list(type::Object<NextHop>{}, 1, type::Items::distinct)};
}

// How an object is written in YAML: a line for each key, or all in one line and in braces.
enum class Layout : bool { lines, braces };

template <typename... Fields>
struct Description {
  std::string_view name;  // in messages and in the schema: "route table"
  Layout layout;
  std::tuple<Fields...> fields;
};

// Compiles only if T has exactly n members.
template <std::size_t n, typename T>
constexpr auto has_members(const T& object) {
  static_assert(1 <= n && n <= 8, "write a line more");
  if constexpr (n == 1) {
    [[maybe_unused]] const auto& [a] = object;
  }
  if constexpr (n == 2) {
    [[maybe_unused]] const auto& [a, b] = object;
  }
  if constexpr (n == 3) {
    [[maybe_unused]] const auto& [a, b, c] = object;
  }
  if constexpr (n == 4) {
    [[maybe_unused]] const auto& [a, b, c, d] = object;
  }
  if constexpr (n == 5) {
    [[maybe_unused]] const auto& [a, b, c, d, e] = object;
  }
  if constexpr (n == 6) {
    [[maybe_unused]] const auto& [a, b, c, d, e, f] = object;
  }
  if constexpr (n == 7) {
    [[maybe_unused]] const auto& [a, b, c, d, e, f, g] = object;
  }
  if constexpr (n == 8) {
    [[maybe_unused]] const auto& [a, b, c, d, e, f, g, h] = object;
  }
  return true;
}

// A member of T without a field doesn't compile.
template <typename T, typename... Fields>
constexpr Description<Fields...> object(std::string_view name, Layout layout, Fields... fields) {
  if constexpr (std::is_aggregate_v<T>) {
    constexpr std::size_t members = (std::size_t{0} + ... + Fields::members);
    static_assert(std::is_same_v<decltype(has_members<members>(std::declval<const T&>())), bool>);
  }
  return {name, layout, {fields...}};
}

// Calls `visit` with each field, in the order of the language.
template <typename... Fields, typename Visit>
constexpr void for_each_field(const Description<Fields...>& description, Visit visit) {
  std::apply([&](const auto&... field) { (visit(field), ...); }, description.fields);
}

// Every key of an object, in the order of the language.
template <typename... Fields>
constexpr auto keys_of(const Description<Fields...>& description) {
  constexpr std::size_t count =
      (std::size_t{0} + ... + std::tuple_size_v<decltype(std::declval<Fields>().keys())>);
  std::array<std::string_view, count> keys;
  std::size_t next = 0;
  for_each_field(description, [&](const auto& field) {
    for (const std::string_view key : field.keys()) keys[next++] = key;
  });
  return keys;
}

}  // namespace bgw::config
