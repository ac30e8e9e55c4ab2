// Stage 2, classify: which VPC's interface owns the packets of a burst.
#pragma once

#include <algorithm>

#include "dataplane/burst.h"

namespace bgw::dataplane {

inline bool is_up(const FibSnapshot& fib, VpcIndex vpc) noexcept {
  return vpc.value < fib.vpcs.size() && fib.vpcs[vpc.value].in_use && fib.vpcs[vpc.value].enabled;
}

// Frames from one port: all belong to whoever has its untagged traffic. (Parsing takes ownership
// away from frames that turn out to be tagged.)
inline void classify_by_port(const FibSnapshot& fib, Burst& burst) noexcept {
  VpcIndex owner = no_vpc;
  if (burst.port.value < fib.ports.size()) owner = fib.ports[burst.port.value].untagged;
  if (!is_up(fib, owner)) owner = no_vpc;
  std::fill_n(burst.in_vpc.begin(), burst.count, owner);
}

}  // namespace bgw::dataplane
