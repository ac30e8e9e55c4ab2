// control/bgp over a real connection: connects again and again, keeps what is learnt over the ends
// of sessions, and announces what it is told to.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "control/bgp/paths.h"
#include "control/bgp/session.h"
#include "tests/bgp/tcp.h"

namespace bgw::test {

class Speaker {
 public:
  using TimePoint = control::bgp::Session::TimePoint;

  struct Addresses {
    config::IpAddress from, to;
    config::IpAddress next_hop4, next_hop6;  // of what is announced
  };
  Speaker(Addresses addresses, std::uint32_t asn);

  // Does what can be done without waiting.
  void poll(TimePoint now);
  // Something has come of the connection: it stands, or could not be made.
  void ready(TimePoint now);
  // What to wait for, and until when at the latest.
  int descriptor() const { return tcp_.descriptor(); }
  bool wants_to_write() const;
  TimePoint wake_at() const;

  // One line that changes what is announced, or asks; its answer.
  std::string command(const std::string& line);

 private:
  void connect(TimePoint now);
  void read(TimePoint now);
  void write(TimePoint now);
  void take_events();
  void take(const control::bgp::Established& event);
  void take(const control::bgp::Update& event);
  void take(const control::bgp::EndOfRib& event);
  void take(const control::bgp::RefreshWanted& event);
  void take(const control::bgp::Closed& event);
  void queue_all(config::Family family);
  void send_routes();
  std::string dump() const;
  std::string state();

  Addresses addresses_;
  control::bgp::SessionOptions options_;
  Tcp tcp_;
  bool connecting_ = false, up_ = false;
  TimePoint connect_at_{};
  std::optional<control::bgp::Session> session_;
  control::bgp::PathTable table_;
  control::bgp::PerFamily<control::bgp::SharedAttributes> attributes_;
  std::set<config::IpPrefix> announced_;
  // What the peer may not know yet, and after which of them End-of-RIB is due.
  std::set<config::IpPrefix> unsent_;
  control::bgp::PerFamily<bool> end_due_, loaded_;
  std::set<config::IpPrefix> known_;  // prefixes with a path
  std::size_t changes_ = 0, sessions_ = 0, updates_ = 0;
  std::string why_down_;
};

}  // namespace bgw::test
