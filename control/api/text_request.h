// A whole configuration, as a request that changes what runs.
#pragma once

#include <memory>
#include <string>

#include <tl/expected.hpp>

#include "control/api/change_request.h"
#include "control/api/server.h"

namespace bgw::control {

// What messages call the text: ?file=, or "configuration".
std::string file_name(const ApiRequest& request);

// POST /v1/config/commit. The answer has {"generation","warnings"} and what changes, as
// to_json(Changes) has it. The error is the answer.
tl::expected<std::shared_ptr<ChangeRequest>, ApiResponse> text_request(ApiRequest request);

}  // namespace bgw::control
