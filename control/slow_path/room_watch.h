// When to tell that room runs out: once it is filled to 80 %, and when somebody was refused, not
// more often than once a minute each.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace bgw::control {

class RoomWatch {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds again_after{60};

  enum class News : std::uint8_t { none, filling, refused };

  // `used` of `most` places are taken, and `refused` times there was none, ever.
  News look(std::size_t used, std::size_t most, std::uint64_t refused, TimePoint now) {
    const std::uint64_t newly_refused = refused - refused_;
    if (newly_refused > 0 && may_tell(now)) {
      refused_ = refused;
      newly_refused_ = newly_refused;
      filling_ = true;
      told_ = now;
      return News::refused;
    }
    if (used * 10 < most * 7) filling_ = false;
    if (most == 0 || used * 10 < most * 8 || filling_ || !may_tell(now)) return News::none;
    filling_ = true;
    told_ = now;
    return News::filling;
  }
  // What News::refused is about: how often since it was told last.
  std::uint64_t newly_refused() const { return newly_refused_; }

 private:
  bool may_tell(TimePoint now) const { return !told_ || now - *told_ >= again_after; }

  std::uint64_t refused_ = 0;
  std::uint64_t newly_refused_ = 0;
  bool filling_ = false;
  std::optional<TimePoint> told_;
};

}  // namespace bgw::control
