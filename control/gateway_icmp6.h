// The gateway as an ICMPv6 speaker: packets to its own addresses, and errors about packets that
// were dropped. Errors share their rate limit with those of ICMP for IPv4.
#pragma once

#include <chrono>
#include <optional>

#include "control/icmp6.h"
#include "control/originator.h"
#include "control/pings.h"
#include "control/slow_path_vpcs.h"

namespace bgw::control {

class GatewayIcmp6 {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  GatewayIcmp6(SlowVpcs& vpcs, Originator& originator, Pings& pings)
      : vpcs_(vpcs), originator_(originator), pings_(pings) {}

  // A packet to one of the gateway's addresses. A fragment is dropped as icmp_malformed: the
  // gateway reassembles nothing.
  void handle_local(PacketPtr packet, TimePoint now);
  // Tells the source of a packet why it was dropped, if and when the rules allow (P28–P35).
  void tell_source(Packet& packet, dataplane::DropReason reason, TimePoint now);

 private:
  void handle_icmp(const SlowVpc& vpc, PacketPtr packet, TimePoint now);

  SlowVpcs& vpcs_;
  Originator& originator_;
  Pings& pings_;
};

}  // namespace bgw::control
