// nearest
// The known name that a mistyped one probably meant.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bgw::config {

// The candidate with the smallest edit distance (insert, delete, replace, swap neighbours; case
// counts less than a letter), if that is small against the length of the name; the first of equals.
std::optional<std::string_view> nearest(std::string_view name,
                                        std::span<const std::string_view> candidates);

// "; did you mean 'gateway'?", or nothing when no candidate is near.
std::string suggestion(std::string_view name, std::span<const std::string_view> candidates);

}  // namespace bgw::config
