// What others may do to the process without stopping forwarding: descriptors that are closed,
// signals that mean nothing here.
#pragma once

namespace bgw::control {

// Puts /dev/null where standard input, output or error is closed: the next socket, device or
// database would take that number otherwise, and get what is printed. Call it first of all.
void open_standard_descriptors() noexcept;

// From now on only SIGKILL, faults and aborts end the process, SIGSTOP and SIGTSTP halt it, and
// whoever wants to can still handle any other. Leaves alone SIGINT, SIGQUIT, SIGTERM and SIGHUP,
// which the daemon handles, SIGCHLD, SIGURG and SIGWINCH, which do nothing, and the one real-time
// signal that DPDK's TAP driver looks for.
void ignore_stray_signals() noexcept;

// As many descriptors as the host allows: clients of the API may be a thousand.
void allow_many_descriptors() noexcept;

// Whether SIGHUP was already ignored when the process began, as under nohup.
bool hangup_is_ignored() noexcept;

}  // namespace bgw::control
