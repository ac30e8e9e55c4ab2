// Which form of an answer a client likes best (RFC 9110 §12.5.1).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bgw::control {

// Of `offers`, such as "application/json", the one that `accept`, the value of an Accept field, has
// with the highest weight, the first of equals; nothing when it takes none of them. Without a
// field, or when all of it is malformed, the first. Parameters but the weight are passed over.
// Pure.
std::optional<std::string_view> preferred(const std::optional<std::string>& accept,
                                          std::span<const std::string_view> offers);

}  // namespace bgw::control
