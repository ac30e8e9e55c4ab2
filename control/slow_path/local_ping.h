// The gateway's own echo requests, of both families.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include <tl/expected.hpp>

#include "control/slow_path/observers.h"
#include "control/slow_path/originator.h"
#include "control/slow_path/pings.h"
#include "control/slow_path/slow_path_vpcs.h"

namespace bgw::control {

class LocalPing final : public InterfaceObserver {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // What 65,535 bytes of IP packet (RFC 791 §3.1) and of IPv6 payload (RFC 8200 §3) leave for the
  // payload of an echo request.
  static constexpr std::size_t max_payload_v4 = 65'507;
  static constexpr std::size_t max_payload_v6 = 65'527;

  LocalPing(SlowVpcs& vpcs, Originator& originator, Pings& pings)
      : vpcs_(vpcs), originator_(originator), pings_(pings) {}

  tl::expected<void, std::string> ping(dataplane::VpcIndex vpc,
                                       const config::IpAddress& destination,
                                       std::size_t payload_bytes, std::chrono::milliseconds timeout,
                                       std::function<void(PingReply)> done);
  void interface_up(const SlowPathVpc&) override {}
  // What is under way there ends with the reason.
  void interface_down(const SlowPathVpc& vpc, const char* why) override {
    pings_.cancel(vpc.index, why);
  }
  // Starts, times out and completes pings; returns how many it started or completed.
  std::size_t run(TimePoint now);

 private:
  std::uint16_t unused_ident();
  std::string send(const Pings::Ping& ping);

  SlowVpcs& vpcs_;
  Originator& originator_;
  Pings& pings_;
};

}  // namespace bgw::control
