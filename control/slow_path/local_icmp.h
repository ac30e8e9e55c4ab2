// The gateway as a speaker of ICMP and ICMPv6: packets to its own addresses, and errors about
// packets that were dropped. Both families share one rate limit per VPC (P35).
#pragma once

#include <chrono>

#include "control/slow_path/originator.h"
#include "control/slow_path/pings.h"
#include "control/slow_path/slow_path_vpcs.h"

namespace bgw::control {

class LocalIcmp {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  LocalIcmp(SlowVpcs& vpcs, Originator& originator, Pings& pings)
      : vpcs_(vpcs), originator_(originator), pings_(pings) {}

  // A packet to one of the gateway's addresses, whole: a fragment is dropped as icmp_malformed.
  void handle_local(PacketPtr packet, TimePoint now);
  // Tells the source of a packet why it was dropped, if and when the rules allow (P28–P35).
  void tell_source(Packet& packet, dataplane::DropReason reason, TimePoint now);
  // Says that something is wrong with a packet to the gateway at `pointer` (RFC 4443 §3.4).
  void tell_problem(Packet& packet, std::uint32_t pointer, TimePoint now);

 private:
  template <typename Family>
  void handle_local_of(PacketPtr packet, TimePoint now);
  template <typename Family>
  void handle_icmp(const SlowVpc& vpc, PacketPtr packet, TimePoint now);
  template <typename Family>
  void tell_source_of(Packet& packet, dataplane::DropReason reason, TimePoint now);
  template <typename Family>
  void send_error(SlowVpc& vpc, Packet& packet, const typename Family::Error& error,
                  const dataplane::Address& from, TimePoint now);

  SlowVpcs& vpcs_;
  Originator& originator_;
  Pings& pings_;
};

}  // namespace bgw::control
