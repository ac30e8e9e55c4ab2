// How much a worker hands to the control thread: per class, for one VPC and for all together.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/published/punt.h"

namespace bgw::dataplane {

inline constexpr std::size_t punt_class_count = static_cast<std::size_t>(PuntClass::count_);

struct PuntLimit {
  std::uint32_t vpc_per_second;  // a VPC's most; all VPCs of a worker together get ten times that
  std::uint32_t vpc_burst;       // packets
  std::uint32_t ring_slots;      // packets that may wait for the control thread; a power of two
  // Of it, what a VPC gets whatever the others use: beyond what all get together, and with the half
  // of the ring that is kept for it.
  std::uint32_t sure_per_second = 100;
  std::uint32_t sure_burst = 64;
};
inline constexpr std::uint32_t all_vpcs_factor = 10;

// By PuntClass. `local` lets `ping -f` to the gateway through; `icmp_error` is RFC 1812 §4.3.2.8's
// rate limit; `glean` a packet to each of 2,000 new hosts at once. What one host of many says goes
// by `known` as far as known_per_source allows, else by `arp` or `nd`.
inline constexpr std::array<PuntLimit, punt_class_count> punt_limits{{
    {.vpc_per_second = 1'000, .vpc_burst = 512, .ring_slots = 1024},                  // arp
    {.vpc_per_second = 1'000, .vpc_burst = 512, .ring_slots = 1024},                  // nd
    {.vpc_per_second = 2'000, .vpc_burst = 2048, .ring_slots = 4096},                 // glean
    {.vpc_per_second = 20'000, .vpc_burst = 1024, .ring_slots = 2048},                // local
    {.vpc_per_second = 1'000, .vpc_burst = 50, .ring_slots = 512, .sure_burst = 50},  // icmp_error
    {.vpc_per_second = 4'000, .vpc_burst = 4096, .ring_slots = 4096},                 // answer
    {.vpc_per_second = 4'000, .vpc_burst = 1024, .ring_slots = 2048},                 // known
}};

// What one MAC of a VPC may say by `known`.
struct SourceLimit {
  std::uint32_t per_second = 10;
  std::uint32_t burst = 20;  // packets
};
inline constexpr SourceLimit known_per_source{};

}  // namespace bgw::dataplane
