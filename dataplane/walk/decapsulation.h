// VXLAN's way in (RFC 7348): from a frame on an underlay to the frame inside.
#pragma once

#include <cstddef>

#include "dataplane/walk/burst.h"
#include "dataplane/walk/stage_parse.h"

namespace bgw::dataplane {

// A frame of the underlay burst.in_vpc[i], its network layer of `type` at burst.ip_offset[i]: VXLAN
// to an address of the gateway is opened and parsed as a frame of the VPC whose VNI it has; other
// packets to such an address go on as in a VPC; nothing else goes anywhere.
void parse_underlay(const FibSnapshot& fib, Burst& burst, std::size_t i, std::uint16_t type,
                    LinkAddress link) noexcept;

}  // namespace bgw::dataplane
