// The process at the other end of a connection.
#pragma once

#include <sys/types.h>

#include <string>

#include <fmt/format.h>

namespace bgw::control {

// As the kernel says (SO_PEERCRED): who connected, whoever has the socket now. A process of another
// PID namespace is 0.
struct Peer {
  pid_t process = 0;
  uid_t user = 0;
};

// "process 4711 of user 0": in logs, and as the principal of commits.
inline std::string to_string(const Peer& peer) {
  return fmt::format("process {} of user {}", peer.process, peer.user);
}

}  // namespace bgw::control
