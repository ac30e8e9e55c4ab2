// Routes to announce and to withdraw, as few messages. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "control/bgp/update.h"

namespace bgw::control::bgp {

struct OutgoingRoute {
  Nlri nlri;
  SharedAttributes attributes;  // none: withdrawn
};

// Appends UPDATEs after which the peer has what the batch says, of the families that are carried.
// What the batch says last of a prefix and identifier counts. Withdrawals come first; prefixes of
// equal attributes share messages. Identifiers are left out where `forms` has none. Returned is
// what could not be sent, and why.
std::vector<std::string> encode_batch(std::span<const OutgoingRoute> batch,
                                      const PerFamily<NlriForm>& forms,
                                      std::vector<std::uint8_t>& out);

}  // namespace bgw::control::bgp
