// IPv6 extension headers, walked within bounds.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/published/wire.h"

namespace bgw::dataplane {

// Where a packet's upper layer begins. Offsets are from the IPv6 header.
struct Ipv6Upper {
  std::uint8_t protocol = 0;           // the last header named
  std::size_t offset = 0;              // of what it names; may be beyond what is readable
  std::size_t named_at = 6;            // of the field that names it
  bool found = false;                  // false: cut short, too many headers, or a later fragment's
  std::size_t fragment_header_at = 0;  // 0: there is none
  std::size_t fragment_named_at = 0;
  std::uint16_t fragment_offset = 0;  // 8-byte units
  bool more_fragments = false;

  bool fragment() const noexcept { return fragment_header_at != 0; }
};

// As many headers as anybody sends; more are nobody's to follow.
inline constexpr unsigned ipv6_max_extension_headers = 8;

// `ip` is an IPv6 header with `readable` bytes, at least its own 40. RFC 8200 §4.
inline Ipv6Upper find_ipv6_upper(const std::uint8_t* ip, std::size_t readable) noexcept {
  Ipv6Upper upper{.protocol = load<Ipv6Header>(ip).next_header, .offset = sizeof(Ipv6Header)};
  for (unsigned n = 0; n <= ipv6_max_extension_headers; ++n) {
    std::size_t bytes = 0;
    switch (upper.protocol) {
      case protocol_hop_by_hop:
      case protocol_routing:
      case protocol_destination_options:
        if (upper.offset + 8 > readable) return upper;
        bytes = (std::size_t{ip[upper.offset + 1]} + 1) * 8;
        break;
      case protocol_authentication:  // RFC 4302 §2.2: in units of four, without the first two
        if (upper.offset + 8 > readable) return upper;
        bytes = (std::size_t{ip[upper.offset + 1]} + 2) * 4;
        break;
      case protocol_fragment:
        if (upper.fragment() || upper.offset + ipv6_fragment_header_bytes > readable) return upper;
        bytes = ipv6_fragment_header_bytes;
        upper.fragment_header_at = upper.offset;
        upper.fragment_named_at = upper.named_at;
        upper.fragment_offset = load<Be16>(ip + upper.offset + 2).to_host() >> 3;
        upper.more_fragments = (ip[upper.offset + 3] & 1) != 0;
        break;
      default:
        upper.found = true;
        return upper;
    }
    upper.protocol = ip[upper.offset];
    upper.named_at = upper.offset;
    upper.offset += bytes;
    if (upper.fragment_offset != 0) return upper;  // what follows is payload from the middle
  }
  return upper;
}

// A query of multicast listener discovery? These come behind a hop-by-hop header (RFC 3810 §5), in
// which routers are alerted. What else is wrong with it, its reader finds out.
inline bool is_mld_query(const std::uint8_t* ip, std::size_t readable) noexcept {
  constexpr std::uint8_t listener_query = 130;
  if (load<Ipv6Header>(ip).next_header != protocol_hop_by_hop) return false;
  const Ipv6Upper upper = find_ipv6_upper(ip, readable);
  return upper.found && upper.protocol == protocol_icmpv6 && !upper.fragment() &&
         upper.offset < readable && ip[upper.offset] == listener_query;
}

}  // namespace bgw::dataplane
