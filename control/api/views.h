// Lists of what is computed: routes and propagations.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "control/api/lines.h"
#include "control/commit/running.h"

namespace bgw::control {

// `rest` names a table, "bgw-1" or "vpc-a/main"; `?candidates=1`: all its routes. Any thread.
tl::expected<Lines, ApiResponse> route_lines(const RunningPointer& running,
                                             const ApiRequest& request, const std::string& rest,
                                             Extent extent);

tl::expected<Lines, ApiResponse> propagation_lines(const RunningPointer& running,
                                                   const ApiRequest& request,
                                                   const std::string& rest, Extent extent);
// `name` is "VPC/TABLE/GATEWAY".
ApiResponse show_propagation(const Running& running, const ApiRequest& request,
                             const std::string& name);

}  // namespace bgw::control
