// The gateway as an ARP speaker: answers for its own addresses, asks for neighbours, announces
// addresses that come up (P42) and defends them (RFC 5227).
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "control/packets/arp.h"
#include "control/slow_path/neighbours.h"
#include "control/slow_path/originator.h"
#include "control/slow_path/slow_path_vpcs.h"

namespace bgw::control {

class LocalArp {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // RFC 5227 §1.1: ANNOUNCE_INTERVAL (ANNOUNCE_NUM is 2) and DEFEND_INTERVAL.
  static constexpr std::chrono::seconds announce_interval{2};
  static constexpr std::chrono::seconds defend_interval{10};

  LocalArp(SlowVpcs& vpcs, Neighbours& neighbours, Originator& originator)
      : vpcs_(vpcs), neighbours_(neighbours), originator_(originator) {}

  // A punted ARP frame.
  void handle(PacketPtr packet, TimePoint now);
  // Asks for a neighbour, by broadcast or only the one behind that link.
  void request(dataplane::VpcIndex vpc, std::uint32_t address,
               const std::optional<dataplane::Link>& only);
  // The address is to be announced twice, first at the next run_announcements().
  void announce(dataplane::VpcIndex vpc, std::uint32_t address);
  // Sends at most `max` announcements that are due; returns how many.
  std::size_t run_announcements(TimePoint now, std::size_t max);
  // A VPC slot is no longer what it was.
  void forget(dataplane::VpcIndex vpc);

 private:
  struct Announcement {
    dataplane::VpcIndex vpc;
    std::uint32_t address = 0;
    std::uint64_t serial = 0;  // of the VPC
    bool again = false;        // its second
    TimePoint due;             // of the second
  };
  using OwnAddress = std::pair<dataplane::VpcIndex, std::uint32_t>;

  void learn_and_answer(SlowVpc& vpc, const ArpMessage& message, dataplane::TunnelIndex tunnel,
                        TimePoint now);
  void answer(const SlowVpc& vpc, const ArpMessage& request, dataplane::TunnelIndex tunnel);
  void defend(SlowVpc& vpc, const ArpMessage& message, TimePoint now);
  Sending send_announcement(const Announcement& announcement);
  Sending announce_now(const SlowVpc& vpc, std::uint32_t address);

  SlowVpcs& vpcs_;
  Neighbours& neighbours_;
  Originator& originator_;
  std::deque<Announcement> due_;    // what finds no room goes behind the others
  std::deque<Announcement> later_;  // in order of `due`
  std::map<OwnAddress, TimePoint> defended_;
};

}  // namespace bgw::control
