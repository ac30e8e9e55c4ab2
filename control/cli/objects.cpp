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
        {">VALID", "valid_routes"},
        {">ROUTES", "routes"},
        {"ATTACHMENTS", "attachments"}},
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
        {"ATTACHMENTS", "attachments"}},
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

// A cell that doesn't grow with what it lists: `show` and -j have all of it.
std::string short_cell(const Json& object, const char* key) {
  if (!object.contains(key) || !object[key].is_array() || object[key].size() <= listed_items) {
    return cell(object, key);
  }
  std::string text;
  for (std::size_t i = 0; i + 1 < listed_items; ++i) text += cell(object[key][i]) + ", ";
  return text + fmt::format("and {} more", object[key].size() - listed_items + 1);
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
