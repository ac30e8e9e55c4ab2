// Why a packet arrives or doesn't, and the smallest changes that would make it arrive.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/routes/advice.h"
#include "control/routes/walk.h"

namespace bgw::control {

struct Endpoint {
  std::string vpc;
  config::IpAddress address;
};

// One direction.
struct Explanation {
  bool arrives = false;  // by every way
  std::vector<WalkOutcome> outcomes;
  // The rule of control/ROUTES.md that says no, "V3" or "advertise", and its words here. Empty when
  // it arrives.
  std::string rule, reason;
  // Changes which, one after the other, make it arrive; none when no change of routes does. They
  // were tried: a packet walked arrives.
  std::vector<Advice> advice;
};

// Both VPCs must exist and differ. Tries some tens of changes at most. Pure; any thread.
Explanation explain(const Situation& situation, const Endpoint& from, const Endpoint& to);

// There and back. What is advised for the way back comes on top of what is advised for the way
// there.
struct BothWays {
  Explanation there, back;
};
BothWays explain_both_ways(const Situation& situation, const Endpoint& from, const Endpoint& to);

// An address that a host of the VPC could have: in its first subnet that has one, else in a CIDR;
// of the family if it has any. Nothing when there is none.
std::optional<config::IpAddress> any_host(const Situation& situation, const std::string& vpc,
                                          std::optional<config::Family> family = std::nullopt);

}  // namespace bgw::control
