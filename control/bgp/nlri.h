// Prefixes as UPDATEs carry them (RFC 4271 §4.3), with path identifiers where ADD-PATH was
// negotiated (RFC 7911 §3). Pure.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/bgp/wire.h"

namespace bgw::control::bgp {

// Tells a peer's paths to one prefix apart; means nothing else, and may change when the peer's own
// sessions do.
enum class PathId : std::uint32_t {};

struct Nlri {
  IpPrefix prefix;
  PathId id{};  // 0 where the session has none
  friend auto operator<=>(const Nlri&, const Nlri&) = default;
};

// Appends what a field holds. What is wrong with it, if anything: a length beyond the family's, or
// a prefix beyond the field's end. Bits beyond a prefix's length are ignored.
std::optional<std::string> read_nlri(Bytes field, Family family, bool with_ids,
                                     std::vector<Nlri>& into);
void write_nlri(const Nlri& nlri, bool with_ids, Writer& writer);
// How many bytes that writes.
std::size_t nlri_bytes(const Nlri& nlri, bool with_ids);

}  // namespace bgw::control::bgp
