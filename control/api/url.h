// The request target of HTTP: path and query, percent-decoded (RFC 3986).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "control/api/server.h"

namespace bgw::control {

// "a%2Fb" → "a/b"; nothing for a malformed escape or an escaped control character.
std::optional<std::string> percent_decode(std::string_view text);

// "/v1/routes/vpc-a/main?candidates=1" → path and query; nothing when malformed.
std::optional<ApiRequest> parse_target(std::string_view target);

}  // namespace bgw::control
