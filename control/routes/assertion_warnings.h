// Warnings about assertions that say nothing.
#pragma once

#include <string>
#include <vector>

#include "config/valid_model.h"

namespace bgw::control {

// Names that no VPC has and prefixes in which no subnet lies: of assertions that differ from
// `before`, and of those that were about a VPC that is gone. Each is added to `warnings`.
void warn_of_assertions(const config::ValidModel& before, const config::ValidModel& after,
                        std::vector<std::string>& warnings);

}  // namespace bgw::control
