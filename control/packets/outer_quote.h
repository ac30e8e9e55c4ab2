// What an ICMP error quotes of a VXLAN packet (RFC 7348 §5), of either family.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "control/packets/bytes.h"
#include "dataplane/published/types.h"

namespace bgw::control {

struct OuterQuote {
  dataplane::MappedAddress source;
  dataplane::MappedAddress destination;
  std::uint16_t source_port = 0;
  std::size_t total_bytes = 0;       // of the packet that is quoted, IP header included
  bool is_vxlan = false;             // to its port, without contradictions, and with DF
  std::optional<std::uint32_t> vni;  // routers need not quote as far (RFC 792: 8 bytes)
};

// Nothing when it isn't the beginning of a packet of UDP.
std::optional<OuterQuote> parse_outer_quote(Bytes quote);

}  // namespace bgw::control
