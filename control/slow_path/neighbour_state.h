// The states of a neighbour: RFC 4861's, used for ARP too.
#pragma once

#include <cstdint>
#include <string_view>

namespace bgw::control {

enum class NeighbourState : std::uint8_t { incomplete, reachable, stale, probe, failed };
std::string_view to_string(NeighbourState state);

}  // namespace bgw::control
