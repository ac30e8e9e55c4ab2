#include "control/routes/model_diff.h"

#include "config/changed_keys.h"

namespace bgw::control {
namespace {

template <typename Object>
void compare(const char* kind, const config::Objects<Object>& before,
             const config::Objects<Object>& after, std::vector<ObjectChange>& changes) {
  // Most objects are the same, in the same place.
  const auto is_in_place = [](const auto& object, std::size_t position, const auto& list) {
    return position < list.size() && list.pointers()[position] == object;
  };
  for (std::size_t i = 0; i < after.size(); ++i) {
    const auto& object = after.pointers()[i];
    if (is_in_place(object, i, before)) continue;
    const auto& old = before.find_shared(object->name);
    if (!old) {
      changes.push_back({kind, object->name, Change::added, {}});
    } else if (old != object && *old != *object) {
      changes.push_back({kind, object->name, Change::changed, config::changed_keys(*old, *object)});
    }
  }
  for (std::size_t i = 0; i < before.size(); ++i) {
    const auto& object = before.pointers()[i];
    if (is_in_place(object, i, after) || after.find(object->name) != nullptr) continue;
    changes.push_back({kind, object->name, Change::removed, {}});
  }
}

}  // namespace

std::string_view to_string(Change change) {
  switch (change) {
    case Change::added:
      return "added";
    case Change::removed:
      return "removed";
    case Change::changed:
      break;
  }
  return "changed";
}

std::vector<ObjectChange> diff(const config::ValidModel& before, const config::ValidModel& after) {
  std::vector<ObjectChange> changes;
  compare("port", before.ports(), after.ports(), changes);
  compare("vpc", before.vpcs(), after.vpcs(), changes);
  compare("underlay", before.underlays(), after.underlays(), changes);
  compare("gateway", before.gateways(), after.gateways(), changes);
  compare("attachment", before.attachments(), after.attachments(), changes);
  compare("assertion", before.assertions(), after.assertions(), changes);
  return changes;
}

}  // namespace bgw::control
