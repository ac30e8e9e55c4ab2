// Neighbours: what happens when an entry's time has come.
#include <algorithm>
#include <utility>

#include "control/slow_path/neighbours.h"

namespace bgw::control {

using dataplane::DropReason;
using dataplane::MappedAddress;

std::size_t Neighbours::run_timers(TimePoint now, std::size_t max) {
  const auto ns =
      static_cast<std::uint64_t>(std::chrono::nanoseconds{now.time_since_epoch()}.count());
  return run_due(timers_, now, max, [] { return true; }) +
         run_due(probes_, now, max, [&] { return probe_bucket_.try_take(probe_rate_, ns); });
}

// Each run removes its entry or moves its timer beyond `now`.
template <typename MayRun>
std::size_t Neighbours::run_due(std::set<Timer>& timers, TimePoint now, std::size_t max,
                                const MayRun& may_run) {
  std::size_t ran = 0;
  while (ran < max && !timers.empty() && std::get<TimePoint>(*timers.begin()) <= now && may_run()) {
    const auto [due, index, address] = *timers.begin();
    auto& vpc = vpcs_.at(index);
    run_timer({index, vpc, address, vpc.entries.at(address)}, now);
    ++ran;
  }
  return ran;
}

void Neighbours::run_timer(const Ref& ref, TimePoint now) {
  switch (ref.entry.state) {
    case NeighbourState::incomplete:
      return run_incomplete(ref, now);
    case NeighbourState::reachable:
    case NeighbourState::stale:
      ref.entry.requests = 0;
      set_state(ref, NeighbourState::probe);
      return run_probe(ref, now);
    case NeighbourState::probe:
      return run_probe(ref, now);
    case NeighbourState::failed:
      // A packet may have had it asked for again; that request must not be followed too soon.
      if (!may_ask(ref.entry, now)) return set_due(ref, *ref.entry.last_request + request_interval);
      if (ref.entry.pinned) {
        ask(ref, now);
        return set_due(ref, now + pinned_retry);
      }
      return remove(ref, DropReason::neighbour_unreachable);
  }
}

void Neighbours::run_incomplete(const Ref& ref, TimePoint now) {
  expire_held(ref.entry, now);
  if (may_ask(ref.entry, now)) {
    if (ref.entry.requests >= max_requests) return fail(ref, now);
    ask(ref, now);
  }
  schedule_incomplete(ref);
}

// The next request, or the packet that has waited longest, whichever comes first.
void Neighbours::schedule_incomplete(const Ref& ref) {
  const Entry& entry = ref.entry;
  TimePoint due = entry.last_request.value_or(entry.created) + request_interval;
  if (!entry.held.empty()) due = std::min(due, entry.held.front().since + limits_.hold_time);
  if (due != entry.due) set_due(ref, due);
}

void Neighbours::expire_held(Entry& entry, TimePoint now) {
  const auto keep = std::ranges::find_if(
      entry.held, [&](const HeldPacket& h) { return now - h.since < limits_.hold_time; });
  for (auto h = entry.held.begin(); h != keep; ++h) actions_.unreachable(std::move(h->packet));
  entry.held.erase(entry.held.begin(), keep);
}

void Neighbours::fail(const Ref& ref, TimePoint now) {
  set_state(ref, NeighbourState::failed);
  set_due(ref, now + (ref.entry.pinned ? pinned_retry - request_interval : failed_time));
  for (auto& h : std::exchange(ref.entry.held, {})) actions_.unreachable(std::move(h.packet));
}

// Forwarding goes on by the known link until the probes are used up.
void Neighbours::run_probe(const Ref& ref, TimePoint now) {
  if (may_ask(ref.entry, now)) {
    if (ref.entry.requests >= max_requests) {
      if (ref.entry.pinned) return fail(ref, now);
      return remove(ref, DropReason::neighbour_unreachable);
    }
    ask(ref, now);
  }
  set_due(ref, *ref.entry.last_request + request_interval);
}

}  // namespace bgw::control
