// Remembers which generation was acknowledged last, apart from where it is kept: a log whose end is
// cut off or damaged looks like one that was never longer.
#pragma once

#include <cstdint>
#include <string>

namespace bgw::control {

// A file of one short line, written in place after a generation is durable and never waited for. So
// it may lag behind after a loss of power, and never runs ahead.
class Witness {
 public:
  // `file` may be empty: then nothing is remembered.
  explicit Witness(std::string file) : file_(std::move(file)) {}

  // 0 if there is no file, or nothing in it that can be trusted.
  std::uint64_t remembered() const;
  // Whether it can be written makes no difference.
  void remember(std::uint64_t generation) const;
  const std::string& file() const { return file_; }

 private:
  std::string file_;
};

}  // namespace bgw::control
