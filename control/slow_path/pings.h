// The gateway's own echo requests that are under way, and their completion: each exactly once.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "control/packets/icmp.h"
#include "control/slow_path/slow_path.h"
#include "dataplane/published/types.h"

namespace bgw::control {

class Pings {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr std::size_t max_under_way = 256;

  struct Ping {
    dataplane::VpcIndex vpc;
    Echo echo;
    std::size_t payload_bytes = 0;
    std::chrono::milliseconds timeout{0};
    std::function<void(PingReply)> done;
    bool sent = false;
    TimePoint sent_at{};
  };

  bool full() const { return under_way_.size() >= max_under_way; }
  bool uses_ident(std::uint16_t ident) const;
  void add(Ping ping) { under_way_.push_back(std::move(ping)); }

  // Sends what is new; `send` returns an empty string or what went wrong.
  std::size_t start(TimePoint now, const std::function<std::string(const Ping&)>& send);
  // An echo reply with that TTL arrived in the VPC; `reply` runs from the one who answered to us.
  void answered(dataplane::VpcIndex vpc, const Echo& reply, std::uint8_t ttl, TimePoint now);
  // The echo request will not be answered.
  void failed(dataplane::VpcIndex vpc, const Echo& request, const std::string& why);
  // The VPC went away.
  void cancel(dataplane::VpcIndex vpc, const std::string& why);
  void expire(TimePoint now);
  // Calls what is to be called; returns how many.
  std::size_t run_completions();

 private:
  struct Completion {
    std::function<void(PingReply)> done;
    PingReply reply;
  };
  // Moves what matches from under way to completed.
  template <typename Predicate>
  void complete_if(const Predicate& matches, const PingReply& reply);

  std::vector<Ping> under_way_;
  std::vector<Completion> completed_;
};

}  // namespace bgw::control
