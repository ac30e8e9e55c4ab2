// The running daemon: data plane, engine, slow path and API around one loop.
#pragma once

#include <tl/expected.hpp>

#include "control/commit/engine.h"
#include "control/daemon/options.h"

namespace bgw::control {

// Runs until SIGINT or SIGTERM. The refusal is what kept it from starting.
tl::expected<void, Refusal> run_daemon(const BgwdOptions& options);

}  // namespace bgw::control
