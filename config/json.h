// json
// Objects as JSON: the keys and types of the language, and as strict as its YAML.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include "config/model.h"
#include "config/rule.h"

namespace bgw::config {

using Json = nlohmann::ordered_json;

// Whether keys are written whose value is what leaving them out means.
enum class Defaults : bool { left_out, written };

// A Model, one Port, Vpc, Underlay, Gateway, Attachment, Assertion or Interface, or a Subnet,
// RouteTable, Propagation, static route of either kind or OutsideInterface. Keys come in the order
// of README.md and what is absent (an interface, a router) is left out, so equal objects have equal
// texts. Region and 'main' follow from the rest of an object: a region that is `host_region`, and
// with it an empty 'main' table that comes first, are defaults like others. A Model's own region
// takes the place of `host_region`.
template <typename T>
Json to_json(const T& object, const std::string& host_region = {},
             Defaults defaults = Defaults::left_out);

// What is wrong, and where: a JSON pointer (RFC 6901) such as "/interface/mtu".
struct JsonError {
  std::string pointer;
  std::string message;
  Rule rule = Rule::value;
  friend bool operator==(const JsonError&, const JsonError&) = default;
};

// The reverse, for what to_json() writes except a single Interface. Refuses unknown and missing
// keys, other types and values out of bounds; rules that involve two places, and the syntax of
// names, are validate()'s. An object without a region gets `host_region`. Errors come in the order
// of the text, at most Limits{}.errors of them.
template <typename T>
tl::expected<T, std::vector<JsonError>> from_json(const Json& json,
                                                  const std::string& host_region = {});

}  // namespace bgw::config
