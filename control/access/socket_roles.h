// Which role a user of this host has at the API's socket.
#pragma once

#include <sys/types.h>

#include <optional>
#include <span>
#include <string>

#include <tl/expected.hpp>

#include "control/access/role.h"

namespace bgw::control {

// Root and the user that bgwd runs as are admins. Others by their groups, the highest role
// counting; where no group has a role, whoever the socket's file lets in is admin.
class SocketRoles {
 public:
  SocketRoles() = default;
  // By name, each of which may be empty. The error is one line.
  static tl::expected<SocketRoles, std::string> of_groups(const std::string& admins,
                                                          const std::string& operators,
                                                          const std::string& readers);

  bool has_groups() const { return admins_ || operators_ || readers_; }
  // `groups` are all that the user's process has, as the kernel says.
  Role role_of(uid_t user, std::span<const gid_t> groups) const;

 private:
  std::optional<gid_t> admins_, operators_, readers_;
};

}  // namespace bgw::control
