#include <optional>
#include <stdexcept>

#include "config/reference.h"
#include "config/rule.h"
#include "config/words.h"

namespace bgw::config {
namespace {

// One table. Objects in braces have rows of their own behind that of their key.
class Table {
 public:
  template <typename T>
  static std::string of() {
    Table table;
    table.add_rows<T>("");
    return std::move(table.text_);
  }

 private:
  template <typename T>
  void add_rows(const std::string& path) {
    for_each_field(description<T>,
                   [&](const auto& field) { add_field(path, field, std::is_same_v<T, Model>); });
  }

  void add_row(const std::string& key, std::string_view value, std::string_view without) {
    text_ += fmt::format("| `{}` | {} | {} |\n", key, value, without);
  }

  // One overload for each kind of field. Objects of a document have tables of their own.

  template <typename Owner, typename Value, typename Type>
  void add_field(const std::string& path, const Field<Owner, Value, Type>& field, bool apart) {
    const std::string key = path + std::string(field.key);
    const bool below = apart && !std::is_same_v<Value, std::string>;
    add_row(key, phrase(field.type, field.text) + (below ? ", below" : ""), without(field));
    if (!apart) add_members(key, field.type);
  }

  void add_field(const std::string& path, const Constant& constant, bool) {
    add_row(path + std::string(constant.key), fmt::format("`{}`", constant.value), "required");
  }

  template <typename Member, typename... Alternatives>
  void add_field(const std::string& path, const OneOf<Member, Alternatives...>& field, bool) {
    std::string without = exactly_one(sizeof...(Alternatives));
    const auto add = [&](const auto& alternative) {
      const std::string key = path + std::string(alternative.key);
      add_row(key, phrase(alternative.type, alternative.text), std::exchange(without, {}));
      add_members(key, alternative.type);
    };
    std::apply([&](const auto&... alternative) { (add(alternative), ...); }, field.alternatives);
  }

  template <typename Member, typename NextHop>
  void add_field(const std::string& path, const ViaOrBlackhole<Member, NextHop>& field, bool) {
    const std::string via = path + std::string(field.via);
    add_row(via, fmt::format("map, or a list of 1–{} different ones (ECMP)", max_ecmp_members),
            exactly_one(2));
    add_members(via, field.list.item);
    add_row(path + std::string(field.blackhole), "`true`: packets are dropped", {});
  }

  template <typename Type>
  void add_members(const std::string&, const Type&) {}
  template <typename T>
  void add_members(const std::string& key, type::Object<T>) {
    if (description<T>.layout == Layout::braces) add_rows<T>(key + '.');
  }
  template <typename T>
  void add_members(const std::string& key, const type::List<type::Object<T>>& type) {
    add_members(key + "[]", type.item);
  }

  static std::string exactly_one(std::size_t of) {
    return of == 2 ? "exactly one of these two" : fmt::format("exactly one of these {}", of);
  }

  template <typename Owner, typename Value, typename Type>
  static std::string without(const Field<Owner, Value, Type>& field) {
    if (field.required) return "required";
    if (!field.without.empty()) return std::string(field.without);
    const Json value = default_of(field);
    if (value.is_string()) return fmt::format("`{}`", value.get<std::string>());
    if (value.is_boolean()) return fmt::format("`{}`", value.dump());
    if (!value.is_null()) return value.dump();
    return json_value_is_list(field.type) ? "empty" : "none";
  }
  template <typename Type>
  static bool json_value_is_list(const Type&) {
    return false;
  }
  template <typename Item>
  static bool json_value_is_list(const type::List<Item>&) {
    return true;
  }

  std::string text_ = "| key | value | default |\n|---|---|---|\n";
};

std::string rules_table() {
  std::string table = "| rule | what holds |\n|---|---|\n";
  for (const auto& [name, text] : rule_texts) table += fmt::format("| `{}` | {} |\n", name, text);
  return table;
}

template <typename... Objects>
std::string table_named(std::string_view name) {
  std::string table;
  const auto take = [&](std::string_view of, auto make) {
    if (of == name) table = make();
  };
  (take(description<Objects>.name, Table::of<Objects>), ...);
  take("rules", rules_table);
  if (table.empty()) throw std::invalid_argument(fmt::format("no table '{}'", name));
  return table;
}

}  // namespace

std::string with_tables(std::string_view readme) {
  constexpr std::string_view begin = "<!-- table: ";
  constexpr std::string_view close = " -->\n";
  constexpr std::string_view end = "<!-- end -->";
  std::string text;
  for (auto at = readme.find(begin); at != std::string_view::npos; at = readme.find(begin)) {
    const auto name_at = at + begin.size();
    const auto name_end = readme.find(close, name_at);
    const auto table_end = readme.find(end, name_at);
    if (table_end == std::string_view::npos || table_end < name_end) {
      throw std::invalid_argument("a table without an end");
    }
    text += readme.substr(0, name_end + close.size());
    text += table_named<Model, Port, Vpc, Interface, RouteTable, Underlay, Gateway, Attachment,
                        Assertion>(readme.substr(name_at, name_end - name_at));
    readme.remove_prefix(table_end);
  }
  return text.append(readme);
}

}  // namespace bgw::config
