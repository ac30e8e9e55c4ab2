// Who reaches whom, as the API lists it.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "control/api/lines.h"
#include "control/commit/running.h"

namespace bgw::control {

// Pairs of VPCs in order of name, {"from","to","reach":[{"subnets","prefixes","more_prefixes"}]}.
// Of the query: `from`, `to`, which VPCs; `limit`, without which a page has 1,000; `after`,
// "FROM/TO" of the pair before the first. Any thread.
tl::expected<Lines, ApiResponse> reachability_lines(const RunningPointer& running,
                                                    const ApiRequest& request,
                                                    const std::string& rest, Extent extent);

}  // namespace bgw::control
