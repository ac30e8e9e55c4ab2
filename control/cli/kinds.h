// The nouns that can be listed, shown, created, set and deleted. A new one is an entry in kinds().
#pragma once

#include <string>
#include <vector>

#include "control/cli/schema.h"

namespace bgw::cli {

struct Column {
  const char* header;
  const char* key;  // "status.routes"; of a list of objects their names
};

struct Kind {
  std::string noun;
  std::string name;                // for the help, a step for each list: "VPC/TABLE/GATEWAY"
  std::vector<std::string> lists;  // of the path: /v1/LIST/…/LIST/…
  std::vector<std::string>
      places;                     // of its values in the schema: several, if there are kinds of it
  std::string key;                // what the path's last step is in the value
  std::vector<Column> columns;    // of `list`, the more important the further left
  bool is_listed = true;          // by `list` and `show` here
  std::vector<Setting> settings;  // from the places
};

const std::vector<Kind>& kinds();
const Kind* find_kind(const std::string& noun);

// "/v1/vpcs/vpc-a/subnets/web" of "vpc-a/web": as transactions take it, not yet escaped for a URL.
// Throws UsageError.
std::string path_of(const Kind& kind, const std::string& name);

// Every object's name, or that of every table, as it would be typed.
std::vector<std::string> names_of(const Client& client, const std::string& noun);

// All objects of a kind, each with the names of what it is in; or those in `owner`, unless it is
// empty.
Json list_of(const Client& client, const Kind& kind, const std::string& owner);

}  // namespace bgw::cli
