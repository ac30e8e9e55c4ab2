// What has happened, for whoever follows it: server-sent events (WHATWG HTML §9.2).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include <tl/expected.hpp>

#include "control/api/answer_stream.h"
#include "control/api/event_id.h"
#include "control/api/server.h"
#include "control/commit/background.h"
#include "control/store/model_store.h"

namespace bgw::control {

struct FeedEvent {
  std::string type;              // "commit"
  std::string data;              // JSON, a line
  std::uint64_t generation = 0;  // in force afterwards
  // What of it a tenant may see, by account; who is not here isn't told of it.
  std::map<std::string, std::string> of_account{};
};

// Keeps the latest events and hands them to all who follow, each as fast as it reads; who is so
// slow that they are kept no more is cut off. All have ids that lead on from there, also after a
// restart: generations that the store keeps come again. A tenant's have none, as they would count
// what others do. Control thread only.
class EventFeed {
 public:
  static constexpr std::size_t kept = 1024;
  static constexpr std::size_t most_waiting = 256;  // to be made
  static constexpr std::size_t most_replayed = 1000;
  static constexpr std::size_t most_followers = 512, followers_of_client = 16;
  static constexpr std::size_t served_at_once = 16;  // in a turn of the control loop
  static constexpr std::chrono::seconds heartbeat{15};

  using Accounts = std::set<std::string>;
  using Clock = std::chrono::steady_clock;

  // `generation` is in force. `views` and `models` must outlive it and what it has begun.
  EventFeed(Background& views, const ModelStore& models, std::uint64_t generation);
  ~EventFeed();
  EventFeed(const EventFeed&) = delete;
  EventFeed& operator=(const EventFeed&) = delete;

  // Takes no time: `make` is called beside the control loop, with the accounts that tenants follow,
  // in the order of calls. When too many wait, it isn't, and the next event says that some are
  // lost.
  void post(std::function<FeedEvent(const Accounts&)> make);

  // From the event of Last-Event-ID, or `?after=`, on; without one what comes from now on. The
  // error is the answer.
  tl::expected<std::shared_ptr<AnswerStream>, ApiResponse> follow(const ApiRequest& request);

  // Hands out events and heartbeats to some; false when there is nothing to do.
  bool poll(Clock::time_point now);
  // Tells all that it is the end.
  void stop();

 private:
  class Follower;
  struct Kept {
    FeedEvent event;
    std::string text;  // as it is sent
  };
  EventId last_id() const;
  void append(FeedEvent event);
  void wake_all();
  void wait(Follower& follower, Clock::time_point until);
  void leave(Follower& follower);
  void count_accounts();

  Background& views_;
  const ModelStore& models_;
  const std::uint64_t boot_;    // when it began, milliseconds of Unix time
  std::uint64_t first_ = 1;     // number of the first event that is kept
  std::uint64_t before_first_;  // the generation that was in force then
  std::uint64_t generation_;    // in force after the last one
  std::deque<Kept> events_;
  std::size_t waiting_to_be_made_ = 0, lost_ = 0;
  bool is_stopped_ = false;
  std::set<Follower*> followers_;
  std::set<std::pair<Clock::time_point, Follower*>> waiting_;  // for events, or for a heartbeat
  std::deque<Follower*> ready_;                                // there is something for them
  std::shared_ptr<const Accounts> accounts_ = std::make_shared<const Accounts>();
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace bgw::control
