// The manual page, made from the command tree.
#pragma once

#include <string>
#include <vector>

#include "control/cli/command.h"

namespace bgw::cli {

// bgwctl(1) in mdoc(7).
std::string manual(const std::vector<Command>& commands);

}  // namespace bgw::cli
