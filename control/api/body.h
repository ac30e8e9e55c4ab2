// JSON bodies of requests, read as strictly as configurations.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

namespace bgw::control {

// An object of which each key is one of `known` and given once. The error, one line, names the key
// and what was probably meant.
tl::expected<nlohmann::ordered_json, std::string> parse_body(
    const std::string& body, std::initializer_list<std::string_view> known);

// A JSON object, in which and below which no object has a key twice. The error is one line.
tl::expected<nlohmann::ordered_json, std::string> parse_json(const std::string& body);

// A member that is text; `otherwise` when there is none.
tl::expected<std::string, std::string> text_in(const nlohmann::ordered_json& body, const char* key,
                                               std::string otherwise = {});

}  // namespace bgw::control
