// What still lies in a ring of the workers' after its VPC has moved to another wire.
#pragma once

#include <algorithm>
#include <cstddef>
#include <set>

#include "dataplane/published/types.h"

namespace bgw::control {

// Of one ring, or those of one class. What it holds when a VPC's interface moves, or goes, came in
// where the VPC no longer is; what comes later is behind that.
class Leftovers {
 public:
  // More than any class's rings hold.
  static constexpr std::size_t most = 16'384;

  void add(const std::set<dataplane::VpcIndex>& vpcs) {
    vpcs_.insert(vpcs.begin(), vpcs.end());
    left_ = most;
  }
  bool contains(dataplane::VpcIndex vpc) const { return !vpcs_.empty() && vpcs_.contains(vpc); }
  // That many were taken, and perhaps there are no more.
  void took(std::size_t count, bool empty) {
    left_ -= std::min(left_, count);
    if (empty || left_ == 0) vpcs_.clear();
  }

 private:
  std::set<dataplane::VpcIndex> vpcs_;
  std::size_t left_ = 0;
};

}  // namespace bgw::control
