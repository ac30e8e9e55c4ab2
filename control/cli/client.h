// The daemon's API from the other side: one request, one answer.
#pragma once

#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace bgw::cli {

struct Reply {
  unsigned status = 0;
  std::string body;
};

// The daemon can't be reached, or went away before it answered.
struct Unreachable : std::runtime_error {
  using std::runtime_error::runtime_error;
};
// It did not answer in time.
struct TimedOut : std::runtime_error {
  using std::runtime_error::runtime_error;
};
// The socket is there, and not for us.
struct NotPermitted : std::runtime_error {
  using std::runtime_error::runtime_error;
};
// A signal came while the answer was waited for.
struct Interrupted : std::runtime_error {
  Interrupted() : std::runtime_error("interrupted") {}
};

class Client {
 public:
  using Seconds = std::chrono::duration<double>;

  // A daemon that listens on the network.
  struct Remote {
    std::string url;        // "https://gw.example.org:8443"; http only of this host itself
    std::string token;      // says who we are
    std::string ca_cert{};  // PEM file with who signed its certificate; empty: those the host knows
  };

  // `timeout`: how long an answer may take; zero: for ever.
  Client(std::string socket_path, Seconds timeout)
      : socket_path_(std::move(socket_path)), timeout_(timeout) {}
  Client(Remote remote, Seconds timeout) : remote_(std::move(remote)), timeout_(timeout) {}

  // Once it is set, whatever is waited for ends with Interrupted.
  void interrupt_on(const volatile std::sig_atomic_t& flag) { interrupted_ = &flag; }

  // `target` is path and query, already escaped. Throw Unreachable, TimedOut, NotPermitted,
  // Interrupted.
  Reply get(const std::string& target) const;
  Reply post(const std::string& target, const std::string& body) const;
  Reply remove(const std::string& target) const;
  Reply patch(const std::string& target, const std::string& body) const;
  // A PUT that is refused if there is something already.
  Reply create(const std::string& target, const std::string& body) const;
  // An answer without an end: `take` gets what comes, as it comes, until the daemon ends it; of
  // another status than 200 nothing, and the body is in the reply. `last_id` is the Last-Event-ID,
  // if not empty. TimedOut when nothing comes for three of the daemon's heartbeats.
  Reply follow(const std::string& target, const std::string& last_id,
               const std::function<void(const std::string&)>& take) const;

 private:
  Reply exchange(const std::string& method, const std::string& target, const std::string& body,
                 bool only_new = false) const;
  std::string host() const;
  std::string socket_path_;
  std::optional<Remote> remote_;
  Seconds timeout_;
  const volatile std::sig_atomic_t* interrupted_ = nullptr;
};

// BGW_SOCKET of the environment, or where bgwd listens unless it is told otherwise.
std::string default_socket();

// The token that a file holds, as `bgwd --make-token` printed it. Throws std::runtime_error.
std::string read_token(const std::string& file);

// For a path segment or a query value; '/' stays.
std::string percent_encode(const std::string& text);

}  // namespace bgw::cli
