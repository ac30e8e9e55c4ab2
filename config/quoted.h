// quoted
// Text of a user inside a message.
#pragma once

#include <string>
#include <string_view>

namespace bgw::config {

// 'text' in quotes: shortened when it is long, and with \xNN for what isn't printable ASCII.
std::string quoted(std::string_view text);

}  // namespace bgw::config
