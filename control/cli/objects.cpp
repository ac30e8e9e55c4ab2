// bgwctl gateway|attachment|vpc|… list|show
#include <fmt/format.h>

#include "control/cli/kinds.h"
#include "control/cli/table.h"

namespace bgw::cli {
namespace {

constexpr std::size_t listed_items = 4;

// Of an object in a list what names it.
Json name_in(const Json& item) {
  for (const auto* key : {"name", "gateway", "to"}) {
    if (item.is_object() && item.contains(key)) return item[key];
  }
  return item;
}

// At "status.routes", say.
Json value_at(const Json& object, std::string_view path) {
  const auto dot = path.find('.');
  const auto key = std::string(path.substr(0, dot));
  if (!object.contains(key)) return nullptr;
  if (dot != std::string_view::npos) return value_at(object[key], path.substr(dot + 1));
  if (!object[key].is_array()) return object[key];
  Json items = Json::array();
  for (const auto& item : object[key]) items.push_back(name_in(item));
  return items;
}

// A cell that doesn't grow with what it lists: `show` and -j have all of it.
std::string short_cell(const Output& output, const Json& object, const char* path) {
  const auto value = value_at(object, path);
  const bool is_whole =
      output.format == Format::wide || !value.is_array() || value.size() <= listed_items;
  if (is_whole) return cell(value);
  std::string text;
  for (std::size_t i = 0; i + 1 < listed_items; ++i) text += cell(value[i]) + ", ";
  return text + fmt::format("and {} more", value.size() - listed_items + 1);
}

int list(const Kind& kind, const Context& context, const Arguments& arguments) {
  const auto owner = arguments.positionals().empty() ? "" : arguments.positional(0);
  Json objects;
  if (kind.lists.size() == 1) {  // as the daemon says it
    const auto reply = context.client.get("/v1/" + kind.lists.front());
    objects = json_of(reply);
    if (print_as_data(context.output, reply)) return done;
  } else {
    objects = list_of(context.client, kind, owner);
    if (context.output.is_data()) {
      print_as_data(context.output, objects);
      return done;
    }
  }
  std::vector<std::string> headers;
  for (const auto& column : kind.columns) headers.emplace_back(column.header);
  Table table(std::move(headers));
  for (const auto& object : objects) {
    std::vector<std::string> cells;
    for (const auto& column : kind.columns) {
      cells.push_back(short_cell(context.output, object, column.key));
    }
    table.add(std::move(cells));
  }
  print_table(context.output, table);
  return done;
}

// "key: value" lines; objects inside are indented, lists of objects start with a dash.
void print_fields(const Json& object, const std::string& indent) {
  for (const auto& [raw_key, value] : object.items()) {
    const auto key = printable(raw_key);
    if (value.is_object() && !value.empty()) {
      fmt::print("{}{}:\n", indent, key);
      print_fields(value, indent + "  ");
    } else if (value.is_array() && !value.empty() && value.front().is_object()) {
      fmt::print("{}{}:\n", indent, key);
      for (const auto& item : value) fmt::print("{}  - {}\n", indent, printable(item.dump()));
    } else if (value.is_array() && value.size() > listed_items) {
      fmt::print("{}{}:\n", indent, key);
      for (const auto& item : value) fmt::print("{}  - {}\n", indent, cell(item));
    } else {
      fmt::print("{}{}: {}\n", indent, key, value.is_object() ? "-" : cell(value));
    }
  }
}

int show(const Kind& kind, const Context& context, const Arguments& arguments) {
  const auto name = arguments.positional(0);
  // Of a propagation the daemon also shows what it is part of.
  auto path = path_of(kind, name);
  if (kind.noun == "propagation") path = "/v1/propagations/" + name;
  const auto reply = context.client.get(percent_encode(path));
  const auto object = json_of(reply);
  if (!print_as_data(context.output, reply)) print_fields(object, "");
  return done;
}

}  // namespace

std::vector<Command> object_commands() {
  std::vector<Command> commands;
  for (const auto& kind : kinds()) {
    const auto bind = [&kind](auto run) {
      return [&kind, run](const Context& context, const Arguments& arguments) {
        return run(kind, context, arguments);
      };
    };
    const bool has_owner = kind.lists.size() == 2;
    std::vector<Positional> owner;
    if (has_owner) owner.push_back({"VPC", {{}, "vpc"}, Positional::Count::optional});
    if (kind.is_listed) {
      commands.push_back({kind.noun,
                          "list",
                          owner,
                          {},
                          has_owner ? "all of them, or a VPC's" : "all of them",
                          bind(list),
                          true});
    }
    commands.push_back(
        {kind.noun,
         "show",
         {{kind.name, {{}, kind.noun}}},
         {},
         kind.is_listed ? "one of them, with all that it says" : "one that is configured",
         bind(show),
         true});
  }
  return commands;
}

}  // namespace bgw::cli
