// Server-sent events (WHATWG HTML §9.2) as they come, and how they read.
#pragma once

#include <string>
#include <vector>

#include "control/cli/output.h"

namespace bgw::cli {

struct ServerEvent {
  std::string id;  // empty: it has none
  std::string type;
  Json data;
};

// Puts events together from pieces of a stream.
class EventReader {
 public:
  // Those that end in this piece. Throws Json::exception when data is no JSON.
  std::vector<ServerEvent> read(const std::string& piece);
  // By which the stream leads on.
  const std::string& last_id() const { return last_id_; }

 private:
  std::string unread_, last_id_;
};

// "generation 5 of anna: 1 added, 0 changed, 0 removed; pairs: 2 gained", for people; printable.
std::string what_happened(const ServerEvent& event);

}  // namespace bgw::cli
