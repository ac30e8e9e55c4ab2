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

// Messages quote what clients sent: no line of it may look like one of ours, nor a terminal obey.
std::string on_one_line(std::string_view message) {
  std::string text;
  text.reserve(message.size());
  for (const char c : message) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      text += fmt::format("\\x{:02x}", byte);
    } else {
      text += c;
    }
  }
  return text;
}

bool takes_more(int descriptor) {
  pollfd ready{descriptor, POLLOUT, 0};
  return ::poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) != 0 &&
         (ready.revents & (POLLERR | POLLHUP | POLLNVAL)) == 0;
}

}  // namespace

LogSink::LogSink(int descriptor) : descriptor_(descriptor), coloured_(::isatty(descriptor) == 1) {}

void LogSink::sink_it_(const spdlog::details::log_msg& message) {
  const auto text = on_one_line({message.payload.data(), message.payload.size()});
  auto shown = message;
  shown.payload = text;
  spdlog::memory_buf_t formatted;
  formatter_->format(shown, formatted);
  std::string line(formatted.data(), formatted.size());
  if (coloured_ && shown.color_range_end > shown.color_range_start) {
    line.insert(shown.color_range_end, no_colour);
    line.insert(shown.color_range_start, colour_of(shown.level));
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
