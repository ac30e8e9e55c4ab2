// Which objects of the configuration differ between two models: pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/valid_model.h"

namespace bgw::control {

enum class Change : std::uint8_t { added, removed, changed };
std::string_view to_string(Change change);

struct ObjectChange {
  std::string kind;  // "port", "vpc", "underlay", "gateway", "attachment", "assertion"
  std::string name;
  Change change = Change::changed;
  std::vector<std::string> keys;  // changed: the configuration keys whose values differ
  friend bool operator==(const ObjectChange&, const ObjectChange&) = default;
};

// Objects are the same when kind and name are. By kind as listed above; within a kind what `after`
// has, in its order, then what only `before` has, in its.
std::vector<ObjectChange> diff(const config::ValidModel& before, const config::ValidModel& after);

}  // namespace bgw::control
