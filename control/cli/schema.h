// What can be set of an object: options, made from the configuration's schema (config/schema.json),
// which is made from the descriptions of its fields. A new field is an option without a line here.
#pragma once

#include <string>
#include <vector>

#include "control/cli/command.h"

namespace bgw::cli {

// One field, and the option that sets it.
struct Setting {
  enum class Type { text, number, boolean, flag, list, maps };
  std::vector<std::string> path;  // of keys: {"interface", "vlan", "id"}
  Type type = Type::text;
  std::vector<std::string> words;  // that stand for themselves, in place of a list too
  std::uint64_t least = 0, most = 0;
  std::string what = "TEXT";  // for the help: "NAME", "PREFIX"
  std::string help;
  bool required = false;

  std::string option() const;  // "--interface-vlan-id"
  std::string value() const;   // for the help: "N", "NAME,…"
};

// The fields of an object of the schema, except `key`, which its path says, and lists of parts,
// which are objects of their own. `place`: "/properties/vpcs/items".
std::vector<Setting> settings_of(const std::string& place, const std::string& key);

// Throws UsageError.
Json value_of(const Setting& setting, const std::vector<std::string>& texts);

// Puts `value` at a path into `object`.
void put_at(Json& object, const std::vector<std::string>& path, Json value);

}  // namespace bgw::cli
