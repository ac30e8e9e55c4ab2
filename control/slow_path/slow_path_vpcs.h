// The VPCs as the slow path keeps them, and the account of the packets that they punted.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "control/packets/ipv4.h"
#include "control/slow_path/packet_io.h"
#include "control/slow_path/room_watch.h"
#include "control/slow_path/slow_path.h"
#include "dataplane/published/token_bucket.h"

namespace bgw::control {

struct SlowVpc {
  SlowPathVpc config;
  SlowPathCounters counters;
  dataplane::BucketRate icmp_error_rate;  // in nanoseconds
  dataplane::TokenBucket icmp_errors;     // P35
  // Of no other VPC, and another one after an interruption: what was to be sent before is not.
  std::uint64_t serial = 0;
  std::uint64_t neighbours_not_added = 0;  // for want of room, whether a packet waited or not
  RoomWatch neighbour_room, mac_room;

  bool may_send_icmp_error(std::chrono::steady_clock::time_point now) {
    return icmp_errors.try_take(
        icmp_error_rate,
        static_cast<std::uint64_t>(std::chrono::nanoseconds{now.time_since_epoch()}.count()));
  }
};

using VpcSet = std::set<dataplane::VpcIndex>;

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
  const SlowVpc* find_up(dataplane::VpcIndex index) const {
    const SlowVpc* vpc = find(index);
    return vpc != nullptr && vpc->config.enabled ? vpc : nullptr;
  }
  // The one in the slot, and whether it is new. The rate is that of its ICMP errors.
  std::pair<SlowVpc&, bool> add(dataplane::VpcIndex index, dataplane::BucketRate rate) {
    const auto [found, is_new] = by_index_.try_emplace(index, SlowVpc{.icmp_error_rate = rate});
    if (is_new) found->second.serial = ++last_serial_;
    return {found->second, is_new};
  }
  template <typename Visit>
  void for_each_up_on(dataplane::PortId port, Visit visit) const {
    for (const auto& [index, vpc] : by_index_) {
      if (vpc.config.enabled && vpc.config.port == port) visit(vpc.config);
    }
  }
  void interrupt(dataplane::VpcIndex index) {
    if (SlowVpc* vpc = find(index)) vpc->serial = ++last_serial_;
  }
  void erase(dataplane::VpcIndex index) { by_index_.erase(index); }

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
  std::uint64_t last_serial_ = 0;
};

}  // namespace bgw::control
