// ROUTE-REFRESH (RFC 2918). Pure.
#pragma once

#include <optional>
#include <vector>

#include <tl/expected.hpp>

#include "control/bgp/families.h"
#include "control/bgp/header.h"

namespace bgw::control::bgp {

// Which family the peer wants to have again; nothing: one that bgw doesn't carry, or a subtype of
// RFC 7313, both of which are to be ignored.
tl::expected<std::optional<Family>, Error> decode_route_refresh(Bytes body);
// With its header.
void encode_route_refresh(Family family, std::vector<std::uint8_t>& out);

}  // namespace bgw::control::bgp
