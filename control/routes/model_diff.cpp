#include "control/routes/model_diff.h"

#include "config/changed_keys.h"

namespace bgw::control {
namespace {

template <typename Object>
void compare(const char* kind, const config::Objects<Object>& before,
             const config::Objects<Object>& after, std::vector<ObjectChange>& changes) {
  for (const auto& object : after.pointers()) {
    const auto& old = before.find_shared(object->name);
    if (!old) {
      changes.push_back({kind, object->name, Change::added, {}});
    } else if (old != object && *old != *object) {
      changes.push_back({kind, object->name, Change::changed, config::changed_keys(*old, *object)});
    }
  }
  for (const auto& object : before) {
    if (after.find(object.name) == nullptr) {
      changes.push_back({kind, object.name, Change::removed, {}});
    }
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
  return changes;
}

}  // namespace bgw::control
