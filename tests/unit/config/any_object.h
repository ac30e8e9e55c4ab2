// Objects with any values that their types allow, whether or not they refer to anything: they reach
// every field, since they are made from the descriptions.
#pragma once

#include <random>
#include <string>
#include <variant>
#include <vector>

#include "config/language.h"

namespace bgw::test {

class AnyObject {
 public:
  explicit AnyObject(std::uint32_t seed) : random_(seed) {}

  template <typename T>
  T make() {
    T object;
    fill(object);
    return object;
  }
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_() % bound); }
  bool chance(std::uint32_t percent) { return below(100) < percent; }
  // Any characters, of one to four bytes, or a word that means something else to YAML.
  std::string text();

 private:
  template <typename T>
  void fill(T& object) {
    config::for_each_field(config::description<T>,
                           [&](const auto& field) { fill_field(field, object); });
  }

  template <typename Owner, typename Value, typename Type>
  void fill_field(const config::Field<Owner, Value, Type>& field, Owner& object) {
    // Without 'main' no VPC can be read.
    constexpr bool needed = std::is_same_v<Type, config::type::RouteTables>;
    if (needed || field.required || chance(60))
      fill_value(field.type, value_in(object.*field.member));
  }
  template <typename Owner>
  void fill_field(const config::Constant&, Owner&) {}
  template <typename Owner, typename Member, typename... Alternatives>
  void fill_field(const config::OneOf<Member, Alternatives...>& field, Owner& object) {
    std::uint32_t countdown = below(sizeof...(Alternatives));
    const auto fill_if_drawn = [&](const auto& alternative) {
      if (countdown-- != 0) return;
      typename std::decay_t<decltype(alternative)>::Value value;
      fill_value(alternative.type, std::invoke(alternative.member, value));
      std::invoke(field.member, object) = value;
    };
    std::apply([&](const auto&... each) { (fill_if_drawn(each), ...); }, field.alternatives);
  }
  template <typename Owner, typename Member, typename NextHop>
  void fill_field(const config::ViaOrBlackhole<Member, NextHop>& field, Owner& object) {
    (object.*field.member).resize(below(config::max_ecmp_members + 1));
    for (NextHop& next_hop : object.*field.member) fill(next_hop);
  }

  template <typename Type>
  void fill_value(Type, std::string& value) {
    value = text();
  }
  void fill_value(config::type::Address, config::IpAddress& value);
  void fill_value(config::type::Prefix, config::IpPrefix& value);
  void fill_value(config::type::AddressOnLink, config::InterfaceAddress& value);
  void fill_value(config::type::Boolean, bool& value) { value = chance(50); }
  template <typename T>
  void fill_value(const config::type::Number& type, T& value) {
    const auto [min, max] = type.range;
    const std::uint64_t size = std::uint64_t{max} - min + 1;
    value = static_cast<T>(chance(20) ? min : chance(20) ? max : min + random_() % size);
  }
  template <std::size_t n, typename Enum>
  void fill_value(const config::type::Choice<n>&, Enum& value) {
    value = static_cast<Enum>(below(n));
  }
  template <typename T>
  void fill_value(config::type::Object<T>, T& value) {
    fill(value);
  }
  template <typename Item, typename T>
  void fill_value(const config::type::List<Item>& type, std::vector<T>& value) {
    value.resize(below(chance(5) ? 40 : 4));
    for (T& item : value) fill_value(type.item, item);
  }
  void fill_value(const config::type::RouteTables& type, std::vector<config::RouteTable>& value);
  void fill_value(config::type::Advertised, config::Advertise& value);
  template <typename T>
  static T& value_in(T& value) {
    return value;
  }
  template <typename T>
  static T& value_in(std::optional<T>& value) {
    return value.emplace();
  }

  std::mt19937 random_;
};

}  // namespace bgw::test
