// Answers that say no: problem documents (RFC 9457), application/problem+json.
#pragma once

#include <exception>
#include <string_view>

#include <nlohmann/json.hpp>

#include "control/api/server.h"

namespace bgw::control {

// {"type":"about:blank","title","status","detail"} and, for what is wrong with a value or a text,
// "errors": a list of {"message","rule"} with where it is: {"pointer"} in what was sent, {"kind",
// "name","where"} of an object, {"file","line","column","text"} of a text. Rules are those of
// config/rule.h. Any thread.
ApiResponse api_error(unsigned status, std::string_view detail);
ApiResponse api_error(unsigned status, std::string_view detail, nlohmann::ordered_json errors);
// To a request that ended in an exception: 500.
ApiResponse request_failed(const std::exception& error);

}  // namespace bgw::control
