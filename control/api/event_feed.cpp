#include "control/api/event_feed.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "control/api/history.h"
#include "control/api/json.h"
#include "control/api/problem.h"
#include "control/store/time_text.h"

namespace bgw::control {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t piece_bytes = 64 << 10;
constexpr auto heartbeat_text = ":\n\n";    // a comment, which clients pass over
constexpr auto greeting = "retry: 2000\n";  // milliseconds until a client comes again
constexpr auto again_after = "10";          // seconds

auto milliseconds_now() {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::string line_of(const Json& json) {
  auto text = json_text(json);
  text.pop_back();
  return text;
}

// What a client has missed, as far as it comes again: generations after `from`, to `to`.
struct Missed {
  std::string why;
  std::uint64_t from = 0, to = 0;
};

std::string reset_text(const std::string& why, std::size_t replayed, std::uint64_t lost) {
  return event_text("", "reset",
                    line_of({{"time", text_of(milliseconds_now())},
                             {"why", why},
                             {"replayed_generations", replayed},
                             {"lost_generations", lost}}));
}

// Reads the disk. Throws when that fails.
std::string replay_text(const ModelStore& models, const Missed& missed) {
  if (missed.to <= missed.from) return reset_text(missed.why, 0, 0);
  const auto asked = std::min<std::uint64_t>(missed.to - missed.from, EventFeed::most_replayed);
  auto infos = models.list(asked, missed.to + 1);
  if (!infos) throw std::runtime_error(infos.error().message);
  std::erase_if(*infos, [&](const auto& info) { return info.number <= missed.from; });
  auto text = reset_text(missed.why, infos->size(), missed.to - missed.from - infos->size());
  std::ranges::reverse(*infos);
  for (const auto& info : *infos) {
    auto json = to_json(info);
    json["replayed"] = true;
    text += event_text(to_string(EventId{info.number, 0, 0}), "commit", line_of(json));
  }
  return text;
}

}  // namespace

// One client's way along the events.
class EventFeed::Follower final : public AnswerStream {
 public:
  // `from`, if not empty, is the id of the event before `next`.
  Follower(EventFeed& feed, const ApiRequest& request, std::uint64_t next, std::string from,
           std::optional<Missed> missed)
      : client(request.client),
        account(request.role.account),
        is_tenant(request.role.is_tenant()),
        feed_(&feed),
        next_(next),
        from_(std::move(from)),
        missed_(std::move(missed)) {}
  ~Follower() override {
    if (feed_ != nullptr) feed_->leave(*this);
  }
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  bool is_endless() const override { return true; }
  void next(Take take) override {
    if (feed_ == nullptr) return take(tl::unexpected(std::string("bgwd is stopping")));
    if (!std::exchange(is_greeted_, true)) return greet(std::move(take));
    take_ = std::move(take);
    if (!serve()) feed_->wait(*this, Clock::now() + heartbeat);
  }
  void give_up() override {
    take_ = nullptr;
    if (feed_ != nullptr) feed_->leave(*this);
    feed_ = nullptr;
  }
  // There are no events any more: nor is there a feed.
  Take detach() {
    feed_ = nullptr;
    return std::exchange(take_, nullptr);
  }

  // What has come since; false: nothing has, and it goes on waiting.
  bool serve() {
    if (!take_) return true;
    if (next_ < feed_->first_) {
      std::exchange(take_, nullptr)(tl::unexpected(
          std::string("its client is too slow: events that it has not taken are kept no more")));
      return true;
    }
    AnswerPiece piece;
    for (; next_ < feed_->first_ + feed_->events_.size() && piece.text.size() < piece_bytes;
         ++next_) {
      piece.text += text_of_event(feed_->events_[next_ - feed_->first_]);
    }
    piece.is_last = feed_->is_stopped_ && next_ == feed_->first_ + feed_->events_.size();
    if (piece.text.empty() && !piece.is_last) return false;
    std::exchange(take_, nullptr)(std::move(piece));
    return true;
  }
  void beat() {
    if (take_) std::exchange(take_, nullptr)(AnswerPiece{heartbeat_text});
  }

  const std::string client, account;
  const bool is_tenant;
  bool is_ready = false;  // queued to be served
  Clock::time_point until{};

 private:
  std::string text_of_event(const Kept& one) const {
    if (!is_tenant) return one.text;
    const auto own = one.event.of_account.find(account);
    return own == one.event.of_account.end() ? "" : event_text("", one.event.type, own->second);
  }

  void greet(Take take) {
    // Who goes before the first event comes has missed nothing either.
    if (!missed_) {
      return take(AnswerPiece{from_.empty() ? fmt::format("{}\n", greeting)
                                            : fmt::format("{}id: {}\n\n", greeting, from_)});
    }
    auto text = std::make_shared<std::string>(fmt::format("{}\n", greeting));
    feed_->views_.run([text, &models = feed_->models_,
                       missed = *missed_] { *text += replay_text(models, missed); },
                      [text, take = std::move(take)](std::exception_ptr failed) {
                        if (failed)
                          return take(tl::unexpected(std::string("what it missed can't be read")));
                        take(AnswerPiece{std::move(*text)});
                      });
  }

