// Which rule keeps a packet from arriving, and what would change that rule's mind.
#pragma once

#include <string>
#include <vector>

#include "control/routes/explain.h"

namespace bgw::control {

struct Cause {
  std::string rule, reason;
  std::vector<Advice> remedies;  // each by itself, the smallest first; none when there is none
};

// `outcome` is of the packet's walk, and doesn't end in the VPC that it is for.
Cause cause_of(const Situation& situation, const Endpoint& from, const Endpoint& to,
               const WalkOutcome& outcome);

}  // namespace bgw::control
