// When to tell that room runs out: once it is filled to 80 %, and when somebody was refused, not
// more often than once a minute each.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include "dataplane/published/types.h"

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
    if (!is_filled(used, most) || filling_ || !may_tell(now)) return News::none;
    filling_ = true;
    told_ = now;
    return News::filling;
  }
  // Nothing is to be told as long as nothing changes: below 70 %, and nobody refused since.
  bool is_settled(std::size_t used, std::size_t most, std::uint64_t refused) const {
    return refused == refused_ && !filling_ && !is_filled(used, most);
  }
  static bool is_filled(std::size_t used, std::size_t most) {
    return most > 0 && used * 10 >= most * 8;
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

// The VPCs that there may be something to tell of: those that come to 80 %, or were refused.
class WatchedVpcs {
 public:
  void add(dataplane::VpcIndex vpc) { vpcs_.insert(vpc); }
  void add(const std::set<dataplane::VpcIndex>& vpcs) { vpcs_.insert(vpcs.begin(), vpcs.end()); }
  // Calls look(vpc) of each; those it returns true of are settled, and no longer looked at.
  template <typename Look>
  void look(const Look& look) {
    for (auto next = vpcs_.begin(); next != vpcs_.end();) {
      next = look(*next) ? vpcs_.erase(next) : std::next(next);
    }
  }

 private:
  std::set<dataplane::VpcIndex> vpcs_;
};

}  // namespace bgw::control
