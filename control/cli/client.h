// The daemon's API from the other side: one request, one answer.
#pragma once

#include <chrono>
#include <memory>
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

class Client {
 public:
  explicit Client(std::string socket_path) : socket_path_(std::move(socket_path)) {}

  // `target` is path and query, already escaped. Throws Unreachable.
  Reply get(const std::string& target) const;
  Reply post(const std::string& target, const std::string& body) const;
  Reply remove(const std::string& target) const;

 private:
  Reply exchange(const std::string& method, const std::string& target,
                 const std::string& body) const;
  std::string socket_path_;
};

// For a path segment or a query value; '/' stays.
std::string percent_encode(const std::string& text);

}  // namespace bgw::cli
