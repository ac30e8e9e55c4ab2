// Neighbour discovery for IPv6 over Ethernet (RFC 4861, RFC 2464): the wire format.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "config/model.h"
#include "control/packets/bytes.h"
#include "dataplane/published/types.h"

namespace bgw::control {

enum class NdType : std::uint8_t {
  router_solicitation = 133,
  router_advertisement = 134,
  neighbour_solicitation = 135,
  neighbour_advertisement = 136,
  redirect = 137,
};

struct NdMessage {
  NdType type = NdType::neighbour_solicitation;
  dataplane::MappedAddress source;  // unspecified in the probe of duplicate address detection
  dataplane::MappedAddress destination;
  dataplane::MappedAddress target;             // of neighbour messages
  bool solicited = false;                      // of advertisements of neighbours
  bool overrides = false;                      // of these, too
  std::optional<dataplane::Mac> link_address;  // source's of a solicitation, target's of the others
};

// `packet` starts at its IPv6 header; what follows it (padding) is ignored. Nothing when it fails a
// check of RFC 4861 §6.1 or §7.1 — hop limit, checksum, code, length, options, addresses — or comes
// as a fragment (RFC 6980). Of redirects and router advertisements only that is read.
std::optional<NdMessage> parse_nd(Bytes packet);

// Where a frame goes, and from whom.
struct NdPath {
  dataplane::Mac to;
  dataplane::Mac from;  // also what link-layer address options say
  dataplane::MappedAddress source;
  dataplane::MappedAddress destination;
};

// Whole Ethernet frames. A solicitation from the unspecified address has no link-layer address
// option (RFC 4861 §4.3).
std::vector<std::uint8_t> write_neighbour_solicitation(const NdPath& path,
                                                       const dataplane::MappedAddress& target);

struct NdFlags {
  bool router = true;
  bool solicited = false;
  bool overrides = true;
};
std::vector<std::uint8_t> write_neighbour_advertisement(const NdPath& path,
                                                        const dataplane::MappedAddress& target,
                                                        NdFlags flags);

// RFC 4861 §6.2.1's defaults.
inline constexpr std::uint16_t ra_router_lifetime = 1800;        // 3 * MaxRtrAdvInterval, seconds
inline constexpr std::uint32_t ra_valid_lifetime = 2'592'000;    // AdvValidLifetime, seconds
inline constexpr std::uint32_t ra_preferred_lifetime = 604'800;  // AdvPreferredLifetime, seconds
inline constexpr std::uint8_t ra_hop_limit = 64;                 // AdvCurHopLimit

// One prefix information option per IPv6 prefix of `addresses`: on-link, and for autoconfiguration
// only if that is asked for (and of a length that allows it: RFC 4862 §5.5.3 (d), RFC 2464 §4).
std::vector<std::uint8_t> write_router_advertisement(
    const NdPath& path, std::uint16_t mtu, const std::vector<config::InterfaceAddress>& addresses,
    bool autoconfiguration);

}  // namespace bgw::control
