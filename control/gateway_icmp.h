// The gateway as a speaker of ICMP for IPv4: packets to its own addresses, and errors about packets
// that were dropped.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "control/icmp.h"
#include "control/ipv4.h"
#include "control/originator.h"
#include "control/pings.h"
#include "control/slow_path_vpcs.h"

namespace bgw::control {

class GatewayIcmp {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  GatewayIcmp(SlowVpcs& vpcs, Originator& originator, Pings& pings)
      : vpcs_(vpcs), originator_(originator), pings_(pings) {}

  // A packet to one of the gateway's addresses. A fragment is dropped as icmp_malformed: the
  // gateway reassembles nothing.
  void handle_local(PacketPtr packet, TimePoint now);
  // Tells the source of a packet why it was dropped, if and when the rules allow (P28–P35).
  void tell_source(Packet& packet, dataplane::DropReason reason, TimePoint now);

 private:
  void handle_icmp(const SlowVpc& vpc, PacketPtr packet, const Ipv4Header& header, TimePoint now);
  std::optional<std::uint32_t> error_source(const SlowVpc& vpc, Packet& packet,
                                            dataplane::DropReason reason, std::uint32_t to) const;

  SlowVpcs& vpcs_;
  Originator& originator_;
  Pings& pings_;
};

}  // namespace bgw::control
