// text_check
// What is checked about a text before any parser sees it.
#pragma once

#include <optional>
#include <string_view>

#include "config/loader.h"

namespace bgw::config {

// The first reason to refuse the text, which comes without the byte-order mark that it may begin
// with, if any: too large, control characters, such a mark once more, not UTF-8, or so many
// flow indicators that the YAML scanner, which holds all tokens of an open bracket, would need
// gigabytes.
std::optional<Error> check_text(std::string_view text, const Limits& limits);

}  // namespace bgw::config
