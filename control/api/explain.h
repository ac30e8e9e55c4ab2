// Why two VPCs reach each other or don't, and what would make them.
#pragma once

#include "control/api/server.h"
#include "control/commit/running.h"

namespace bgw::control {

// {"from":{"vpc","address"},"to","reaches","there":{"arrives","rule","reason","outcomes":[as
// trace has them],"advice":[{"method","path","value","command"}]},"back":{…}}. Of the query: `from`
// and `to`, a VPC or VPC/ADDRESS. Any thread.
ApiResponse explain_pair(const Running& running, const ApiRequest& request,
                         const std::string& rest);

}  // namespace bgw::control
