// The gateway as an ICMP speaker: packets to its own addresses, errors about packets that were
// dropped, and its own pings.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "control/icmp.h"
#include "control/ipv4.h"
#include "control/originator.h"
#include "control/pings.h"
#include "control/slow_path_vpcs.h"

namespace bgw::control {

class GatewayIcmp {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  GatewayIcmp(SlowVpcs& vpcs, Originator& originator) : vpcs_(vpcs), originator_(originator) {}

  // A packet to one of the gateway's addresses. A fragment is dropped as icmp_malformed: the
  // gateway reassembles nothing.
  void handle_local(PacketPtr packet, TimePoint now);
  // Tells the source of a packet why it was dropped, if and when the rules allow (P28–P35).
  void tell_source(Packet& packet, dataplane::DropReason reason, TimePoint now);
  // The same, and counts the packet as dropped.
  void drop_and_tell(PacketPtr packet, dataplane::DropReason reason, TimePoint now);

  tl::expected<void, std::string> ping(dataplane::VpcIndex vpc,
                                       const config::IpAddress& destination,
                                       std::size_t payload_bytes, std::chrono::milliseconds timeout,
                                       std::function<void(PingReply)> done);
  void cancel_pings(dataplane::VpcIndex vpc, const std::string& why) { pings_.cancel(vpc, why); }
  // Starts, times out and completes pings; returns how many it started or completed.
  std::size_t run_pings(TimePoint now);

 private:
  void handle_icmp(const SlowVpc& vpc, PacketPtr packet, const Ipv4Header& header, TimePoint now);
  std::optional<std::uint32_t> error_source(const SlowVpc& vpc, Packet& packet,
                                            dataplane::DropReason reason, std::uint32_t to) const;
  std::uint16_t unused_ident();
  std::string send_ping(const Pings::Ping& ping);

  SlowVpcs& vpcs_;
  Originator& originator_;
  Pings pings_;
};

}  // namespace bgw::control
