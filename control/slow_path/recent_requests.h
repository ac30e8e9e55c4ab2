// When addresses were last asked for that are no longer known: P37's one request per second holds
// even for an address whose entry made room for another and came back. Bounded.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "dataplane/published/types.h"

namespace bgw::control {

class RecentRequests {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  RecentRequests(std::size_t capacity, std::chrono::seconds memory)
      : capacity_(capacity), memory_(memory) {}

  // True if another address can be remembered.
  bool has_room(TimePoint now) {
    prune(now);
    return order_.size() < capacity_;
  }
  void remember(const dataplane::MappedAddress& address, TimePoint asked, TimePoint now) {
    if (asked + memory_ <= now || !has_room(now)) return;
    last_[address] = asked;
    order_.emplace_back(asked, address);
  }
  // When the address was last asked for; nothing if that is long enough ago.
  std::optional<TimePoint> last(const dataplane::MappedAddress& address, TimePoint now) {
    prune(now);
    const auto found = last_.find(address);
    if (found == last_.end()) return std::nullopt;
    return found->second;
  }

 private:
  // Requests are remembered nearly in the order of their time, so that what is at the front and
  // still fresh delays the pruning of what follows by less than `memory_`.
  void prune(TimePoint now) {
    while (!order_.empty() && order_.front().first + memory_ <= now) {
      const auto [asked, address] = order_.front();
      order_.pop_front();
      const auto found = last_.find(address);
      if (found != last_.end() && found->second == asked) last_.erase(found);
    }
  }

  std::size_t capacity_;
  std::chrono::seconds memory_;
  std::deque<std::pair<TimePoint, dataplane::MappedAddress>> order_;
  std::map<dataplane::MappedAddress, TimePoint> last_;
};

}  // namespace bgw::control
