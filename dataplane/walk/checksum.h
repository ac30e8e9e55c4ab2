// The Internet checksum. One's complement sums do not depend on byte order (RFC 1071 §2B), so these
// work on words as they lie in memory.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/published/types.h"
#include "dataplane/published/wire.h"

namespace bgw::dataplane {

// The folded sum over an IPv4 header of `bytes` bytes, a multiple of 4 and at least 20. 0xffff when
// its checksum field is right.
inline std::uint16_t header_sum(const std::uint8_t* header, std::size_t bytes) noexcept {
  std::uint64_t sum = 0;
  for (std::size_t at = 0; at < sizeof(Ipv4Header); at += 4)
    sum += load<std::uint32_t>(header + at);
  for (std::size_t at = sizeof(Ipv4Header); at < bytes; at += 4)
    sum += load<std::uint32_t>(header + at);
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

// The header's checksum after its TTL went down by one. RFC 1624 eqn. 3 with ~m + m' = -0x0100:
// the checksum goes up by 0x0100, end-around. A sum over a header is never zero, so a full
// recomputation never yields 0xffff, and neither does this.
constexpr Be16 checksum_after_ttl_decrement(Be16 checksum) noexcept {
  const std::uint32_t sum = checksum.to_host() + 0x0100u;
  return Be16::from_host(static_cast<std::uint16_t>(sum + (sum >= 0xffff)));
}

}  // namespace bgw::dataplane