  EventFeed* feed_;     // null: there is none any more
  std::uint64_t next_;  // number of the event to be sent next
  const std::string from_;
  const std::optional<Missed> missed_;
  bool is_greeted_ = false;
  Take take_;  // of who waits
};

EventFeed::EventFeed(Background& views, const ModelStore& models, std::uint64_t generation)
    : views_(views),
      models_(models),
      boot_(static_cast<std::uint64_t>(milliseconds_now().time_since_epoch().count())),
      before_first_(generation),
      generation_(generation) {}

EventFeed::~EventFeed() {
  // What they let go of may be the last of a session, and so of a follower.
  std::vector<AnswerStream::Take> takes;
  for (Follower* follower : followers_) takes.push_back(follower->detach());
}

void EventFeed::post(std::function<FeedEvent(const Accounts&)> make) {
  if (is_stopped_) return;
  if (waiting_to_be_made_ == most_waiting) {
    ++lost_;
    return;
  }
  ++waiting_to_be_made_;
  auto made = std::make_shared<FeedEvent>();
  views_.run([made, make = std::move(make), accounts = accounts_] { *made = make(*accounts); },
             [this, alive = std::weak_ptr(alive_), made](std::exception_ptr failed) {
               if (alive.expired()) return;
               --waiting_to_be_made_;
               if (failed) ++lost_;
               if (!failed) append(std::move(*made));
             });
}

void EventFeed::append(FeedEvent event) {
  if (is_stopped_) return;
  if (const auto lost = std::exchange(lost_, 0); lost > 0) {
    append(
        {"lost", line_of({{"time", text_of(milliseconds_now())}, {"events", lost}}), generation_});
  }
  if (events_.size() == kept) {
    before_first_ = events_.front().event.generation;
    events_.pop_front();
    ++first_;
  }
  generation_ = std::max(generation_, event.generation);
  event.generation = generation_;
  const EventId id{generation_, boot_, first_ + events_.size()};
  auto text = event_text(to_string(id), event.type, event.data);
  events_.push_back({std::move(event), std::move(text)});
  wake_all();
}

void EventFeed::wake_all() {
  for (const auto& [until, follower] : waiting_) {
    if (!std::exchange(follower->is_ready, true)) ready_.push_back(follower);
  }
}

tl::expected<std::shared_ptr<AnswerStream>, ApiResponse> EventFeed::follow(
    const ApiRequest& request) {
  const auto wrong = [](unsigned status, std::string why) {
    auto answer = api_error(status, why);
    if (status == 503) answer.retry_after = again_after;
    return tl::unexpected(std::move(answer));
  };
  if (is_stopped_) return wrong(503, "bgwd is stopping");
  if (followers_.size() >= most_followers) {
    return wrong(503, fmt::format("{} clients follow events already", most_followers));
  }
  if (std::ranges::count(followers_, request.client, &Follower::client) >=
      static_cast<std::ptrdiff_t>(followers_of_client)) {
    return wrong(503, fmt::format("{} follows events {} times already", request.client,
                                  followers_of_client));
  }
  const auto after = request.query.find("after");
  const auto& given = request.last_event_id;
  const bool leads_on = given || after != request.query.end();
  std::uint64_t next = first_ + events_.size();
  std::string from;
  std::optional<Missed> missed;
  if (leads_on && request.role.is_tenant()) {
    missed.emplace(Missed{"events of an account are not kept: look at its objects anew"});
  } else if (leads_on) {
    const auto id = parse_event_id(given ? *given : after->second);
    const bool is_known = id && id->boot == boot_ && id->number < next;
    if (is_known && id->number + 1 >= first_) {
      next = id->number + 1;
      from = to_string(*id);
    } else {
      next = first_;
      missed.emplace(Missed{is_known ? "older events are kept no more"
                            : id     ? "it is of before this bgwd started"
                                     : "there is no such event",
                            id ? id->generation : before_first_, before_first_});
    }
  } else if (!request.role.is_tenant()) {
    from = to_string(EventId{generation_, boot_, next - 1});
  }
  auto follower =
      std::make_shared<Follower>(*this, request, next, std::move(from), std::move(missed));
  followers_.insert(follower.get());
  count_accounts();
  return follower;
}

void EventFeed::count_accounts() {
  Accounts accounts;
  for (const Follower* follower : followers_) {
    if (follower->is_tenant) accounts.insert(follower->account);
  }
  if (accounts != *accounts_) accounts_ = std::make_shared<const Accounts>(std::move(accounts));
}

void EventFeed::wait(Follower& follower, Clock::time_point until) {
  follower.until = until;
  waiting_.emplace(until, &follower);
}

void EventFeed::leave(Follower& follower) {
  followers_.erase(&follower);
  waiting_.erase({follower.until, &follower});
  std::erase(ready_, &follower);
  count_accounts();
}

bool EventFeed::poll(Clock::time_point now) {
  const auto stop_waiting = [&](Follower& follower) {
    waiting_.erase({follower.until, &follower});
  };
  std::size_t served = 0;
  for (; served < served_at_once && !ready_.empty(); ++served) {
    Follower& follower = *ready_.front();
    ready_.pop_front();
    follower.is_ready = false;
    stop_waiting(follower);
    if (!follower.serve()) waiting_.emplace(follower.until, &follower);
  }
  for (; served < served_at_once && !waiting_.empty() && waiting_.begin()->first <= now; ++served) {
    Follower& follower = *waiting_.begin()->second;
    stop_waiting(follower);
    follower.beat();
  }
  return served > 0;
}

void EventFeed::stop() {
  append({"stop", line_of({{"time", text_of(milliseconds_now())}}), generation_});
  is_stopped_ = true;
  // Each one asks for no more, so that all have a turn.
  const std::vector<Follower*> all(followers_.begin(), followers_.end());
  ready_.clear();
  waiting_.clear();
  for (Follower* follower : all) {
    if (followers_.contains(follower)) follower->serve();
  }
}

}  // namespace bgw::control
