#include "control/routes/model_diff.h"

namespace bgw::control {
namespace {

using Keys = std::vector<std::string>;

Keys changed_keys(const config::Port&, const config::Port&) {
  return {"device"};
}

Keys changed_keys(const config::Vpc& a, const config::Vpc& b) {
  Keys keys;
  if (a.account != b.account) keys.emplace_back("account");
  if (a.region != b.region) keys.emplace_back("region");
  if (a.cidrs != b.cidrs) keys.emplace_back("cidrs");
  if (a.subnets != b.subnets) keys.emplace_back("subnets");
  if (a.interface != b.interface) keys.emplace_back("interface");
  if (a.route_tables != b.route_tables) keys.emplace_back("route_tables");
  return keys;
}

Keys changed_keys(const config::Underlay& a, const config::Underlay& b) {
  Keys keys;
  if (a.port != b.port) keys.emplace_back("port");
  if (a.addresses != b.addresses) keys.emplace_back("addresses");
  if (a.router != b.router) keys.emplace_back("router");
  if (a.mtu != b.mtu) keys.emplace_back("mtu");
  return keys;
}

Keys changed_keys(const config::Gateway& a, const config::Gateway& b) {
  Keys keys;
  if (a.account != b.account) keys.emplace_back("account");
  if (a.region != b.region) keys.emplace_back("region");
  if (a.asn != b.asn) keys.emplace_back("asn");
  if (a.overlap != b.overlap) keys.emplace_back("overlap");
  if (a.static_routes != b.static_routes) keys.emplace_back("static");
  if (a.quotas != b.quotas) keys.emplace_back("quotas");
  return keys;
}

Keys changed_keys(const config::Attachment& a, const config::Attachment& b) {
  Keys keys;
  if (a.gateway != b.gateway) keys.emplace_back("gateway");
  if (a.vpc != b.vpc) keys.emplace_back("vpc");
  if (a.advertise != b.advertise) keys.emplace_back("advertise");
  return keys;
}

template <typename Object>
void compare(const char* kind, const config::Objects<Object>& before,
             const config::Objects<Object>& after, std::vector<ObjectChange>& changes) {
  for (const auto& object : after.pointers()) {
    const auto& old = before.find_shared(object->name);
    if (!old) {
      changes.push_back({kind, object->name, Change::added, {}});
    } else if (old != object && *old != *object) {
      changes.push_back({kind, object->name, Change::changed, changed_keys(*old, *object)});
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
