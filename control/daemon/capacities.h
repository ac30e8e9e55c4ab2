// How much VPCs share, by the options and the configuration at start.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>

#include "control/daemon/options.h"
#include "control/slow_path/slow_path.h"

namespace bgw::control {

// Commits may bring as many VPCs without anyone's share becoming smaller.
inline constexpr std::size_t planned_vpcs = 5'000;

// `vpcs` are configured now. What is not given is a power of two, since tables are: 64 neighbours
// for each VPC, and room for one that has its most.
inline SlowPath::Options capacities(const BgwdOptions& given, std::size_t vpcs) {
  SlowPath::Options options;
  const auto needed = [&](std::size_t share, std::size_t most, std::size_t reserve) {
    return std::bit_ceil(std::max(vpcs, planned_vpcs) * share + most + reserve);
  };
  options.neighbours_per_vpc = given.neighbours_per_vpc;
  options.neighbours = given.neighbours != 0
                           ? given.neighbours
                           : needed(options.neighbours_share, options.neighbours_per_vpc,
                                    options.neighbours_reserve);
  options.neighbours_reserve = std::min(options.neighbours_reserve, options.neighbours / 8);
  options.macs_per_vpc = given.macs_per_vpc;
  options.macs = given.macs != 0 ? given.macs : needed(options.macs_share, options.macs_per_vpc, 0);
  options.hold_total = given.packet_buffers / 4;
  options.hold_per_vpc = options.hold_total / 2;
  return options;
}

}  // namespace bgw::control
