// Behind which VTEP the MACs of VXLAN VPCs are (RFC 7348 §4.1): learnt from the frames that arrive,
// forgotten when nothing is heard for long, and mirrored into the table that workers read. No
// clock: time comes in as an argument.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "control/slow_path/shared_bound.h"
#include "dataplane/published/fdb_table.h"
#include "dataplane/published/types.h"

namespace bgw::control {

class Fdb {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::seconds ageing_time{300};  // IEEE 802.1Q-2018 §8.8.3
  enum class Learnt : std::uint8_t {
    known,    // where it was, or new
    moved,    // it was behind another tunnel before
    no_room,  // P41: the VPC has as many as it may; nothing is learnt
  };

  struct Place {
    dataplane::VpcIndex vpc;
    dataplane::Mac mac;
    dataplane::TunnelIndex tunnel;
    TimePoint heard;
  };

  // `shared` is what all VPCs have together, no more than the table's room.
  Fdb(dataplane::FdbTable& table, const SharedBound::Limits& shared)
      : table_(table), bound_(shared) {}

  // The VPC has a share, at the cost of those who have more than theirs; or it has none any more.
  void add_vpc(dataplane::VpcIndex vpc);
  void remove_vpc(dataplane::VpcIndex vpc);

  // A frame of that unicast MAC came by that tunnel.
  Learnt learn(dataplane::VpcIndex vpc, const dataplane::Mac& mac, dataplane::TunnelIndex tunnel,
               TimePoint now);
  // Forgets at most `max` MACs that were last heard too long ago; returns them.
  std::vector<Place> expire(TimePoint now, std::size_t max);
  // Forgets the MACs of a VPC behind tunnels that `keep` refuses.
  void retain(dataplane::VpcIndex vpc, const std::function<bool(dataplane::TunnelIndex)>& keep);

  std::size_t count(dataplane::VpcIndex vpc) const { return bound_.used(vpc); }
  const SharedBound& bound() const { return bound_; }
  // VPCs that one was added to, since the last call, and that have 80 % of their most or more.
  std::set<dataplane::VpcIndex> take_filled() { return std::exchange(filled_, {}); }
  // How many entries were erased from the table since the last call: for its reclaim().
  std::size_t take_erased() { return std::exchange(erased_, 0); }

 private:
  struct Entry {
    dataplane::TunnelIndex tunnel;
    TimePoint heard;
  };
  using Macs = std::map<dataplane::Mac, Entry>;
  using Timer = std::tuple<TimePoint, dataplane::VpcIndex, dataplane::Mac>;

  void shed();
  void erase(dataplane::VpcIndex vpc, Macs& macs, Macs::iterator entry);

  dataplane::FdbTable& table_;
  SharedBound bound_;
  std::set<dataplane::VpcIndex> filled_;
  std::map<dataplane::VpcIndex, Macs> vpcs_;
  std::set<Timer> timers_;  // by when they were heard
  std::size_t erased_ = 0;
};

}  // namespace bgw::control
