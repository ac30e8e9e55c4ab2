// A rate limit with a burst. Time is passed in and must not run backwards.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace bgw::control {

class TokenBucket {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  TokenBucket(std::uint32_t per_second, std::uint32_t burst)
      : per_second_(per_second), burst_ns_(std::int64_t{burst} * token_ns()) {}

  bool take(TimePoint now) {
    if (per_second_ == 0) return false;
    if (!last_)
      credit_ns_ = burst_ns_;
    else
      credit_ns_ = std::min(burst_ns_, credit_ns_ + elapsed_ns(*last_, now));
    last_ = now;
    if (credit_ns_ < token_ns()) return false;
    credit_ns_ -= token_ns();
    return true;
  }

 private:
  std::int64_t token_ns() const {
    return per_second_ == 0 ? 0 : std::int64_t{1'000'000'000} / per_second_;
  }
  static std::int64_t elapsed_ns(TimePoint from, TimePoint to) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(to - from).count();
  }

  std::uint32_t per_second_;
  std::int64_t burst_ns_;       // credit of a full bucket, in time
  std::int64_t credit_ns_ = 0;  // never above burst_ns_
  std::optional<TimePoint> last_;
};

}  // namespace bgw::control
