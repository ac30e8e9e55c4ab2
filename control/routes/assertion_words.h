// Why an assertion doesn't hold, in words.
#pragma once

#include "control/routes/advice.h"
#include "control/routes/assertion_pairs.h"
#include "control/routes/assertions.h"

namespace bgw::control {

// By one of `packets`, walked; `pairs` are broken in all.
Violation violation_of(const Situation& situation, const config::Assertion& assertion,
                       BrokenPair pair, const BrokenPackets& packets, std::size_t pairs);

}  // namespace bgw::control
