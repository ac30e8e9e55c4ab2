#include "control/daemon/log_sink.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>

#include <fmt/format.h>

namespace bgw::control {
namespace {

// SGR codes (ECMA-48) around the level's name.
std::string_view colour_of(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::info:
      return "\x1b[32m";
    case spdlog::level::warn:
      return "\x1b[33m\x1b[1m";
    case spdlog::level::err:
    case spdlog::level::critical:
      return "\x1b[31m\x1b[1m";
    default:
      return "\x1b[36m";
  }
}
constexpr std::string_view no_colour = "\x1b[m";

// A pipe that takes anything takes this much (POSIX.1-2017, write(), PIPE_BUF).
constexpr std::size_t at_once = PIPE_BUF;

bool takes_more(int descriptor) {
  pollfd ready{descriptor, POLLOUT, 0};
  return ::poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) != 0 &&
         (ready.revents & (POLLERR | POLLHUP | POLLNVAL)) == 0;
}

}  // namespace

LogSink::LogSink(int descriptor) : descriptor_(descriptor), coloured_(::isatty(descriptor) == 1) {}

void LogSink::sink_it_(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t formatted;
  formatter_->format(message, formatted);
  std::string line(formatted.data(), formatted.size());
  if (coloured_ && message.color_range_end > message.color_range_start) {
    line.insert(message.color_range_end, no_colour);
    line.insert(message.color_range_start, colour_of(message.level));
  }
  if (lost_ > 0) {
    line.insert(0, fmt::format("({} lines of the log are lost: nobody read them)\n", lost_));
  }
  lost_ = write(line) ? 0 : lost_ + 1;
}

bool LogSink::write(std::string_view text) const {
  while (!text.empty()) {
    if (!takes_more(descriptor_)) return false;
    const auto written = ::write(descriptor_, text.data(), std::min(text.size(), at_once));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace bgw::control
