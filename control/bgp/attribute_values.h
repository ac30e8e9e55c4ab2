// The values of path attributes: each reads one and says whether it is well-formed (RFC 7606 §7).
// Pure.
#pragma once

#include "control/bgp/attribute_reader.h"

namespace bgw::control::bgp {

bool read_origin(Reader& value, ReadAttributes& into);
bool read_as_path(Reader& value, ReadAttributes& into);
bool read_next_hop(Reader& value, ReadAttributes& into);
bool read_med(Reader& value, ReadAttributes& into);
bool read_local_pref(Reader& value, ReadAttributes& into);
bool read_atomic_aggregate(Reader& value, ReadAttributes& into);
bool read_aggregator(Reader& value, ReadAttributes& into);
bool read_communities(Reader& value, ReadAttributes& into);
bool read_originator_id(Reader& value, ReadAttributes& into);
bool read_cluster_list(Reader& value, ReadAttributes& into);
bool read_extended_communities(Reader& value, ReadAttributes& into);
bool read_large_communities(Reader& value, ReadAttributes& into);
// AS4_PATH and AS4_AGGREGATOR come from speakers of two-octet numbers alone (RFC 6793 §6).
bool skip_value(Reader& value, ReadAttributes& into);

}  // namespace bgw::control::bgp
