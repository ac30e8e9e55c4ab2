// The values of the multiprotocol attributes (RFC 4760 §3, §4; next hops also RFC 2545, RFC 8950).
// Pure.
#pragma once

#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "control/bgp/attribute_reader.h"

namespace bgw::control::bgp {

// Nothing: of a family that isn't carried. An error says what is wrong; where prefixes begin or end
// can't be known then.
template <typename T>
using MpValue = tl::expected<std::optional<T>, std::string>;

MpValue<ReadAttributes::MpReach> read_mp_reach(Bytes value, const PerFamily<NlriForm>& forms);
MpValue<ReadAttributes::MpUnreach> read_mp_unreach(Bytes value, const PerFamily<NlriForm>& forms);

}  // namespace bgw::control::bgp
