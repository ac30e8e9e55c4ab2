// The other end of a session, written with the messages alone.
#pragma once

#include <gmock/gmock.h>

#include "control/bgp/session.h"
#include "tests/unit/bgp/update_bytes.h"

namespace bgw::test {

inline constexpr control::bgp::Session::TimePoint start{std::chrono::hours{1}};

inline control::bgp::SessionOptions ours() {
  control::bgp::SessionOptions options;
  options.asn = 65000;
  options.identifier = 1;
  options.graceful_restart = control::bgp::GracefulRestart{false, 120, {}};
  return options;
}

// What a daemon says that has all that bgw wants.
inline control::bgp::Open theirs() {
  control::bgp::Open open{65000, 30, 2, {}};
  auto& can = open.capabilities;
  for (const auto family : control::bgp::all_families) {
    can.unicast[family] = true;
    can.add_path[family] = {true, true};
  }
  can.four_octet_as = 65000;
  can.route_refresh = true;
  return open;
}

inline Octets bytes_of(const control::bgp::Open& open) {
  Octets out;
  control::bgp::encode_open(open, out);
  return out;
}

inline const Octets keepalive = message(4, {});

struct Message {
  control::bgp::MessageType type;
  Octets body;
};

// All that waits to be sent, which is taken as sent.
inline std::vector<Message> take_sent(control::bgp::Session& session,
                                      control::bgp::Session::TimePoint now = start) {
  std::vector<Message> found;
  auto bytes = session.to_send();
  const auto size = bytes.size();
  while (!bytes.empty()) {
    const auto frame = control::bgp::first_frame(bytes, false);
    if (!frame || !*frame) {
      ADD_FAILURE() << "no whole message is sent";
      break;
    }
    found.push_back({(*frame)->type, {(*frame)->body.begin(), (*frame)->body.end()}});
    bytes = bytes.subspan((*frame)->bytes);
  }
  session.sent(size, now);
  return found;
}

inline std::vector<control::bgp::MessageType> types(const std::vector<Message>& messages) {
  std::vector<control::bgp::MessageType> list;
  for (const auto& message : messages) list.push_back(message.type);
  return list;
}

// One that is established, and has sent what that takes.
inline control::bgp::Session established(const control::bgp::SessionOptions& options = ours(),
                                         const control::bgp::Open& open = theirs()) {
  control::bgp::Session session(options, start);
  session.receive(join(bytes_of(open), keepalive), start);
  session.take_events();
  take_sent(session);
  return session;
}

// The text of the event that ended it; empty if it goes on.
inline std::string why_closed(control::bgp::Session& session) {
  for (const auto& event : session.take_events())
    if (const auto* closed = std::get_if<control::bgp::Closed>(&event)) return closed->why;
  return {};
}

}  // namespace bgw::test
