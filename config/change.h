// Changes of a model, object by object: checked in proportion to what they touch.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

#include "config/model.h"
#include "config/valid_model.h"

namespace bgw::config {

enum class Kind : std::uint8_t { port, vpc, underlay, gateway, attachment, assertion };
std::string_view to_string(Kind kind);  // "port", "vpc" …

// In the order of Kind.
using Object = std::variant<Port, Vpc, Underlay, Gateway, Attachment, Assertion>;
Kind kind_of(const Object& object);
const std::string& name_of(const Object& object);

struct ObjectName {
  Kind kind = Kind::port;
  std::string name;
  friend auto operator<=>(const ObjectName&, const ObjectName&) = default;
};

// What takes effect together: first all that is removed goes, then each object that is put takes
// the place of the one of its name, or comes last of its kind. Of two puts of one object the last
// counts.
struct ModelChange {
  std::vector<ObjectName> removed;
  std::vector<Object> put;
};

// A rule that an object would break. `where` is the path inside the object, such as
// "interface.vlan.id"; empty for the whole.
struct ObjectProblem {
  ObjectName object;
  std::string where;
  std::string message;
  Rule rule = Rule::value;
  friend bool operator==(const ObjectProblem&, const ObjectProblem&) = default;
};

// The model after the change, which shares with `before` all that the change doesn't put; an object
// that is put as it is already stays the same. Or every rule that it would break, as
// find_problems() has them, and what it removes that isn't there. Rules are checked in proportion
// to what the change touches; all else of the model is only looked at. Pure; any thread.
tl::expected<ValidModel, std::vector<ObjectProblem>> change(const ValidModel& before,
                                                            ModelChange change);

}  // namespace bgw::config
