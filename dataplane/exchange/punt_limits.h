// How much a worker hands to the control thread: per class, for one VPC and for all together.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/published/punt.h"

namespace bgw::dataplane {

inline constexpr std::size_t punt_class_count = static_cast<std::size_t>(PuntClass::count_);

struct PuntLimit {
  std::uint32_t vpc_per_second;  // a VPC's share; all VPCs of a worker together get ten times that
  std::uint32_t vpc_burst;       // packets
  std::uint32_t ring_slots;      // packets that may wait for the control thread; a power of two
};
inline constexpr std::uint32_t all_vpcs_factor = 10;

// By PuntClass. `local` lets `ping -f` to the gateway through; `icmp_error` is RFC 1812 §4.3.2.8's
// rate limit.
inline constexpr std::array<PuntLimit, punt_class_count> punt_limits{{
    {.vpc_per_second = 1'000, .vpc_burst = 256, .ring_slots = 512},     // arp
    {.vpc_per_second = 1'000, .vpc_burst = 256, .ring_slots = 512},     // nd
    {.vpc_per_second = 1'000, .vpc_burst = 256, .ring_slots = 1024},    // glean
    {.vpc_per_second = 20'000, .vpc_burst = 1024, .ring_slots = 2048},  // local
    {.vpc_per_second = 1'000, .vpc_burst = 50, .ring_slots = 512},      // icmp_error
}};

}  // namespace bgw::dataplane
