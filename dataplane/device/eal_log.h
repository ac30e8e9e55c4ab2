// EAL's and the drivers' log lines, taken from their stream and handed to the owner's logger.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace bgw::dataplane {

using LogFunction = std::function<void(int level, std::string_view line)>;

// For the rest of the process. `log` is called on the thread that prints; levels are RTE_LOG_*.
void capture_eal_log(LogFunction log);

// Lines printed between the two are handed on by the second.
void hold_eal_log();
void release_eal_log();

// The first error line that was printed since forget_eal_error(), or "": it often names the cause
// of a failure that a DPDK call reports as a number; later ones tell what else failed because of
// it.
std::string first_eal_error();
void forget_eal_error();

}  // namespace bgw::dataplane
