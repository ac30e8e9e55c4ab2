// paths
// Paths of nodes, such as "vpcs[0].route_tables[1].static[0].via.gateway", as find_problems()
// writes them: what they name in a document, and whether one concerns the other.
#pragma once

#include <string>
#include <string_view>

#include "config/yaml_tree.h"

namespace bgw::config {

// Where the node is, or its nearest ancestor that is written. Knows the two places where model and
// document differ: a 'main' route table that isn't written comes first in the model, and a list of
// one may be written without its brackets.
Position locate(const Node& root, std::string_view path);

// In both, "[]" stands for any index. True if the paths are equal or …
bool is_within(std::string_view path, std::string_view ancestor);  // … `path` lies below `ancestor`
bool concerns(std::string_view a, std::string_view b);  // … either lies below the other

// "interface.addresses[0]" as a JSON pointer (RFC 6901), "/interface/addresses/0".
std::string pointer_of(std::string_view path);

// Whether a list of route tables, as written, has one of that name.
bool has_named_item(const Node& list, std::string_view name);

}  // namespace bgw::config
