// Where the log goes: standard error, without ever waiting for who reads it.
#pragma once

#include <cstdint>
#include <mutex>
#include <string_view>

#include <spdlog/sinks/base_sink.h>

namespace bgw::control {

// A message is a line: its control characters are written as \xNN. Writes lines to a descriptor as
// far as it takes them at once. What a reader who is stopped or gone doesn't take is lost; when
// lines are taken again, the first says how many were. Any thread.
class LogSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit LogSink(int descriptor);  // in colour if it is a terminal

 private:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}
  bool write(std::string_view text) const;

  int descriptor_;
  bool coloured_;
  std::uint64_t lost_ = 0;
};

}  // namespace bgw::control
