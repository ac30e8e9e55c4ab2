#include "control/routes/overlap.h"

#include <map>
#include <vector>

#include <fmt/format.h>

#include "control/routes/prefix_search.h"

namespace bgw::control {
namespace {

// The accepted routes of one gateway. Conflicting ones never get in, so a prefix has one owner.
class AcceptedRoutes {
 public:
  explicit AcceptedRoutes(config::OverlapMode mode) : mode_(mode) {}

  void accept(const Arrival& arrival) { by_prefix_.emplace(arrival.prefix, &arrival); }

  // The accepted route of another attachment that keeps this one out, or nullptr: the longest that
  // contains it, else the first inside it.
  const Arrival* conflict(const Arrival& arrival) const {
    if (mode_ == config::OverlapMode::longest_match) {
      const auto same = by_prefix_.find(arrival.prefix);
      return same == by_prefix_.end() ? nullptr : other(*same->second, arrival);
    }
    // What contains a prefix is nested, hence all of one attachment, as is all that lies inside it.
    if (const Arrival* around = containing(arrival.prefix)) return other(*around, arrival);
    for (auto it = by_prefix_.lower_bound(arrival.prefix);
         it != by_prefix_.end() && arrival.prefix.contains(it->first); ++it) {
      if (const Arrival* inside = other(*it->second, arrival)) return inside;
    }
    return nullptr;
  }

 private:
  static const Arrival* other(const Arrival& accepted, const Arrival& arrival) {
    return accepted.attachment == arrival.attachment ? nullptr : &accepted;
  }

  const Arrival* containing(const config::IpPrefix& prefix) const {
    const auto* found = longest_containing(prefix, prefix.length, [&](const config::IpPrefix& p) {
      const auto after = by_prefix_.upper_bound(p);
      return after == by_prefix_.begin() ? nullptr : &std::prev(after)->first;
    });
    return found == nullptr ? nullptr : by_prefix_.at(*found);
  }

  config::OverlapMode mode_;
  std::map<config::IpPrefix, const Arrival*> by_prefix_;
};

}  // namespace

void settle_overlaps(config::OverlapMode mode, std::span<Arrival> arrivals,
                     std::span<Decision> decisions) {
  std::vector<std::size_t> order;
  for (const bool incumbent : {true, false}) {
    for (std::size_t i = 0; i < arrivals.size(); ++i) {
      if (decisions[i].open() && arrivals[i].accepted == incumbent) order.push_back(i);
    }
  }

  for (Arrival& arrival : arrivals) arrival.accepted = false;
  AcceptedRoutes accepted(mode);
  for (const std::size_t i : order) {
    if (accepted.conflict(arrivals[i]) != nullptr) continue;
    arrivals[i].accepted = true;
    accepted.accept(arrivals[i]);
  }
  // Only now: what a reason names must not depend on when each was tried, or a restart would list
  // another reason.
  for (const std::size_t i : order) {
    if (arrivals[i].accepted) continue;
    const Arrival& conflict = *accepted.conflict(arrivals[i]);
    decisions[i] = {Status::invalid, fmt::format("overlap with {} via {}",
                                                 conflict.prefix.to_string(), conflict.attachment)};
  }
}

}  // namespace bgw::control
