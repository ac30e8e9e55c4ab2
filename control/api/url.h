// The request target of HTTP: path and query, percent-decoded (RFC 3986).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "control/api/server.h"

namespace bgw::control {

// What follows scheme and authority of an absolute target (RFC 9112 §3.2.2), or all of it.
std::string_view path_of(std::string_view target);

// "a%2Fb" → "a/b"; nothing for a malformed escape or an escaped control character.
std::optional<std::string> percent_decode(std::string_view text);

// "/v1/routes/vpc-a/main?candidates=1", also behind "http://host" → path and query, where a '+' is
// a blank as browsers send it; nothing when malformed.
std::optional<ApiRequest> parse_target(std::string_view target);

}  // namespace bgw::control
