#include "control/cli/schema.h"

#include <algorithm>

#include <fmt/format.h>

#include "control/cli/schema_text.h"

namespace bgw::cli {
namespace {

using Type = Setting::Type;

const Json& schema() {
  static const Json parsed = Json::parse(schema_text);
  return parsed;
}

const Json& resolve(const Json& described) {
  if (!described.contains("$ref")) return described;
  const auto place = described["$ref"].get<std::string>();
  return schema().at(Json::json_pointer(place.substr(1)));
}

bool is_object(const Json& described) {
  return described.contains("properties");
}

// Parts: each is changed by a path of its own.
bool is_list_of_objects(const Json& described) {
  return described.contains("items") && is_object(resolve(described["items"]));
}

bool is_required(const Json& object, const std::string& key) {
  return object.contains("required") &&
         std::ranges::find(object["required"], Json(key)) != object["required"].end();
}

// {"key", "other"}: what a map of a list may say.
std::vector<std::string> keys_of(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, described] : object["properties"].items()) keys.push_back(key);
  return keys;
}

// Alternatives: words or a list; a map or a list of them.
void read_alternatives(const Json& alternatives, Setting& setting) {
  for (const auto& alternative : alternatives) {
    if (alternative.contains("enum")) {
      setting.words = alternative["enum"].get<std::vector<std::string>>();
    } else if (is_object(alternative)) {
      setting.type = Type::maps;
      setting.words = keys_of(alternative);
    } else if (setting.type != Type::maps) {
      setting.type = Type::list;
    }
  }
}

// "NAME" of {"$ref": "#/$defs/name"}, and of a list of these.
std::string what_of(const Json& field) {
  if (field.contains("items")) return what_of(field["items"]);
  if (field.contains("oneOf")) return "NAME";
  if (!field.contains("$ref")) return "TEXT";
  auto name = field["$ref"].get<std::string>();
  name.erase(0, name.rfind('/') + 1);
  for (char& c : name) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return name;
}

Setting read_setting(const Json& field, std::vector<std::string> path, bool required) {
  Setting setting;
  setting.path = std::move(path);
  setting.help = field.value("description", "");
  setting.required = required;
  setting.what = what_of(field);
  const auto& described = resolve(field);
  const auto type = described.value("type", "");
  if (described.contains("oneOf")) {
    read_alternatives(described["oneOf"], setting);
  } else if (described.contains("enum")) {
    setting.words = described["enum"].get<std::vector<std::string>>();
  } else if (described.contains("const")) {
    setting.type = Type::flag;
  } else if (type == "integer") {
    setting.type = Type::number;
    setting.least = described["minimum"].get<std::uint64_t>();
    setting.most = described["maximum"].get<std::uint64_t>();
  } else if (type == "boolean") {
    setting.type = Type::boolean;
    setting.words = {"true", "false"};
  } else if (type == "array") {
    setting.type = Type::list;
  }
  return setting;
}

// `needed`: the object itself has to be there.
void read_fields(const Json& object, const std::vector<std::string>& path, const std::string& key,
                 bool needed, std::vector<Setting>& settings) {
  for (const auto& [name, field] : object["properties"].items()) {
    if (path.empty() && name == key) continue;
    auto inside = path;
    inside.push_back(name);
    const auto& described = resolve(field);
    const bool required = needed && is_required(object, name);
    if (is_object(described)) {
      read_fields(described, inside, "", required, settings);
    } else if (!is_list_of_objects(described)) {
      settings.push_back(read_setting(field, std::move(inside), required));
    }
  }
}

bool is_word(const Setting& setting, const std::string& text) {
  return std::ranges::find(setting.words, text) != setting.words.end();
}

// "gateway=bgw-1", "attachment=att-a,…": several are paths of equal cost.
Json map_of(const Setting& setting, const std::string& text) {
  Json map = Json::object();
  for (const auto& pair : split(text, ',')) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos || !is_word(setting, pair.substr(0, equals))) {
      throw UsageError(
          fmt::format("{} '{}': expected {}", setting.option(), text, setting.value()));
    }
    map[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return map;
}

Json boolean_of(const Setting& setting, const std::string& text) {
  if (text != "true" && text != "false") {
    throw UsageError(fmt::format("{} '{}': expected true or false", setting.option(), text));
  }
  return text == "true";
}

}  // namespace

std::string Setting::option() const {
  std::string name = "-";
  for (const auto& key : path) name += "-" + key;
  std::ranges::replace(name, '_', '-');
  return name;
}

std::string Setting::value() const {
  std::string joined;
  const auto* between = type == Type::maps ? "=NAME|" : "|";
  for (const auto& word : words) joined += (joined.empty() ? "" : between) + word;
  switch (type) {
    case Type::flag:
      return "";
    case Type::number:
      return "N";
    case Type::list:
      return (joined.empty() ? "" : joined + "|") + what + ",…";
    case Type::maps:
      return joined + "=NAME";
    case Type::text:
    case Type::boolean:
      break;
  }
  return joined.empty() ? what : joined;
}

std::vector<Setting> settings_of(const std::string& place, const std::string& key) {
  std::vector<Setting> settings;
  read_fields(schema().at(Json::json_pointer(place)), {}, key, true, settings);
  return settings;
}

Json value_of(const Setting& setting, const std::vector<std::string>& texts) {
  if (setting.type == Type::flag) return true;
  if (setting.type == Type::maps) {
    Json maps = Json::array();
    for (const auto& text : texts) maps.push_back(map_of(setting, text));
    return maps.size() == 1 ? maps.front() : maps;
  }
  const auto& text = texts.front();
  if (setting.type == Type::number) {
    return parse_whole(setting.option(), text, setting.least, setting.most);
  }
  if (setting.type == Type::boolean) return boolean_of(setting, text);
  if (setting.type == Type::list && !is_word(setting, text)) return split(text, ',');
  return text;
}

void put_at(Json& object, const std::vector<std::string>& path, Json value) {
  auto* place = &object;
  for (const auto& key : path) place = &(*place)[key];
  *place = std::move(value);
}

}  // namespace bgw::cli
