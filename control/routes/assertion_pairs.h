// What an assertion says of a pair of VPCs.
#pragma once

#include <string_view>
#include <vector>

#include "config/model.h"
#include "control/routes/reachability.h"

namespace bgw::control {

// Whether some pattern fits the name, `*` standing for any characters.
bool fits(const std::vector<std::string>& patterns, std::string_view name);

// A VPC of a state.
struct AssertedVpc {
  const config::Vpc* vpc = nullptr;
  const VpcReach* reach = nullptr;
};

// Packets from each of these hosts to each of those, all of one family, and none of them empty.
// None does what an assertion says.
struct BrokenPackets {
  AddressSet sources, destinations;
  bool is_way_back = false;  // they arrive, and their replies don't
};

// Of a pair of different VPCs, all that break the assertion; a packet may be in several.
//   unreachable: what is delivered into `to`, by some way, to the assertion's prefixes.
//   reachable: what isn't delivered into `to` by every way, or its reply not into `from`, of
//   packets
//     between hosts of their subnets, those of `to` within the assertion's prefixes.
std::vector<BrokenPackets> broken_packets(const Reachability& reach,
                                          const config::Assertion& assertion,
                                          const AssertedVpc& from, const AssertedVpc& to);

// Those that are in none of `others`, whose hosts they need not have.
std::vector<BrokenPackets> without(std::vector<BrokenPackets> packets,
                                   const std::vector<BrokenPackets>& others);

}  // namespace bgw::control
