// What bgw's OPEN says, and what follows from the peer's. Pure.
#pragma once

#include <tl/expected.hpp>

#include "control/bgp/session.h"

namespace bgw::control::bgp {

Open our_open(const SessionOptions& options);
// An error is what the peer's OPEN has against it: another AS, our identifier, AS numbers of two
// octets alone, or no family in common.
tl::expected<Negotiated, Error> negotiate(const Open& ours, const Open& theirs);

}  // namespace bgw::control::bgp
