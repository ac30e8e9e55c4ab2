// The next hops of tunnels, and which of them a commit concerns: several tunnels may share one.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <utility>

#include "control/slow_path/slow_path_settings.h"

namespace bgw::control {

class NextHops {
 public:
  using NextHop = std::pair<dataplane::VpcIndex, dataplane::MappedAddress>;  // underlay, address

  void put(const SlowPathTunnel& tunnel) {
    erase(tunnel.index);
    const NextHop next_hop{tunnel.underlay, tunnel.next_hop};
    by_tunnel_.emplace(tunnel.index, next_hop);
    if (++tunnels_by_[next_hop] == 1) touched_.insert(next_hop);
  }
  void erase(dataplane::TunnelIndex tunnel) {
    const auto found = by_tunnel_.find(tunnel);
    if (found == by_tunnel_.end()) return;
    const auto uses = tunnels_by_.find(found->second);
    if (--uses->second == 0) {
      touched_.insert(found->second);
      tunnels_by_.erase(uses);
    }
    by_tunnel_.erase(found);
  }
  // All of the underlay's: it is no longer as it was.
  void touch(dataplane::VpcIndex underlay) {
    for (auto next = tunnels_by_.lower_bound({underlay, {}});
         next != tunnels_by_.end() && next->first.first == underlay; ++next) {
      touched_.insert(next->first);
    }
  }

  bool contains(const NextHop& next_hop) const { return tunnels_by_.contains(next_hop); }
  // What has come, gone or been touched since the last call.
  std::set<NextHop> take_touched() { return std::exchange(touched_, {}); }

 private:
  std::map<dataplane::TunnelIndex, NextHop> by_tunnel_;
  std::map<NextHop, std::size_t> tunnels_by_;  // how many
  std::set<NextHop> touched_;
};

}  // namespace bgw::control
