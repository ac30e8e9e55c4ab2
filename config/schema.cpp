#include <cctype>

#include "config/reference.h"
#include "config/words.h"

namespace bgw::config {
namespace {

constexpr std::string_view own_definitions = "#/$defs/";

Json reference_to(const char* definition) {
  return {{"$ref", fmt::format("{}{}", own_definitions, definition)}};
}

void refer_to(std::string_view definitions, Json& schema) {
  for (auto& [key, value] : schema.items()) {
    if (value.is_structured()) refer_to(definitions, value);
    if (key != "$ref") continue;
    auto reference = value.get<std::string>();
    reference.replace(0, own_definitions.size(), definitions);
    value = reference;
  }
}

template <typename T>
Json object_schema();

// One overload for each type of value.

Json schema_of(type::Name) {
  return reference_to("name");
}
Json schema_of(type::NamePattern) {
  return reference_to("pattern");
}
Json schema_of(type::Region) {
  return reference_to("name");
}
Json schema_of(type::HostRegion) {
  return reference_to("name");
}
Json schema_of(type::Device) {
  return {{"type", "string"}, {"pattern", fmt::format("^[!-~]{{1,{}}}$", max_device_length)}};
}
Json schema_of(type::Address) {
  return reference_to("address");
}
Json schema_of(type::Prefix) {
  return reference_to("prefix");
}
Json schema_of(type::AddressOnLink) {
  return reference_to("prefix");
}
Json schema_of(type::Boolean) {
  return {{"type", "boolean"}};
}
Json schema_of(const type::Number& type) {
  return {{"type", "integer"}, {"minimum", type.range.min}, {"maximum", type.range.max}};
}
template <std::size_t n>
Json schema_of(const type::Choice<n>& type) {
  return {{"enum", type.words}};
}
template <typename T>
Json schema_of(type::Object<T>) {
  return object_schema<T>();
}
template <typename Item>
Json schema_of(const type::List<Item>& type) {
  Json schema{{"type", "array"}};
  if (type.at_least > 0) schema["minItems"] = type.at_least;
  if (type.distinct) schema["uniqueItems"] = true;
  schema["items"] = schema_of(type.item);
  return schema;
}
Json schema_of(const type::RouteTables& type) {
  return schema_of(type.list);
}
Json schema_of(type::Advertised) {
  const auto subnets = type::list(type::Name{}, 0, type::Items::distinct);
  return {{"oneOf", {{{"enum", {"all", "none"}}}, schema_of(subnets)}}};
}

// The phrase of the tables as a sentence without Markdown.
template <typename Type>
std::string description_of(const Type& type, std::string_view text, std::string_view without = {}) {
  std::string sentence = phrase(type, text);
  if (!without.empty()) sentence.append(". Default: ").append(without);
  std::erase(sentence, '`');
  sentence.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(sentence.front())));
  return sentence;
}

// One overload for each kind of field: what it adds to the schema of its object.

template <typename Owner, typename Value, typename Type>
void add_field(Json& schema, const Field<Owner, Value, Type>& field) {
  Json& property = schema["properties"][std::string(field.key)] = schema_of(field.type);
  property["description"] = description_of(field.type, field.text, field.without);
  if (field.required) schema["required"].push_back(field.key);
  if (const Json value = default_of(field); !field.required && !value.is_null()) {
    property["default"] = value;
  }
}

void add_field(Json& schema, const Constant& constant) {
  schema["properties"][std::string(constant.key)] = {{"const", constant.value}};
  schema["required"].push_back(constant.key);
}

template <typename Keys>
void need_one_of(Json& schema, const Keys& keys) {
  for (const std::string_view key : keys) {
    schema["oneOf"].push_back({{"required", Json::array({key})}});
  }
}

