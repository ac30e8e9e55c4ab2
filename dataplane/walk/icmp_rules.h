// Which packets may be answered with an ICMP error.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/published/drop_reason.h"

namespace bgw::dataplane {

// Drops that a sender should hear of. A blackhole is silent, and so is all that is malformed.
constexpr bool deserves_icmp_error(DropReason reason) noexcept {
  return reason == DropReason::ttl_expired || reason == DropReason::no_route ||
         reason == DropReason::mtu_exceeded;
}

// The rules that the packet alone decides (RFC 1122 §3.2.2, RFC 1812 §4.3.2.7, RFC 4443 §2.4):
// never about an ICMP error or an ICMP type that could be one, never about a fragment but the
// first. `ip` is a header that parse_ipv4() or parse_ipv6() accepted, with `readable` bytes.
bool may_answer_with_icmp_error(const std::uint8_t* ip, std::size_t readable) noexcept;

}  // namespace bgw::dataplane
