// json_tree
// JSON as the tree that objects are read from.
#pragma once

#include <vector>

#include "config/json.h"
#include "config/yaml_tree.h"

namespace bgw::config {

// JSON has no lines: nodes and keys are numbered from 1 in the order of the text, and the number
// stands in their positions' lines. Nesting beyond the limit is refused, and not followed.
Node tree_of(const Json& json, const Limits& limits, std::vector<Error>& errors);

// Errors that name such numbers, in the order of the text, as ones that name pointers.
std::vector<JsonError> with_pointers(const Node& root, std::vector<Error> errors);

}  // namespace bgw::config
