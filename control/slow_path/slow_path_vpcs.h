// The VPCs as the slow path keeps them, and the account of the packets that they punted.
#pragma once

#include <map>
#include <memory>
#include <utility>

#include "control/packets/ipv4.h"
#include "control/slow_path/packet_io.h"
#include "control/slow_path/slow_path.h"
#include "control/slow_path/token_bucket.h"

namespace bgw::control {

struct SlowVpc {
  SlowPathVpc config;
  SlowPathCounters counters;
  TokenBucket icmp_errors;  // P35
};

class SlowVpcs {
 public:
  // Null when there is none in the slot.
  SlowVpc* find(dataplane::VpcIndex index) {
    const auto found = by_index_.find(index);
    return found == by_index_.end() ? nullptr : &found->second;
  }
  const SlowVpc* find(dataplane::VpcIndex index) const {
    const auto found = by_index_.find(index);
    return found == by_index_.end() ? nullptr : &found->second;
  }
  // Null also when it is administratively down.
  SlowVpc* find_up(dataplane::VpcIndex index) {
    SlowVpc* vpc = find(index);
    return vpc != nullptr && vpc->config.enabled ? vpc : nullptr;
  }
  std::map<dataplane::VpcIndex, SlowVpc>& all() { return by_index_; }

  // What came in on a VPC that is gone is counted nowhere: its counters are gone, too.
  void consume(PacketPtr packet) {
    if (SlowVpc* vpc = find(packet->note().in_vpc)) ++vpc->counters.consumed;
  }
  void drop(PacketPtr packet, dataplane::DropReason reason) {
    if (SlowVpc* vpc = find(packet->note().in_vpc)) {
      ++vpc->counters.drops[static_cast<std::size_t>(reason)];
    }
  }

 private:
  std::map<dataplane::VpcIndex, SlowVpc> by_index_;
};

}  // namespace bgw::control
