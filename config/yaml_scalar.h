// yaml_scalar
// Text as a YAML scalar.
#pragma once

#include <string>
#include <string_view>

namespace bgw::config {

// Plain where every YAML reader takes it for text, in block and in flow context; else in double
// quotes. The text must be UTF-8.
std::string yaml_scalar(std::string_view text);

}  // namespace bgw::config
