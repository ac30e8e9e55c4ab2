#include "control/access/access.h"

#include <algorithm>
#include <array>

#include "config/views.h"

namespace bgw::control {
namespace {

using Kind = Role::Kind;

struct Rule {
  std::string_view method;
  std::string_view path;
  Kind least;    // of reader, operator and admin the one from which on it is granted
  bool tenants;  // to whom it shows, and lets them change, what their account has
};

constexpr auto look = Kind::reader;
constexpr auto operate = Kind::operating;
constexpr auto administer = Kind::admin;

constexpr std::array rules{
    // Says nothing of what runs.
    Rule{"GET", "/v1/openapi.json", look, true},
    Rule{"GET", "/v1/status", look, false},
    Rule{"GET", "/v1/config", look, false},
    // Of a text that one has: it says nothing of what runs.
    Rule{"POST", "/v1/config/check", look, false},
    // Whole configurations have devices in them.
    Rule{"POST", "/v1/config/diff", administer, false},
    Rule{"POST", "/v1/config/commit", administer, false},
    Rule{"POST", "/v1/transactions", operate, true},
    Rule{"GET", "/v1/generations", look, false},
    Rule{"POST", "/v1/generations", operate, false},
    // Others wait meanwhile: not for tenants.
    Rule{"POST", "/v1/confirm", operate, false},
    // A tenant is told what of its account changes.
    Rule{"GET", "/v1/events", look, true},
    Rule{"GET", "/v1/ports", look, false},
    Rule{"PUT", "/v1/ports", administer, false},
    Rule{"PATCH", "/v1/ports", administer, false},
    Rule{"DELETE", "/v1/ports", administer, false},
    Rule{"GET", "/v1/underlays", look, false},
    Rule{"PUT", "/v1/underlays", operate, false},
    Rule{"PATCH", "/v1/underlays", operate, false},
    Rule{"DELETE", "/v1/underlays", operate, false},
    Rule{"GET", "/v1/vpcs", look, true},
    Rule{"PUT", "/v1/vpcs", operate, true},
    Rule{"PATCH", "/v1/vpcs", operate, true},
    Rule{"DELETE", "/v1/vpcs", operate, true},
    Rule{"GET", "/v1/gateways", look, true},
    Rule{"PUT", "/v1/gateways", operate, true},
    Rule{"PATCH", "/v1/gateways", operate, true},
    Rule{"DELETE", "/v1/gateways", operate, true},
    Rule{"GET", "/v1/attachments", look, true},
    Rule{"PUT", "/v1/attachments", operate, true},
    Rule{"PATCH", "/v1/attachments", operate, true},
    Rule{"DELETE", "/v1/attachments", operate, true},
    // The operator's, and they may name what is others'.
    Rule{"GET", "/v1/assertions", look, false},
    Rule{"PUT", "/v1/assertions", operate, false},
    Rule{"PATCH", "/v1/assertions", operate, false},
    Rule{"DELETE", "/v1/assertions", operate, false},
    Rule{"GET", "/v1/propagations", look, true},
    Rule{"GET", "/v1/reachability", look, true},
    // Reasons name whatever stands in the way.
    Rule{"GET", "/v1/explain", look, false},
    Rule{"GET", "/v1/routes", look, true},
    Rule{"GET", "/v1/trace", look, false},
    // Sends packets.
    Rule{"POST", "/v1/ping", operate, false},
    // What hosts say to each other.
    Rule{"GET", "/v1/captures", look, false},
    Rule{"POST", "/v1/capture", operate, false},
    Rule{"GET", "/v1/capture", operate, false},
    Rule{"DELETE", "/v1/capture", operate, false},
    Rule{"GET", "/v1/interfaces", look, false},
    Rule{"GET", "/v1/neighbours", look, false},
    Rule{"GET", "/v1/stats", look, false},
    Rule{"GET", "/v1/tables", look, false},
    Rule{"GET", "/v1/drops", look, false},
};

const Rule* rule_for(std::string_view method, std::string_view path) {
  if (method == "HEAD") method = "GET";
  const auto* found = std::ranges::find_if(
      rules, [&](const Rule& rule) { return rule.method == method && rule.path == path; });
  return found == rules.end() ? nullptr : found;
}

Permission from(Kind least, bool tenants, const Role& role) {
  if (role.is_tenant()) return tenants ? Permission::granted : Permission::hidden;
  if (role.kind == Kind::none) return Permission::forbidden;
  return role.kind >= least ? Permission::granted : Permission::forbidden;
}

}  // namespace

Permission permission_for(const Role& role, std::string_view method, std::string_view path) {
  const Rule* rule = rule_for(method, path);
  if (rule != nullptr) return from(rule->least, rule->tenants, role);
  return role.is_tenant() ? Permission::hidden : Permission::forbidden;
}

bool is_decided(std::string_view method, std::string_view path) {
  return rule_for(method, path) != nullptr;
}

std::string_view least_role(std::string_view method, std::string_view path) {
  const Rule* rule = rule_for(method, path);
  if (rule == nullptr || rule->least == Kind::admin) return "admin";
  return rule->least == Kind::operating ? "operator" : "reader";
}

Permission permission_to_change(const Role& role, config::Kind kind) {
  switch (kind) {
    case config::Kind::port:
      return from(administer, false, role);
    case config::Kind::underlay:
    case config::Kind::assertion:
      return from(operate, false, role);
    case config::Kind::vpc:
    case config::Kind::gateway:
    case config::Kind::attachment:
      return from(operate, true, role);
  }
  return Permission::forbidden;
}

bool may_see_devices(const Role& role) {
  return role.is_admin();
}

config::ValidModel seen_by(const Role& role, const config::ValidModel& model) {
  switch (role.kind) {
    case Kind::admin:
      return model;
    case Kind::reader:
    case Kind::operating:
      return config::with_devices_as(model, hidden_device);
    case Kind::tenant:
      return config::without_wires(config::of_account(model, role.account));
    case Kind::none:
      break;
  }
  return {};
}

}  // namespace bgw::control
