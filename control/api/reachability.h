// Who reaches whom, as the API lists it.
#pragma once

#include "control/api/server.h"
#include "control/commit/running.h"

namespace bgw::control {

// Pairs of VPCs in order of name, [{"from","to","reach":[{"subnets","prefixes","more_prefixes"}]}].
// Of the query: `from`, `to`, which VPCs; `limit`; `after`, "FROM/TO" of the pair before the first.
// Any thread.
ApiResponse list_reachability(const Running& running, const ApiRequest& request,
                              const std::string& rest);

}  // namespace bgw::control
