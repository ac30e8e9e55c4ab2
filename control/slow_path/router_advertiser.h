// The gateway as the router of the hosts on its IPv6 links: when it sends router advertisements
// (RFC 4861 §6.2).
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "control/slow_path/originator.h"
#include "control/slow_path/slow_path_vpcs.h"

namespace bgw::control {

class RouterAdvertiser {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // RFC 4861 §6.2.1 and §10.
  static constexpr std::chrono::seconds max_interval{600};       // MaxRtrAdvInterval
  static constexpr std::chrono::seconds min_interval{200};       // MinRtrAdvInterval
  static constexpr std::chrono::seconds initial_interval{16};    // MAX_INITIAL_RTR_ADVERT_INTERVAL
  static constexpr unsigned initial_count = 3;                   // MAX_INITIAL_RTR_ADVERTISEMENTS
  static constexpr std::chrono::seconds least_between{3};        // MIN_DELAY_BETWEEN_RAS
  static constexpr std::chrono::milliseconds max_ra_delay{500};  // MAX_RA_DELAY_TIME

  RouterAdvertiser(SlowVpcs& vpcs, Originator& originator) : vpcs_(vpcs), originator_(originator) {}

  // The VPC's link came up, or what is advertised there has changed: first at the next run().
  void start(dataplane::VpcIndex vpc);
  void stop(dataplane::VpcIndex vpc);
  // A host asked. Everybody is answered, or when everybody has been just before, that host alone,
  // if its link is known.
  void solicited(dataplane::VpcIndex vpc, const dataplane::MappedAddress& host,
                 dataplane::Link link, TimePoint now);
  // Sends at most `max` advertisements that are due; returns how many.
  std::size_t run(TimePoint now, std::size_t max);

 private:
  struct Schedule {
    TimePoint due;
    std::optional<TimePoint> last;
    unsigned sent = 0;
  };
  using Host = std::pair<dataplane::VpcIndex, dataplane::MappedAddress>;
  struct Answer {
    TimePoint due;
    dataplane::Link link;
  };

  void schedule(dataplane::VpcIndex vpc, Schedule& schedule, TimePoint due);
  Sending send(dataplane::VpcIndex vpc, const dataplane::MappedAddress& to,
               const dataplane::Mac& mac, dataplane::TunnelIndex tunnel);
  TimePoint next_due(const Schedule& schedule, TimePoint now);

  SlowVpcs& vpcs_;
  Originator& originator_;
  std::map<dataplane::VpcIndex, Schedule> schedules_;
  std::set<std::pair<TimePoint, dataplane::VpcIndex>> timers_;  // of schedules_
  std::map<Host, Answer> answers_;                              // to single hosts; few
};

}  // namespace bgw::control
