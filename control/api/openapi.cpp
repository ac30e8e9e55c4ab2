#include "control/api/openapi.h"

#include <string>
#include <string_view>
#include <tuple>

#include <fmt/format.h>

#include "config/parts.h"
#include "config/reference.h"
#include "config/rule.h"

namespace bgw::control {
namespace {

using Json = nlohmann::ordered_json;

Json reference(std::string_view where, std::string_view name) {
  return {{"$ref", fmt::format("#/components/{}/{}", where, name)}};
}

// "route-tables" → "route_table": what the last step of a path is called.
std::string singular(std::string_view list) {
  std::string name(list.substr(0, list.size() - 1));
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
}

std::string camel(std::string_view text) {
  std::string name;
  bool upper = true;
  for (const char c : text) {
    if (c == '_' || c == '-') {
      upper = true;
      continue;
    }
    name += upper ? static_cast<char>(c - ('a' <= c && c <= 'z' ? 'a' - 'A' : 0)) : c;
    upper = false;
  }
  return name;
}

// The paths of one list of named things: all of them, and each.
class ItemPaths {
 public:
  explicit ItemPaths(Json& paths) : paths_(paths) {}

  template <typename T>
  void add_kind(const std::string& list, const std::string& schema) {
    add<T>("/v1/" + list, list, schema, Json::array(), "");
  }

 private:
  template <typename T>
  void add(const std::string& path, std::string_view list, const std::string& schema,
           const Json& parameters, const std::string& owner) {
    const auto name = singular(list);
    const auto id = owner + camel(name);
    Json& all = paths_[path];
    if (!parameters.empty()) all["parameters"] = parameters;
    all["get"] = list_operation(id, schema, owner.empty());
    Json inner = parameters;
    inner.push_back(
        {{"name", name}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}});
    const auto one_path = fmt::format("{}/{{{}}}", path, name);
    Json& one = paths_[one_path];
    one["parameters"] = inner;
    add_operations(one, id, schema);
    std::apply([&](const auto&... parts) { (add_part<T>(one_path, inner, id, parts), ...); },
               config::part_lists<T>);
  }
  template <typename Owner, typename Part, typename Key>
  void add_part(const std::string& owner_path, const Json& parameters, const std::string& owner_id,
                const config::PartList<Owner, Part, Key>& list) {
    add<Part>(fmt::format("{}/{}", owner_path, list.name), list.name,
              std::string(config::schema_name<Part>()), parameters, owner_id);
  }

  static Json answer(std::string_view text, Json schema) {
    return {{"description", text},
            {"content", {{"application/json", {{"schema", std::move(schema)}}}}}};
  }
  // All objects come as lines too, whose schema is that of one; parts of an object are few.
  static Json list_answer(const Json& thing, bool has_lines) {
    Json list = answer("a list", {{"type", "array"}, {"items", thing}});
    if (has_lines) list["content"]["application/x-ndjson"] = {{"schema", thing}};
    return list;
  }
  static Json list_operation(const std::string& id, const std::string& schema, bool has_lines) {
    return {{"operationId", "list" + id},
            {"summary", "all, or those behind a name"},
            {"tags", {"configuration"}},
            {"parameters", {reference("parameters", "Limit"), reference("parameters", "After")}},
            {"responses",
             {{"200", list_answer(reference("schemas", schema), has_lines)},
              {"default", reference("responses", "Problem")}}}};
  }
  static void add_operations(Json& path, const std::string& id, const std::string& schema) {
    const Json no = reference("responses", "Problem");
    Json shown = answer("the value", reference("schemas", schema));
    shown["headers"]["ETag"] = {{"schema", {{"type", "string"}}}};
    path["get"] = {{"operationId", "get" + id},
                   {"summary", "its value, with defaults, and what is computed of it"},
                   {"tags", {"configuration"}},
                   {"responses", {{"200", std::move(shown)}, {"default", no}}}};
    const Json changed = reference("responses", "Changed");
    const auto change = [&](const char* verb, const char* summary, Json body) {
      Json operation{{"operationId", verb + id}, {"summary", summary}, {"tags", {"configuration"}}};
      for (const auto* name : {"DryRun", "Comment", "Confirm", "Force", "IfMatch", "IfNoneMatch"}) {
        operation["parameters"].push_back(reference("parameters", name));
      }
      if (!body.is_null()) {
        operation["requestBody"] = {
            {"required", true}, {"content", {{"application/json", {{"schema", std::move(body)}}}}}};
      }
      operation["responses"] = {{"200", changed}, {"201", changed}, {"default", no}};
      path[verb] = std::move(operation);
    };
    change("put", "creates or replaces it", reference("schemas", schema));
    change("patch", "a merge patch (RFC 7396)", {{"type", "object"}});
    change("delete", "removes it", nullptr);
    path["delete"]["responses"].erase("201");
    path["patch"]["responses"].erase("201");
  }

  Json& paths_;
};

Json rule_schema() {
  Json names = Json::array(), text = Json::array();
  for (const auto& [name, what] : config::rule_texts) {
    names.push_back(name);
    text.push_back(fmt::format("{}: {}", name, what));
  }
  return {{"type", "string"}, {"enum", names}, {"x-descriptions", text}};
}

}  // namespace

Json openapi_document() {
  Json document = Json::parse(openapi_base);
  ItemPaths paths(document["paths"]);
  paths.add_kind<config::Port>("ports", "Port");
  paths.add_kind<config::Underlay>("underlays", "Underlay");
  paths.add_kind<config::Vpc>("vpcs", "Vpc");
  paths.add_kind<config::Gateway>("gateways", "Gateway");
  paths.add_kind<config::Attachment>("attachments", "Attachment");
  paths.add_kind<config::Assertion>("assertions", "Assertion");
  Json& schemas = document["components"]["schemas"];
  schemas.update(config::item_schemas("#/components/schemas/"));
  for (const auto* kind : {"Port", "Underlay", "Vpc", "Gateway", "Attachment", "Assertion"}) {
    schemas[kind]["properties"]["status"] = {
        {"type", "object"}, {"readOnly", true}, {"description", "what is computed of it"}};
  }
  // What is shown to others than admins is no device.
  schemas["Port"]["properties"]["device"].erase("pattern");
  schemas["Rule"] = rule_schema();
  return document;
}

}  // namespace bgw::control
