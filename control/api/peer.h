// Who is at the other end of a connection.
#pragma once

#include <sys/types.h>

#include <string>

#include <fmt/format.h>

namespace bgw::control {

// A process of this host as the kernel says (SO_PEERCRED): who connected, whoever has the socket
// now; one of another PID namespace is 0. Or, with an address, a client of the network.
struct Peer {
  pid_t process = 0;
  uid_t user = 0;
  std::string address{};
  bool is_remote() const { return !address.empty(); }
};

// "process 4711 of user 0", "10.0.0.7": in logs, and of a process the principal of its commits.
inline std::string to_string(const Peer& peer) {
  return peer.is_remote() ? peer.address
                          : fmt::format("process {} of user {}", peer.process, peer.user);
}

// Who gets one share of what many use: a process, an address.
inline bool is_same_client(const Peer& a, const Peer& b) {
  return a.address == b.address && (a.is_remote() || a.process == b.process);
}
inline std::string client_of(const Peer& peer) {
  return peer.is_remote() ? fmt::format("address {}", peer.address)
                          : fmt::format("process {}", peer.process);
}
// Who may have several of them: "user 1000", "address 10.0.0.7".
inline std::string user_of(const Peer& peer) {
  return peer.is_remote() ? client_of(peer) : fmt::format("user {}", peer.user);
}

}  // namespace bgw::control
