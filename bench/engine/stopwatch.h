#pragma once

#include <chrono>

namespace bgw::bench {

class Stopwatch {
 public:
  // Milliseconds since it was made.
  double ms() const {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun_)
        .count();
  }

 private:
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}  // namespace bgw::bench