template <typename Member, typename... Alternatives>
void add_field(Json& schema, const OneOf<Member, Alternatives...>& field) {
  need_one_of(schema, field.keys());
  const auto add = [&](const auto& alternative) {
    Json& property = schema["properties"][std::string(alternative.key)];
    property = schema_of(alternative.type);
    property["description"] = description_of(alternative.type, alternative.text);
  };
  std::apply([&](const auto&... alternative) { (add(alternative), ...); }, field.alternatives);
}

template <typename Member, typename NextHop>
void add_field(Json& schema, const ViaOrBlackhole<Member, NextHop>& field) {
  need_one_of(schema, field.keys());
  Json list = schema_of(field.list);
  list["maxItems"] = max_ecmp_members;
  schema["properties"]["via"] = {{"oneOf", {schema_of(field.list.item), list}}};
  schema["properties"]["blackhole"] = {{"const", true}};
}

template <typename T>
Json object_schema() {
  Json schema{{"type", "object"}, {"additionalProperties", false}};
  for_each_field(description<T>, [&](const auto& field) { add_field(schema, field); });
  return schema;
}

// What the types of single values refer to.
Json definitions() {
  const char* octet = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
  const char* ipv6 = "(?=.*:)[0-9A-Fa-f:.]{2,45}";
  const Json ipv4_address{{"pattern", fmt::format("^({}(\\.|$)){{4}}$", octet)}};
  const Json ipv6_address{{"pattern", fmt::format("^{}$", ipv6)}};
  const Json ipv4_prefix{{"pattern", fmt::format("^({}(\\.|/)){{4}}([12]?[0-9]|3[0-2])$", octet)}};
  const Json ipv6_prefix{{"pattern", fmt::format("^{}/([1-9]?[0-9]|1[01][0-9]|12[0-8])$", ipv6)}};
  return {
      {"name",
       {{"type", "string"},
        {"pattern", fmt::format("^[A-Za-z0-9][A-Za-z0-9._-]{{0,{}}}$", max_name_length - 1)}}},
      {"pattern",
       {{"type", "string"},
        {"pattern", fmt::format("^[A-Za-z0-9*][A-Za-z0-9._*-]{{0,{}}}$", max_name_length - 1)}}},
      {"address", {{"type", "string"}, {"anyOf", {ipv4_address, ipv6_address}}}},
      {"prefix", {{"type", "string"}, {"anyOf", {ipv4_prefix, ipv6_prefix}}}}};
}

// Of an item whose name, or what else its path says, may be left out of the value.
template <typename T>
void add_item(Json& schemas, std::string_view key) {
  Json schema = object_schema<T>();
  if (schema.contains("required")) std::erase(schema["required"].get_ref<Json::array_t&>(), key);
  if (schema.contains("required") && schema["required"].empty()) schema.erase("required");
  schemas[std::string(schema_name<T>())] = std::move(schema);
}

}  // namespace

Json item_schemas(std::string_view definitions_at) {
  Json schemas = definitions();
  add_item<Port>(schemas, "name");
  add_item<Underlay>(schemas, "name");
  add_item<Vpc>(schemas, "name");
  add_item<Gateway>(schemas, "name");
  add_item<Attachment>(schemas, "name");
  add_item<Assertion>(schemas, "name");
  add_item<Subnet>(schemas, "name");
  add_item<RouteTable>(schemas, "name");
  add_item<Propagation>(schemas, "gateway");
  add_item<VpcStaticRoute>(schemas, "to");
  add_item<GatewayStaticRoute>(schemas, "to");
  add_item<OutsideInterface>(schemas, "name");
  refer_to(definitions_at, schemas);
  return schemas;
}

std::string schema_text() {
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
              {"title", "bgw configuration"},
              {"description",
               "The structure of the configuration language, for editors. What it can't say "
               "(references, overlaps, addresses on links) bgwd --check does."}};
  schema.update(object_schema<Model>());
  schema["$defs"] = definitions();
  return schema.dump(2) + '\n';
}

}  // namespace bgw::config
