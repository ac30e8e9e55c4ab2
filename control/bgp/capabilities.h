// The list of capabilities in an OPEN (RFC 5492). Pure.
#pragma once

#include <optional>
#include <string>

#include "control/bgp/open.h"

namespace bgw::control::bgp {

// Adds what a parameter of type 2 holds; what is wrong with it, if anything. A capability of a
// wrong length is wrong; one that comes twice counts as it came last.
std::optional<std::string> read_capabilities(Bytes parameter, Capabilities& into);
void write_capabilities(const Capabilities& capabilities, Writer& writer);

}  // namespace bgw::control::bgp
