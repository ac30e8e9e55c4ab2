// A source's fragmentation of its own IPv6 packets (RFC 8200 §4.5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "control/packets/bytes.h"

namespace bgw::control {

// The packet itself when it isn't longer than `mtu`, else fragments that are not. It has no
// extension headers; `mtu` is at least 1280.
std::vector<std::vector<std::uint8_t>> fragment_ipv6(Bytes packet, std::size_t mtu,
                                                     std::uint32_t identification);

}  // namespace bgw::control
