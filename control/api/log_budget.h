// How many lines of a log somebody else may cause.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

namespace bgw::control {

// Some at once, and then one each so often: whoever causes more fills no disk and hides no other
// line.
class LogBudget {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr unsigned at_once = 20;
  static constexpr std::chrono::seconds each{3};

  // False: what happens now is to be left out, and is counted.
  bool take(TimePoint now) {
    const auto earned = std::min<std::int64_t>((now - since_) / each, at_once - left_);
    left_ += static_cast<unsigned>(earned);
    since_ = left_ == at_once ? now : since_ + earned * each;
    if (left_ > 0) {
      --left_;
      return true;
    }
    ++left_out_;
    return false;
  }
  // How much was left out since this was asked for last.
  std::uint64_t take_left_out() { return std::exchange(left_out_, 0); }

 private:
  unsigned left_ = at_once;
  TimePoint since_{};  // when the last one of those left was earned
  std::uint64_t left_out_ = 0;
};

}  // namespace bgw::control
