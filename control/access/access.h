// All decisions about who may do what. What is not decided here nobody may.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config/change.h"
#include "config/valid_model.h"
#include "control/access/role.h"

namespace bgw::control {

enum class Permission : std::uint8_t {
  granted,
  forbidden,  // 403
  hidden,     // 404: that it is there is not to be seen either
};

// Of a request with `method` to `path`, as the list of paths has it: "/v1/vpcs", whatever follows.
// HEAD counts as GET. Pure.
Permission permission_for(const Role& role, std::string_view method, std::string_view path);
// Is the path decided about at all?
bool is_decided(std::string_view method, std::string_view path);
// What the least of the roles is that may, for messages: "operator".
std::string_view least_role(std::string_view method, std::string_view path);

// Of putting, changing or removing an object of that kind, or something of it.
Permission permission_to_change(const Role& role, config::Kind kind);
// Devices can name files of the host: only admins see and set them.
bool may_see_devices(const Role& role);

// Stands for a device where one may not be seen.
inline constexpr std::string_view hidden_device = "(for admins)";

// The model as the role sees it: an admin all; readers and operators all but devices; a tenant what
// its account has, without interfaces. For showing: interfaces' next hops may be on no link.
config::ValidModel seen_by(const Role& role, const config::ValidModel& model);

}  // namespace bgw::control
