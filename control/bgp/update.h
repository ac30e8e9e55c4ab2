// UPDATE (RFC 4271 §4.3), multiprotocol (RFC 4760) and with path identifiers (RFC 7911); what is
// wrong in one is handled as RFC 7606 says. AS numbers have four octets (RFC 6793). Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "control/bgp/attributes.h"
#include "control/bgp/families.h"
#include "control/bgp/header.h"
#include "control/bgp/nlri.h"

namespace bgw::control::bgp {

// What a session has agreed on for one family in one direction.
struct NlriForm {
  bool carried = false;
  bool ids = false;
  friend bool operator==(const NlriForm&, const NlriForm&) = default;
};

struct Update {
  struct Reached {
    SharedAttributes attributes;
    std::vector<Nlri> nlri;  // of one family
  };
  // In this order: what is reached counts where both have it.
  std::vector<Nlri> withdrawn;
  std::vector<Reached> reached;      // at most one of each family, in the order of the message
  std::optional<Family> end_of_rib;  // RFC 4724 §2
  // What was wrong and didn't end the session: "attribute 8 (COMMUNITIES): 3 bytes; its prefixes
  // are taken as withdrawn". The first few of them.
  std::vector<std::string> complaints;
};

// Of an UPDATE's body. An error ends the session. Prefixes whose attributes are wrong are among the
// withdrawn ones; families that aren't carried are ignored. Takes next hops of 4 bytes for IPv4 in
// either place, and of 16 or 32 for both families in MP_REACH_NLRI.
tl::expected<Update, Error> decode_update(Bytes body, const PerFamily<NlriForm>& forms);

// Append as few messages of at most `max_message_bytes` as hold the prefixes, which are of one
// family and, if announced, of the next hop's. IPv4 goes in the classic fields, IPv6 in
// multiprotocol attributes, which come first (RFC 7606 §5.1).
void encode_withdrawn(std::span<const Nlri> nlri, bool ids, std::vector<std::uint8_t>& out);
// The error says what doesn't fit: a next hop of the other family, an AS_SET of more than 255, or
// attributes that leave no room for a prefix. Then nothing is appended.
tl::expected<void, std::string> encode_reached(const PathAttributes& attributes,
                                               std::span<const Nlri> nlri, bool ids,
                                               std::vector<std::uint8_t>& out);
void encode_end_of_rib(Family family, std::vector<std::uint8_t>& out);

}  // namespace bgw::control::bgp
