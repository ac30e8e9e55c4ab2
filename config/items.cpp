#include "config/items.h"

#include <array>
#include <span>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "config/parts.h"
#include "config/paths.h"
#include "config/quoted.h"

namespace bgw::config {
namespace {

using Wrong = tl::unexpected<ItemError>;
using Parts = std::span<const PartName>;

// In the order of Kind.
constexpr std::array<std::string_view, 6> lists_of_kinds{"ports",    "vpcs",        "underlays",
                                                         "gateways", "attachments", "assertions"};

template <typename T>
const Objects<T>& objects_of(const ValidModel& model) {
  if constexpr (std::is_same_v<T, Port>) return model.ports();
  if constexpr (std::is_same_v<T, Vpc>) return model.vpcs();
  if constexpr (std::is_same_v<T, Underlay>) return model.underlays();
  if constexpr (std::is_same_v<T, Gateway>) return model.gateways();
  if constexpr (std::is_same_v<T, Attachment>) return model.attachments();
  if constexpr (std::is_same_v<T, Assertion>) return model.assertions();
}

// Calls visit.operator()<T>() for the type of that kind.
template <typename Visit>
auto with_type(Kind kind, const Visit& visit) {
  switch (kind) {
    case Kind::port:
      return visit.template operator()<Port>();
    case Kind::vpc:
      return visit.template operator()<Vpc>();
    case Kind::underlay:
      return visit.template operator()<Underlay>();
    case Kind::gateway:
      return visit.template operator()<Gateway>();
    case Kind::attachment:
      return visit.template operator()<Attachment>();
    case Kind::assertion:
      break;
  }
  return visit.template operator()<Assertion>();
}

Wrong nothing_at(const std::string& what) {
  return Wrong(ItemError{true, fmt::format("there is no {}", what)});
}

Wrong no_object(const ObjectName& name) {
  return nothing_at(fmt::format("{} {}", to_string(name.kind), config::quoted(name.name)));
}

Wrong no_list(std::string_view name) {
  return nothing_at(fmt::format("list {} there", config::quoted(name)));
}

Wrong no_such(const PartName& part) {
  return nothing_at(fmt::format("{} in {}", config::quoted(part.key), part.list));
}

Wrong wrong_value(std::vector<JsonError> errors) {
  return Wrong(ItemError{
      false, fmt::format("the value has {} error{}", errors.size(), errors.size() == 1 ? "" : "s"),
      std::move(errors)});
}

// Goes down from `owner` to the list that the path ends in, and there calls
// act(members, list, key). `where` becomes the path of that list's owner, as problems have it.
template <typename Result, typename T, typename Act>
Result at_list(T& owner, Parts parts, std::string& where, const Act& act) {
  Result result = no_list(parts[0].list);
  const auto look = [&](const auto& list) {
    if (list.name != parts[0].list) return;
    using Part = typename std::decay_t<decltype(std::declval<T&>().*list.members)>::value_type;
    const auto key =
        key_of_text<std::decay_t<decltype(std::declval<Part&>().*list.key)>>(parts[0].key);
    if (!key) {
      result = no_such(parts[0]);
      return;
    }
    auto& members = owner.*list.members;
    if (parts.size() == 1) {
      result = act(members, list, *key);
      return;
    }
    const auto found = find_part(members, list.key, *key);
    if (found == members.end()) {
      result = no_such(parts[0]);
      return;
    }
    where += fmt::format("{}{}[{}]", where.empty() ? "" : ".", list.language_key,
                         found - members.begin());
    result = at_list<Result>(*found, parts.subspan(1), where, act);
  };
  std::apply([&](const auto&... list) { (look(list), ...); }, part_lists<std::remove_const_t<T>>);
  return result;
}

template <typename Result, typename T, typename Act>
Result at_list(T& owner, Parts parts, const Act& act) {
  std::string where;
  return at_list<Result>(owner, parts, where, act);
}

// Calls act(item) with the item that the path leads to.
template <typename Result, typename T, typename Act>
Result at_item(const T& owner, Parts parts, const Act& act) {
  if (parts.empty()) return act(owner);
  return at_list<Result>(owner, parts,
                         [&](const auto& members, const auto& list, const auto& key) -> Result {
                           const auto found = find_part(members, list.key, key);
                           if (found == members.end()) return no_such(parts.back());
                           return act(*found);
                         });
}

// The value with the key that its path says; an error if it says another. `is_same` tells what is
// only spelt otherwise.
template <typename IsSame>
tl::expected<void, ItemError> name_value(Json& value, std::string_view key, const std::string& text,
                                         const IsSame& is_same) {
  if (!value.is_object()) return wrong_value({{"", "expected an object"}});
  const auto found = value.find(std::string(key));
  if (found == value.end()) {
    value[std::string(key)] = text;
    return {};
  }
  if (found->is_string() && is_same(found->template get<std::string>())) return {};
  return wrong_value(
      {{fmt::format("/{}", key),
        fmt::format("expected {} as the path has it, or no '{}'", config::quoted(text), key)}});
}

}  // namespace

std::optional<ItemPath> parse_item_path(std::string_view path) {
  if (path.ends_with('/')) return std::nullopt;
  std::vector<std::string> steps;
  while (!path.empty()) {
    // A prefix has a slash of its own, and nothing follows it.
    const bool is_prefix =
        steps.size() >= 3 && steps.size() % 2 == 1 && steps.back() == "static-routes";
    const auto end = is_prefix ? path.size() : std::min(path.find('/'), path.size());
    steps.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
    if (steps.back().empty()) return std::nullopt;
  }
  if (steps.size() < 2 || steps.size() % 2 != 0) return std::nullopt;
  const auto kind = std::ranges::find(lists_of_kinds, std::string_view(steps[0]));
  if (kind == lists_of_kinds.end()) return std::nullopt;
  ItemPath item{{static_cast<Kind>(kind - lists_of_kinds.begin()), std::move(steps[1])}, {}};
  for (std::size_t i = 2; i < steps.size(); i += 2) {
    item.parts.push_back({std::move(steps[i]), std::move(steps[i + 1])});
  }
  return item;
}

std::string to_string(const ItemPath& path) {
  auto text = fmt::format("{}/{}", lists_of_kinds.at(static_cast<std::size_t>(path.object.kind)),
                          path.object.name);
  for (const auto& part : path.parts) text += fmt::format("/{}/{}", part.list, part.key);
  return text;
}

template <typename Result, typename Act>
Result Items::at_object(const ObjectName& name, const Act& act) const {
  if (const auto changed = changed_.find(name); changed != changed_.end()) {
    if (!changed->second) return no_object(name);
    return std::visit(act, std::as_const(*changed->second));
  }
  return with_type(name.kind, [&]<typename T>() -> Result {
    const T* object = objects_of<T>(before_).find(name.name);
    if (object == nullptr) return no_object(name);
    return act(*object);
  });
}

// A copy of its own, to be changed in place; null when there is no such object. It is part of the
// change once it is marked_put().
Object* Items::editable(const ObjectName& name) {
  if (const auto changed = changed_.find(name); changed != changed_.end()) {
    return changed->second ? &*changed->second : nullptr;
  }
  return with_type(name.kind, [&]<typename T>() -> Object* {
    const T* object = objects_of<T>(before_).find(name.name);
    return object == nullptr ? nullptr : &*changed_.emplace(name, *object).first->second;
  });
}

void Items::mark_put(const ObjectName& name) {
  if (is_put_.insert(name).second) order_.push_back(name);
}

tl::expected<Json, ItemError> Items::get(const ItemPath& path, Defaults defaults) const {
  using Result = tl::expected<Json, ItemError>;
  return at_object<Result>(path.object, [&](const auto& object) -> Result {
    return at_item<Result>(object, path.parts, [&](const auto& item) -> Result {
      return to_json(item, before_.region(), defaults);
    });
  });
}

tl::expected<Json, ItemError> Items::list(const ItemPath& owner, std::string_view name,
                                          Defaults defaults) const {
  using Result = tl::expected<Json, ItemError>;
  return at_object<Result>(owner.object, [&](const auto& object) -> Result {
    return at_item<Result>(object, owner.parts, [&](const auto& item) -> Result {
      Result result = no_list(name);
      const auto look = [&](const auto& list) {
        if (list.name != name) return;
        result = Json::array();
        for (const auto& member : item.*list.members) {
          result->push_back(to_json(member, before_.region(), defaults));
        }
      };
      std::apply([&](const auto&... list) { (look(list), ...); },
                 part_lists<std::decay_t<decltype(item)>>);
      return result;
    });
  });
}

Items::Done Items::put_object(const ItemPath& path, Json value) {
  const auto& name = path.object.name;
  auto named = name_value(value, "name", name, [&](const auto& text) { return text == name; });
  if (!named) return named;
  return with_type(path.object.kind, [&]<typename T>() -> Done {
    auto object = from_json<T>(value, before_.region());
    if (!object) return wrong_value(std::move(object.error()));
    changed_.insert_or_assign(path.object, std::move(*object));
    mark_put(path.object);
    return {};
  });
}

Items::Done Items::put(const ItemPath& path, Json value) {
  if (path.parts.empty()) return put_object(path, std::move(value));
  Object* object = editable(path.object);
  if (object == nullptr) return no_object(path.object);
  const auto put_part = [&](auto& members, const auto& list, const auto& key) -> Done {
    using Part = typename std::decay_t<decltype(members)>::value_type;
    using Key = std::decay_t<decltype(key)>;
    auto named = name_value(value, list.part_key, path.parts.back().key,
                            [&](const std::string& text) { return key_of_text<Key>(text) == key; });
    if (!named) return named;
    auto part = from_json<Part>(value, before_.region());
    if (!part) return wrong_value(std::move(part.error()));
    const auto found = find_part(members, list.key, key);
    if (found == members.end()) {
      members.push_back(std::move(*part));
    } else {
      *found = std::move(*part);
    }
    return {};
  };
  auto done =
      std::visit([&](auto& owner) { return at_list<Done>(owner, path.parts, put_part); }, *object);
  if (done) mark_put(path.object);
  return done;
}

Items::Done Items::merge(const ItemPath& path, const Json& patch) {
  auto value = get(path);
  if (!value) return Wrong(value.error());
  value->merge_patch(patch);
  return put(path, std::move(*value));
}

Items::Done Items::remove_object(const ObjectName& name, const Object& object) {
  if (const auto* attachment = std::get_if<Attachment>(&object)) {
    remove_propagations(Attachment(*attachment));
  }
  changed_.insert_or_assign(name, std::nullopt);
  if (is_put_.erase(name) > 0) std::erase(order_, name);
  const bool was_there = with_type(
      name.kind, [&]<typename T>() { return objects_of<T>(before_).find(name.name) != nullptr; });
  if (was_there) removed_.insert(name);
  return {};
}

Items::Done Items::remove(const ItemPath& path) {
  Object* object = editable(path.object);
  if (object == nullptr) return no_object(path.object);
  if (path.parts.empty()) return remove_object(path.object, *object);
  if (path.parts.size() == 1 && path.parts[0] == PartName{"route-tables", "main"}) {
    return Wrong(ItemError{false, "route table main always exists; remove what it holds instead"});
  }
  const auto erase = [&](auto& members, const auto& list, const auto& key) -> Done {
    const auto found = find_part(members, list.key, key);
    if (found == members.end()) return no_such(path.parts.back());
    members.erase(found);
    return {};
  };
  auto done =
      std::visit([&](auto& owner) { return at_list<Done>(owner, path.parts, erase); }, *object);
  if (done) mark_put(path.object);
  return done;
}

void Items::remove_propagations(const Attachment& attachment) {
  const ObjectName name{Kind::vpc, attachment.vpc};
  Object* object = editable(name);
  if (object == nullptr) return;
  std::size_t removed = 0;
  for (auto& table : std::get<Vpc>(*object).route_tables) {
    removed += std::erase_if(table.propagations, [&](const Propagation& propagation) {
      return propagation.gateway == attachment.gateway;
    });
  }
  if (removed > 0) mark_put(name);
}

ModelChange Items::change() const {
  ModelChange change{{removed_.begin(), removed_.end()}, {}};
  for (const auto& name : order_) change.put.push_back(*changed_.at(name));
  return change;
}

std::optional<std::string> Items::place_of(const ItemPath& path) const {
  std::string where;
  using Found = tl::expected<std::size_t, ItemError>;
  if (path.parts.empty()) return where;
  std::string_view list_key;
  const auto position = at_object<Found>(path.object, [&](const auto& owner) {
    return at_list<Found>(owner, path.parts, where,
                          [&](const auto& members, const auto& list, const auto& key) -> Found {
                            list_key = list.language_key;
                            const auto found = find_part(members, list.key, key);
                            if (found == members.end()) return no_such(path.parts.back());
                            return static_cast<std::size_t>(found - members.begin());
                          });
  });
  if (!position) return std::nullopt;
  return where + fmt::format("{}{}[{}]", where.empty() ? "" : ".", list_key, *position);
}

std::optional<std::string> pointer_within(std::string_view place, std::string_view where) {
  if (!is_within(where, place)) return std::nullopt;
  return pointer_of(where.substr(place.size()));
}

}  // namespace bgw::config
