// bgwctl gateway|attachment|vpc|propagation list|show
#include <fmt/format.h>

#include "control/cli/command.h"
#include "control/cli/table.h"

namespace bgw::cli {
namespace {

constexpr std::size_t listed_items = 4;

struct Column {
  const char* header;
  const char* key;
};
struct Kind {
  const char* noun;
  const char* path;
  std::vector<Column> columns;
  const char* name;  // for the help
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {
      {"gateway",
       "/v1/gateways",
       {{"NAME", "name"},
        {"ACCOUNT", "account"},
        {"REGION", "region"},
        {">ASN", "asn"},
        {"OVERLAP", "overlap"},
        {">VALID", "status.valid_routes"},
        {">ROUTES", "status.routes"},
        {"ATTACHMENTS", "status.attachments"}},
       "NAME"},
      {"attachment",
       "/v1/attachments",
       {{"NAME", "name"}, {"GATEWAY", "gateway"}, {"VPC", "vpc"}, {"ADVERTISE", "advertise"}},
       "NAME"},
      {"vpc",
       "/v1/vpcs",
       {{"NAME", "name"},
        {"ACCOUNT", "account"},
        {"REGION", "region"},
        {"CIDRS", "cidrs"},
        {"ROUTE TABLES", "route_tables"},
        {"ATTACHMENTS", "status.attachments"}},
       "NAME"},
      {"propagation",
       "/v1/propagations",
       {{"NAME", "name"},
        {"VPC", "vpc"},
        {"ROUTE TABLE", "route_table"},
        {"GATEWAY", "gateway"},
        {"RANGES", "ranges"}},
       "VPC/TABLE/GATEWAY"},
  };
  return all;
}

// At "status.routes", say; of a list of objects their names.
Json value_at(const Json& object, std::string_view path) {
  const auto dot = path.find('.');
  const auto key = std::string(path.substr(0, dot));
  if (!object.contains(key)) return nullptr;
  if (dot != std::string_view::npos) return value_at(object[key], path.substr(dot + 1));
  if (!object[key].is_array()) return object[key];
  Json items = Json::array();
  for (const auto& item : object[key]) items.push_back(item.is_object() ? item["name"] : item);
  return items;
}

// A cell that doesn't grow with what it lists: `show` and -j have all of it.
std::string short_cell(const Json& object, const char* path) {
  const auto value = value_at(object, path);
  if (!value.is_array() || value.size() <= listed_items) return cell(value);
  std::string text;
  for (std::size_t i = 0; i + 1 < listed_items; ++i) text += cell(value[i]) + ", ";
  return text + fmt::format("and {} more", value.size() - listed_items + 1);
}

int list(const Kind& kind, const Context& context, const std::vector<std::string>& arguments) {
  Arguments(arguments, {}, {}).positional({});
  const auto reply = context.client.get(kind.path);
  const auto objects = json_of(reply);
  if (context.json) {
    fmt::print("{}", reply.body);
    return done;
  }
  std::vector<std::string> headers;
  for (const auto& column : kind.columns) headers.emplace_back(column.header);
  Table table(std::move(headers));
  for (const auto& object : objects) {
    std::vector<std::string> cells;
    for (const auto& column : kind.columns) cells.push_back(short_cell(object, column.key));
    table.add(std::move(cells));
  }
  fmt::print("{}", table.to_string());
  return done;
}

// "key: value" lines; objects inside are indented, lists of objects start with a dash.
void print_fields(const Json& object, const std::string& indent) {
  for (const auto& [key, value] : object.items()) {
    if (value.is_object() && !value.empty()) {
      fmt::print("{}{}:\n", indent, key);
      print_fields(value, indent + "  ");
    } else if (value.is_array() && !value.empty() && value.front().is_object()) {
      fmt::print("{}{}:\n", indent, key);
      for (const auto& item : value) fmt::print("{}  - {}\n", indent, item.dump());
    } else if (value.is_array() && value.size() > listed_items) {
      fmt::print("{}{}:\n", indent, key);
      for (const auto& item : value) fmt::print("{}  - {}\n", indent, cell(item));
    } else {
      fmt::print("{}{}: {}\n", indent, key, value.is_object() ? "-" : cell(value));
    }
  }
}

int show(const Kind& kind, const Context& context, const std::vector<std::string>& arguments) {
  const auto name = Arguments(arguments, {}, {}).positional({kind.name}).front();
  const auto reply = context.client.get(fmt::format("{}/{}", kind.path, percent_encode(name)));
  const auto object = json_of(reply);
  if (context.json) {
    fmt::print("{}", reply.body);
  } else {
    print_fields(object, "");
  }
  return done;
}

}  // namespace

std::vector<Command> object_commands() {
  std::vector<Command> commands;
  for (const auto& kind : kinds()) {
    commands.push_back({kind.noun, "list", "", fmt::format("every {}", kind.noun),
                        [&kind](const auto& context, const auto& arguments) {
                          return list(kind, context, arguments);
                        }});
    commands.push_back({kind.noun, "show", kind.name, fmt::format("one {}", kind.noun),
                        [&kind](const auto& context, const auto& arguments) {
                          return show(kind, context, arguments);
                        }});
  }
  return commands;
}

}  // namespace bgw::cli
