// The gateway as a speaker of neighbour discovery (RFC 4861): answers for its own addresses, asks
// for neighbours, probes and announces addresses that come up, defends them (RFC 4862 §5.4), and
// advertises itself as a router.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <utility>

#include "control/packets/nd.h"
#include "control/slow_path/neighbours.h"
#include "control/slow_path/originator.h"
#include "control/slow_path/router_advertiser.h"
#include "control/slow_path/slow_path_vpcs.h"

namespace bgw::control {

class LocalNd {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::seconds retrans_timer{1};  // RFC 4861 §10
  // RFC 4861 §7.2.6 allows three (MAX_NEIGHBOR_ADVERTISEMENT).
  static constexpr unsigned announcements = 2;
  // As for ARP (RFC 5227 §1.1), for which there is such a constant.
  static constexpr std::chrono::seconds defend_interval{10};
  // RFC 4861 §10: MAX_ANYCAST_DELAY_TIME, so that not all who have the address answer at once.
  static constexpr std::chrono::milliseconds max_anycast_delay{1000};
  // Answers that wait for that; with more, they don't.
  static constexpr std::size_t max_waiting_answers = 256;

  LocalNd(SlowVpcs& vpcs, Neighbours& neighbours, Originator& originator)
      : vpcs_(vpcs),
        neighbours_(neighbours),
        originator_(originator),
        advertiser_(vpcs, originator) {}

  // A punted frame.
  void handle(PacketPtr packet, TimePoint now);
  // Asks for a neighbour, by multicast or only the one behind that link.
  void request(dataplane::VpcIndex vpc, const dataplane::MappedAddress& address,
               const std::optional<dataplane::Link>& only);
  // The address came up: a probe for a duplicate at the next run_timers(), then announcements. It
  // is in use meanwhile: a gateway that falls silent serves nobody.
  void announce(dataplane::VpcIndex vpc, const dataplane::MappedAddress& address);
  // The VPC's link came up, or prefixes or MTU have changed.
  void advertise(dataplane::VpcIndex vpc);
  // Sends at most `max` messages that are due; returns how many.
  std::size_t run_timers(TimePoint now, std::size_t max);
  // A VPC slot is no longer what it was.
  void forget(dataplane::VpcIndex vpc);

 private:
  struct Announcement {
    dataplane::VpcIndex vpc;
    dataplane::MappedAddress address;
    std::uint64_t serial = 0;  // of the VPC
    unsigned sent = 0;         // messages, the probe included
  };
  // To a solicitation of an anycast address.
  struct Answer {
    dataplane::VpcIndex vpc;
    std::uint64_t serial = 0;  // of the VPC
    dataplane::MappedAddress address;
    dataplane::MappedAddress host;
    dataplane::Link link;  // the host's
  };
  struct Sender {
    dataplane::Mac mac;  // of the frame
    dataplane::TunnelIndex tunnel;
  };
  using OwnAddress = std::pair<dataplane::VpcIndex, dataplane::MappedAddress>;

  // False: the source is none of this link.
  bool take(SlowVpc& vpc, const NdMessage& message, const Sender& sender, TimePoint now);
  bool take_solicitation(SlowVpc& vpc, const NdMessage& message, const Sender& sender,
                         TimePoint now);
  bool take_advertisement(SlowVpc& vpc, const NdMessage& message, const Sender& sender,
                          TimePoint now);
  bool take_router_solicitation(SlowVpc& vpc, const NdMessage& message, const Sender& sender,
                                TimePoint now);
  void learn(const SlowVpc& vpc, const NdMessage& message, const Sender& sender, TimePoint now);
  void answer(const SlowVpc& vpc, const NdMessage& solicitation, const Sender& sender);
  void answer_for_anycast(const SlowVpc& vpc, const NdMessage& solicitation, const Sender& sender,
                          TimePoint now);
  Sending send_answer(const Answer& answer);
  std::size_t run_answers(TimePoint now, std::size_t max);
  // Counts and logs the conflict. True if a defence is due.
  bool conflict(SlowVpc& vpc, const dataplane::MappedAddress& address, const Sender& sender,
                TimePoint now);
  Sending send_announcement(const Announcement& announcement);
  Sending send_unsolicited(const SlowVpc& vpc, const dataplane::MappedAddress& address);

  SlowVpcs& vpcs_;
  Neighbours& neighbours_;
  Originator& originator_;
  RouterAdvertiser advertiser_;
  std::multimap<TimePoint, Announcement> announcements_;  // by when they are due
  std::multimap<TimePoint, Answer> answers_;              // likewise
  std::map<OwnAddress, TimePoint> defended_;
};

}  // namespace bgw::control
