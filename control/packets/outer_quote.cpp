#include "control/packets/outer_quote.h"

#include "control/packets/ipv4.h"
#include "control/packets/ipv6.h"
#include "dataplane/published/wire.h"

namespace bgw::control {

using dataplane::MappedAddress;

namespace {

constexpr std::size_t udp_bytes = 8;
constexpr std::size_t vxlan_bytes = 8;
constexpr std::uint8_t vni_flag = 0x08;

OuterQuote with_udp(OuterQuote found, Bytes udp, std::size_t payload_bytes) {
  found.is_vxlan &= udp.size() >= udp_bytes && load16(udp, 2) == dataplane::vxlan_port &&
                    load16(udp, 4) == payload_bytes;
  if (!found.is_vxlan) return found;
  found.source_port = load16(udp, 0);
  if (udp.size() < udp_bytes + vxlan_bytes) return found;
  const Bytes vxlan = udp.subspan(udp_bytes);
  found.is_vxlan = (vxlan[0] & vni_flag) != 0;
  found.vni = load32(vxlan, 4) >> 8;
  return found;
}

}  // namespace

// The gateway sends neither options nor extension headers there.
std::optional<OuterQuote> parse_outer_quote(Bytes quote) {
  if (is_ipv6(quote)) {
    const auto header = parse_ipv6_header(quote);
    if (!header || header->next_header != protocol_udp) return std::nullopt;
    return with_udp({.source = header->source,
                     .destination = header->destination,
                     .total_bytes = header->total_bytes(),
                     .is_vxlan = true},
                    quote.subspan(ipv6_header_bytes), header->payload_bytes);
  }
  const auto header = parse_ipv4_header(quote);
  if (!header || header->protocol != protocol_udp || header->is_fragment()) return std::nullopt;
  return with_udp({.source = MappedAddress::v4(header->source),
                   .destination = MappedAddress::v4(header->destination),
                   .total_bytes = header->total_bytes,
                   .is_vxlan = header->dont_fragment},
                  quote.subspan(header->header_bytes), header->total_bytes - header->header_bytes);
}

}  // namespace bgw::control
