// Who has which connections to the API, and how many bytes of bodies: so that nobody keeps others
// out.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "control/api/peer.h"
#include "control/api/server.h"

namespace bgw::control {

// Control thread only.
class ConnectionBook {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Limits = ApiServer::Limits;

  // A connection.
  class Entry {
   public:
    explicit Entry(Peer of) : peer(std::move(of)) {}
    virtual ~Entry() = default;
    virtual void give_way() = 0;  // it is closed soon

    const Peer peer;
    std::optional<TimePoint> waits_since;  // for its peer's next request
    std::size_t body_bytes = 0;            // of the one under way
    bool follows = false;                  // an endless answer, as who it was when that began
  };

  void add(Entry& entry) { entries_.insert(&entry); }
  void remove(Entry& entry);

  bool is_full(const Limits& limits) const { return entries_.size() >= limits.connections; }
  // The connection that has waited longest for its peer is closed, if it has waited long enough.
  void make_room(const Limits& limits, TimePoint now);
  // Endless answers to tokens: whoever comes again is looked at anew.
  void close_remote_followers();
  // Why that peer gets no other connection now; nothing when it does.
  std::optional<std::string> why_not(const Peer& peer, const Limits& limits) const;

  // The entry's request has a body of that many bytes. Why it can't be taken now; nothing when it
  // is. Bodies that have stopped coming give way.
  std::optional<std::string> take_bytes(Entry& entry, std::size_t bytes, const Limits& limits,
                                        TimePoint now);
  void give_bytes_back(Entry& entry);

  std::size_t writing = 0;  // connections whose answer is not all written yet

 private:
  std::size_t count(const std::function<bool(const Peer&)>& is) const;
  Entry* longest_waiting(const Limits& limits, TimePoint now, std::size_t least_bytes) const;
  void close(Entry& entry);

  std::set<Entry*> entries_;
  std::size_t bytes_ = 0;
};

}  // namespace bgw::control
