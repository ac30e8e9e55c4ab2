#include "dataplane/device/eal_log.h"

#include <rte_log.h>

#include <cstdio>
#include <mutex>
#include <utility>
#include <vector>

namespace bgw::dataplane {

namespace {

// One stream per process, as in DPDK.
struct LogSink {
  std::mutex mutex;
  LogFunction log;
  std::string partial;  // a line without its end
  std::string first_error;
  bool holding = false;
  std::vector<std::pair<int, std::string>> held;

  void take(std::string_view text) {
    const std::lock_guard lock{mutex};
    const int level = rte_log_cur_msg_loglevel();
    partial += text;
    for (std::size_t end; (end = partial.find('\n')) != std::string::npos;) {
      const std::string line = partial.substr(0, end);
      partial.erase(0, end + 1);
      if (line.empty()) continue;
      if (level > 0 && level <= static_cast<int>(RTE_LOG_ERR) && first_error.empty())
        first_error = line;
      hand_on(level, line);
    }
  }
  void hand_on(int level, const std::string& line) {
    if (holding) {
      held.emplace_back(level, line);
    } else if (log) {
      log(level, line);
    }
  }
};

LogSink& sink() {
  static LogSink instance;
  return instance;
}

ssize_t write_lines(void*, const char* text, std::size_t bytes) {
  sink().take({text, bytes});
  return static_cast<ssize_t>(bytes);
}

}  // namespace

void capture_eal_log(LogFunction log) {
  {
    const std::lock_guard lock{sink().mutex};
    sink().log = std::move(log);
  }
  FILE* stream = fopencookie(nullptr, "w", {.write = write_lines});
  if (stream != nullptr) rte_openlog_stream(stream);
}

void hold_eal_log() {
  const std::lock_guard lock{sink().mutex};
  sink().holding = true;
}

void release_eal_log() {
  const std::lock_guard lock{sink().mutex};
  sink().holding = false;
  for (const auto& [level, line] : std::exchange(sink().held, {})) sink().hand_on(level, line);
}

std::string first_eal_error() {
  const std::lock_guard lock{sink().mutex};
  return sink().first_error;
}

void forget_eal_error() {
  const std::lock_guard lock{sink().mutex};
  sink().first_error.clear();
}

}  // namespace bgw::dataplane
