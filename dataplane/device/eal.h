// DPDK's environment abstraction layer, brought up with one clear line when it can't be.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "dataplane/published/dataplane.h"

namespace bgw::dataplane {

// Checks what can be checked without side effects, then initialises EAL: once per process. Routes
// the lines of EAL and drivers to options.log.
tl::expected<void, std::string> start_eal(const Options& options);
void stop_eal();

}  // namespace bgw::dataplane
