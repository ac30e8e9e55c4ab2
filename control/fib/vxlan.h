// What a tunnel over an underlay is made of. Pure.
#pragma once

#include <cstdint>

#include "config/ip.h"
#include "config/model.h"

namespace bgw::control {

// The address that tunnels to a VTEP start at: beside it on link, else the first one of its family;
// the configuration's rules make sure that there is one.
config::IpAddress local_towards(const config::Underlay& underlay, const config::IpAddress& remote);
// How a VTEP is reached: itself on link, else the underlay's router.
config::IpAddress underlay_next_hop(const config::Underlay& underlay,
                                    const config::IpAddress& remote);
// The largest IP packet of a VXLAN interface: what its `mtu` asks for, as far as tunnels over the
// underlay carry it (RFC 7348 §4.3: VTEPs do not fragment).
std::uint16_t vxlan_mtu(const config::Interface& interface, const config::Underlay& underlay);

}  // namespace bgw::control
