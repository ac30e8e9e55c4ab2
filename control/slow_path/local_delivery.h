// From a packet to one of the gateway's addresses to the service that it is for.
#pragma once

#include <chrono>

#include "control/slow_path/local_icmp.h"
#include "control/slow_path/local_services.h"
#include "control/slow_path/slow_path_vpcs.h"

namespace bgw::control {

class LocalDelivery {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  LocalDelivery(SlowVpcs& vpcs, LocalIcmp& icmp, const LocalServices& services)
      : vpcs_(vpcs), icmp_(icmp), services_(services) {}

  // A packet that waits for others to be whole: true if it is refused for its headers already.
  bool refuse_fragment(PacketPtr& packet, TimePoint now);
  // A packet that is whole: a fragment is dropped as icmp_malformed. What nobody serves is
  // answered as unreachable.
  void deliver(PacketPtr packet, TimePoint now);

 private:
  bool refuse_headers(PacketPtr& packet, TimePoint now);

  SlowVpcs& vpcs_;
  LocalIcmp& icmp_;
  const LocalServices& services_;
};

}  // namespace bgw::control
