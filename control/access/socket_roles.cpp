#include "control/access/socket_roles.h"

#include <grp.h>
#include <unistd.h>

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "config/quoted.h"

namespace bgw::control {
namespace {

// While starting, so that nobody else asks for groups.
tl::expected<std::optional<gid_t>, std::string> find_group(const char* option,
                                                           const std::string& name) {
  if (name.empty()) return std::nullopt;
  if (const auto* found = ::getgrnam(name.c_str())) return found->gr_gid;
  return tl::unexpected(fmt::format("{}: there is no group {}; make it with groupadd --system {}",
                                    option, config::quoted(name), name));
}

}  // namespace

tl::expected<SocketRoles, std::string> SocketRoles::of_groups(const std::string& admins,
                                                              const std::string& operators,
                                                              const std::string& readers) {
  SocketRoles roles;
  for (const auto& [option, name, into] :
       {std::tuple("--admin-group", &admins, &roles.admins_),
        std::tuple("--operator-group", &operators, &roles.operators_),
        std::tuple("--reader-group", &readers, &roles.readers_)}) {
    const auto group = find_group(option, *name);
    if (!group) return tl::unexpected(group.error());
    *into = *group;
  }
  return roles;
}

Role SocketRoles::role_of(uid_t user, std::span<const gid_t> groups) const {
  if (user == 0 || user == ::geteuid() || !has_groups()) return admin_role;
  const auto is_in = [&](const std::optional<gid_t>& group) {
    return group && std::ranges::find(groups, *group) != groups.end();
  };
  if (is_in(admins_)) return admin_role;
  if (is_in(operators_)) return {Role::Kind::operating};
  if (is_in(readers_)) return {Role::Kind::reader};
  return no_role;
}

}  // namespace bgw::control
