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
void ConnectionBook::close_remote_followers() {
  for (Entry* entry : entries_) {
    if (entry->follows && entry->peer.is_remote()) entry->give_way();
  }
}

void ConnectionBook::close(Entry& entry) {
  entry.waits_since.reset();
  entry.give_way();
  remove(entry);
}

void ConnectionBook::make_room(const Limits& limits, TimePoint now) {
  if (Entry* longest = longest_waiting(limits, now, 0)) close(*longest);
}

std::size_t ConnectionBook::count(const std::function<bool(const Peer&)>& is) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(entries_, [&](const Entry* entry) { return is(entry->peer); }));
}

std::optional<std::string> ConnectionBook::why_not(const Peer& peer, const Limits& limits) const {
  const auto of_client = count([&](const Peer& other) { return is_same_client(peer, other); });
  if (of_client >=
      (peer.is_remote() ? limits.connections_per_address : limits.connections_per_process)) {
    return fmt::format("{} has {} connections open, as many as one may; close some",
                       client_of(peer), of_client);
  }
  const auto of_user = count([&](const Peer& other) { return user_of(peer) == user_of(other); });
  if (!peer.is_remote() && peer.user != ::geteuid() && of_user >= limits.connections_per_user) {
    return fmt::format("user {} has {} connections open, as many as one may; close some", peer.user,
                       of_user);
  }
  if (peer.is_remote()) {
    // How many others there are is not for everybody to know.
    const bool is_room = !is_full(limits) && count([](const Peer& other) {
                                               return other.is_remote();
                                             }) < limits.remote_connections;
    if (is_room) return std::nullopt;
    return "there is no room for another connection from the network; try again in a moment";
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
  std::size_t of_client = 0;
  for (const Entry* e : entries_) {
    if (is_same_client(e->peer, entry.peer)) of_client += e->body_bytes;
  }
  // One that is alone is always taken: its own bound is for it.
  const bool too_many = bytes_ > 0 && bytes_ + bytes > limits.bodies_bytes;
  const bool too_many_of_one = of_client > 0 && of_client + bytes > limits.bodies_bytes / 2;
  if (bytes > 0 && (too_many || too_many_of_one)) {
    if (entry.peer.is_remote()) {
      return "there is no room for the body beside those of other requests: try again in a moment";
    }
    return fmt::format(
        "bodies of requests under way take {} bytes, {} of them from your process; with {} more it "
        "would be beyond the {} that there may be, or the half of it for one process: try again "
        "when these are answered",
        bytes_, of_client, bytes, limits.bodies_bytes);
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
