// The gateway as a listener to multicast groups of its IPv6 links (RFC 3810; RFC 2710 towards
// queriers that speak version 1): switches that snoop carry neighbour discovery only to whoever has
// said that it listens (RFC 4861 §7.2.1, RFC 4541 §3).
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "control/packets/mld.h"
#include "control/slow_path/originator.h"
#include "control/slow_path/own_addresses.h"
#include "control/slow_path/slow_path_vpcs.h"

namespace bgw::control {

class LocalMld {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr unsigned robustness = 2;                           // RFC 3810 §9.1
  static constexpr std::chrono::seconds query_interval{125};          // RFC 3810 §9.2
  static constexpr std::chrono::seconds unsolicited_interval{1};      // RFC 3810 §9.11
  static constexpr std::chrono::seconds unsolicited_interval_v1{10};  // RFC 2710 §7.10

  LocalMld(SlowVpcs& vpcs, Originator& originator) : vpcs_(vpcs), originator_(originator) {}

  // A punted frame with a query. That it asks about sources makes no difference: none is excluded,
  // and the answer says so.
  void handle(PacketPtr packet, TimePoint now);
  // From now on the gateway listens in the VPC to these groups: what has changed is said at the
  // next run_timers(), and once more after a while, for messages may get lost. With `came_up` all
  // of it is news.
  void listen(dataplane::VpcIndex vpc, MulticastGroups groups, bool came_up);
  // Sends what is due to at most `max` VPCs; returns to how many.
  std::size_t run_timers(TimePoint now, std::size_t max);
  // A VPC slot is no longer what it was.
  void forget(dataplane::VpcIndex vpc);

 private:
  struct Change {
    bool joined = true;
    unsigned left = 0;  // how often it is still said
  };
  struct Listener {
    MulticastGroups groups;
    std::map<dataplane::MappedAddress, Change> changes;
    std::optional<TimePoint> changes_due;
    std::optional<TimePoint> all_due;                       // an answer about all groups
    std::map<dataplane::MappedAddress, TimePoint> answers;  // about single ones
    std::optional<TimePoint> v1_until;                      // a querier of version 1 is there
    unsigned robustness = LocalMld::robustness;             // as the querier last said
    std::chrono::seconds query_interval = LocalMld::query_interval;
    std::optional<TimePoint> due;  // the earliest of all, in timers_

    MldVersion version(TimePoint now) const {
      return v1_until && now < *v1_until ? MldVersion::v1 : MldVersion::v2;
    }
  };

  void take(dataplane::VpcIndex vpc, Listener& listener, const MldQuery& query, TimePoint now);
  void schedule(dataplane::VpcIndex vpc, Listener& listener);
  void serve(SlowVpc& vpc, Listener& listener, TimePoint now);
  void tell_changes(SlowVpc& vpc, Listener& listener, TimePoint now);
  void answer(SlowVpc& vpc, Listener& listener, TimePoint now);
  // False: none found room; try again.
  bool send(SlowVpc& vpc, MldVersion version, const std::vector<MldListening>& records);
  bool send_v1(SlowVpc& vpc, const MldSpeaker& speaker, const std::vector<MldListening>& records);

  SlowVpcs& vpcs_;
  Originator& originator_;
  std::map<dataplane::VpcIndex, Listener> listeners_;
  std::set<std::pair<TimePoint, dataplane::VpcIndex>> timers_;
};

}  // namespace bgw::control
