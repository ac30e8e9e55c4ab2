#include "control/daemon/process.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <initializer_list>

namespace bgw::control {
namespace {

// net_tap takes the first real-time signal after SIGRTMIN that has no action.
int tap_signal() {
  return SIGRTMIN + 1;
}

}  // namespace

void open_standard_descriptors() noexcept {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) != -1 || errno != EBADF) continue;
    // The lowest number that is free, which is this one.
    [[maybe_unused]] const int opened =
        ::open("/dev/null", descriptor == STDIN_FILENO ? O_RDONLY : O_WRONLY);
  }
}

void ignore_stray_signals() noexcept {
  // SIGTTIN and SIGTTOU would halt who reads from or writes to a terminal in the background.
  for (const int stray : {SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR,
                          SIGSTKFLT, SIGTTIN, SIGTTOU, SIGXFSZ, SIGXCPU}) {
    std::signal(stray, SIG_IGN);
  }
  for (int stray = SIGRTMIN; stray <= SIGRTMAX; ++stray) {
    if (stray != tap_signal()) std::signal(stray, SIG_IGN);
  }
}

void allow_many_descriptors() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 65'536);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

bool hangup_is_ignored() noexcept {
  struct sigaction now {};
  return ::sigaction(SIGHUP, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

}  // namespace bgw::control
