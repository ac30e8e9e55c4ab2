#include "control/api/connection_book.h"

#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

namespace bgw::control {

void ConnectionBook::remove(Entry& entry) {
  give_bytes_back(entry);
  entries_.erase(&entry);
}

// Null when none has waited long enough.
ConnectionBook::Entry* ConnectionBook::longest_waiting(const Limits& limits, TimePoint now,
                                                       std::size_t least_bytes) const {
  Entry* longest = nullptr;
  for (Entry* entry : entries_) {
    if (!entry->waits_since || now - *entry->waits_since < limits.idle_before_giving_way) continue;
    if (entry->body_bytes < least_bytes) continue;
    if (longest == nullptr || *entry->waits_since < *longest->waits_since) longest = entry;
  }
  return longest;
}

// Its place is free from now on, though its socket closes a moment later.
void ConnectionBook::close(Entry& entry) {
  entry.waits_since.reset();
  entry.give_way();
  remove(entry);
}

void ConnectionBook::make_room(const Limits& limits, TimePoint now) {
  if (Entry* longest = longest_waiting(limits, now, 0)) close(*longest);
}

std::optional<std::string> ConnectionBook::why_not(const Peer& peer, const Limits& limits) const {
  const auto of_process = static_cast<std::size_t>(std::ranges::count_if(
      entries_, [&](const Entry* e) { return e->peer.process == peer.process; }));
  if (of_process >= limits.connections_per_process) {
    return fmt::format("process {} has {} connections open, as many as one may; close some",
                       peer.process, of_process);
  }
  const auto of_user = static_cast<std::size_t>(
      std::ranges::count_if(entries_, [&](const Entry* e) { return e->peer.user == peer.user; }));
  if (peer.user != ::geteuid() && of_user >= limits.connections_per_user) {
    return fmt::format("user {} has {} connections open, as many as one may; close some", peer.user,
                       of_user);
  }
  if (!is_full(limits)) return std::nullopt;
  return fmt::format(
      "{} connections are open, all that there may be, and none of them is idle; try "
      "again in a moment",
      entries_.size());
}

std::optional<std::string> ConnectionBook::take_bytes(Entry& entry, std::size_t bytes,
                                                      const Limits& limits, TimePoint now) {
  while (bytes > 0 && bytes_ + bytes > limits.bodies_bytes) {
    Entry* stalled = longest_waiting(limits, now, 1);
    if (stalled == nullptr) break;
    close(*stalled);
  }
  std::size_t of_process = 0;
  for (const Entry* e : entries_) {
    if (e->peer.process == entry.peer.process) of_process += e->body_bytes;
  }
  // One that is alone is always taken: its own bound is for it.
  const bool too_many = bytes_ > 0 && bytes_ + bytes > limits.bodies_bytes;
  const bool too_many_of_one = of_process > 0 && of_process + bytes > limits.bodies_bytes / 2;
  if (bytes > 0 && (too_many || too_many_of_one)) {
    return fmt::format(
        "bodies of requests under way take {} bytes, {} of them from your process; with {} more it "
        "would be beyond the {} that there may be, or the half of it for one process: try again "
        "when these are answered",
        bytes_, of_process, bytes, limits.bodies_bytes);
  }
  entry.body_bytes = bytes;
  bytes_ += bytes;
  return std::nullopt;
}

void ConnectionBook::give_bytes_back(Entry& entry) {
  bytes_ -= entry.body_bytes;
  entry.body_bytes = 0;
}

}  // namespace bgw::control
