#include "config/read_object.h"

#include <fmt/format.h>

#include "config/language.h"
#include "config/paths.h"

namespace bgw::config {
namespace {

// One overload for each type of value.

void read_value(Reader& reader, const Place& place, type::Name, std::string& into) {
  into = read_text(reader, place);
}
void read_value(Reader& reader, const Place& place, type::NamePattern, std::string& into) {
  into = read_text(reader, place);
}
void read_value(Reader& reader, const Place& place, type::Device, std::string& into) {
  into = read_text(reader, place);
}
void read_value(Reader& reader, const Place& place, type::Region, std::string& into) {
  into = read_text(reader, place);
}
void read_value(Reader& reader, const Place& place, type::HostRegion, std::string& into) {
  into = read_text(reader, place);
  reader.host_region = into;
}
void read_value(Reader& reader, const Place& place, type::Address, IpAddress& into) {
  into = read_address(reader, place);
}
void read_value(Reader& reader, const Place& place, type::Prefix, IpPrefix& into) {
  into = read_prefix(reader, place);
}
void read_value(Reader& reader, const Place& place, type::AddressOnLink, InterfaceAddress& into) {
  into = read_interface_address(reader, place);
}
void read_value(Reader& reader, const Place& place, type::Boolean, bool& into) {
  into = read_bool(reader, place);
}
template <typename T>
void read_value(Reader& reader, const Place& place, const type::Number& type, T& into) {
  into = static_cast<T>(read_number(reader, place, type.range));
}
template <std::size_t n, typename Enum>
void read_value(Reader& reader, const Place& place, const type::Choice<n>& type, Enum& into) {
  into = static_cast<Enum>(read_choice(reader, place, type.words));
}
template <typename T>
void read_value(Reader& reader, const Place& place, type::Object<T>, T& into) {
  read_object(reader, place, into);
}

// `first_index` is the first item's index in the model.
template <typename Item, typename T>
void read_value(Reader& reader, const Place& place, const type::List<Item>& type,
                std::vector<T>& into, std::size_t first_index = 0) {
  into.clear();
  if (place.node->kind != NodeKind::list) return reader.expected(place, "a list");
  into.reserve(first_index + place.node->items.size());
  for (const Node& item : place.node->items) {
    const Place place_of_item{&item, &place, {}, first_index + into.size()};
    read_value(reader, place_of_item, type.item, into.emplace_back());
  }
}

// 'main' always exists: it comes first when it isn't written.
void read_value(Reader& reader, const Place& place, const type::RouteTables& type,
                std::vector<RouteTable>& into) {
  if (has_named_item(*place.node, "main")) return read_value(reader, place, type.list, into);
  read_value(reader, place, type.list, into, 1);
  into.insert(into.begin(), RouteTable{"main", {}, {}});
}

void read_value(Reader& reader, const Place& place, type::Advertised, Advertise& into) {
  if (place.node->kind == NodeKind::list) {
    return read_value(reader, place, type::list(type::Name{}),
                      into.emplace<std::vector<std::string>>());
  }
  constexpr std::array<std::string_view, 3> choices{"all", "none", "a list of subnets"};
  if (read_choice(reader, place, choices) == 0) {
    into = AdvertiseAll{};
  } else {
    into = std::vector<std::string>{};
  }
}

// What a member is before its key is read, and without it.
template <typename Type, typename T>
void prepare(const Reader&, const Type&, T&) {}
void prepare(const Reader& reader, type::Region, std::string& into) {
  into = reader.host_region;
}
void prepare(const Reader&, type::RouteTables, std::vector<RouteTable>& into) {
  into = {RouteTable{"main", {}, {}}};
}

template <typename T>
T& value_in(T& value) {
  return value;
}
template <typename T>
T& value_in(std::optional<T>& value) {
  return value.emplace();
}

// One overload for each kind of field.

template <typename Owner, typename Value, typename Type>
void read_field(Reader& reader, MapReader& map, const Field<Owner, Value, Type>& field,
                Owner& object) {
  prepare(reader, field.type, object.*field.member);
  if (field.required ? !map.require(field.key) : !map.has(field.key)) return;
  read_value(reader, map.place_of(field.key), field.type, value_in(object.*field.member));
}

template <typename Owner>
void read_field(Reader& reader, MapReader& map, const Constant& constant, Owner&) {
  if (!map.require(constant.key)) return;
  read_number(reader, map.place_of(constant.key), {constant.value, constant.value});
}

template <typename Owner, typename Member, typename... Alternatives>
void read_field(Reader& reader, MapReader& map, const OneOf<Member, Alternatives...>& field,
                Owner& object) {
  const auto keys = field.keys();
  const auto written = map.one_of(keys);
  const auto read_if_written = [&](const auto& alternative) {
    if (written != alternative.key) return;
    typename std::decay_t<decltype(alternative)>::Value value;
    read_value(reader, map.place_of(alternative.key), alternative.type,
               std::invoke(alternative.member, value));
    std::invoke(field.member, object) = std::move(value);
  };
  std::apply([&](const auto&... alternative) { (read_if_written(alternative), ...); },
             field.alternatives);
}

template <typename NextHop>
void read_next_hops(Reader& reader, const Place& place, std::vector<NextHop>& into,
                    const type::List<type::Object<NextHop>>& type) {
  if (place.node->kind != NodeKind::list) return read_object(reader, place, into.emplace_back());
  const std::size_t count = place.node->items.size();
  if (count == 1) {  // brackets around one change nothing, its path neither
    const Place only{&place.node->items[0], place.parent, place.key};
    return read_object(reader, only, into.emplace_back());
  }
  if (count < 1 || count > max_ecmp_members) {
    reader.fail(place, fmt::format("key 'via': expected 1 to {} next hops, found {}",
                                   max_ecmp_members, count));
  }
  read_value(reader, place, type, into);
}

template <typename Owner, typename Member, typename NextHop>
void read_field(Reader& reader, MapReader& map, const ViaOrBlackhole<Member, NextHop>& field,
                Owner& object) {
  const auto keys = field.keys();
  const auto action = map.one_of(keys);
  if (action == field.via) {
    read_next_hops(reader, map.place_of(field.via), object.*field.member, field.list);
  } else if (action == field.blackhole) {
    const Place blackhole = map.place_of(field.blackhole);
    if (!read_bool(reader, blackhole) && !reader.is_broken(blackhole.path())) {
      reader.fail(blackhole, "key 'blackhole': expected true, found 'false'; write 'via' instead");
    }
  }
}

}  // namespace

template <typename T>
void read_object(Reader& reader, const Place& place, T& into) {
  static constexpr auto keys = keys_of(description<T>);
  MapReader map(reader, place, description<T>.name, keys);
  for_each_field(description<T>, [&](const auto& field) { read_field(reader, map, field, into); });
}

template void read_object(Reader&, const Place&, Model&);
template void read_object(Reader&, const Place&, Port&);
template void read_object(Reader&, const Place&, Vpc&);
template void read_object(Reader&, const Place&, Underlay&);
template void read_object(Reader&, const Place&, Gateway&);
template void read_object(Reader&, const Place&, Attachment&);
template void read_object(Reader&, const Place&, Assertion&);
template void read_object(Reader&, const Place&, Subnet&);
template void read_object(Reader&, const Place&, RouteTable&);
template void read_object(Reader&, const Place&, Propagation&);
template void read_object(Reader&, const Place&, VpcStaticRoute&);
template void read_object(Reader&, const Place&, GatewayStaticRoute&);
template void read_object(Reader&, const Place&, OutsideInterface&);

}  // namespace bgw::config
