#include "control/bgp/session.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "control/bgp/negotiation.h"
#include "control/bgp/route_refresh.h"

namespace bgw::control::bgp {
namespace {

using std::chrono::seconds;

constexpr seconds open_hold_time{240};        // RFC 4271 §8.2.2
constexpr seconds least_send_hold_time{480};  // RFC 9687

}  // namespace

Session::Session(const SessionOptions& options, TimePoint now)
    : options_(options), hold_until_(now + open_hold_time), taken_at_(now) {
  encode_open(our_open(options_), queue_.back());
}

// ---- what comes

void Session::receive(Bytes bytes, TimePoint now) {
  const bool continues = !partial_.empty();
  if (continues) partial_.insert(partial_.end(), bytes.begin(), bytes.end());
  Bytes stream = continues ? Bytes(partial_) : bytes;
  while (state_ != State::closed) {
    const auto frame = first_frame(stream, agreed_.extended_messages);
    if (!frame) return fail(frame.error());
    if (!*frame) break;
    handle(**frame, now);
    stream = stream.subspan((*frame)->bytes);
  }
  if (state_ == State::closed) return partial_.clear();
  if (continues) {
    partial_.erase(partial_.begin(), partial_.end() - static_cast<std::ptrdiff_t>(stream.size()));
  } else {
    partial_.assign(stream.begin(), stream.end());
  }
}

void Session::handle(const Frame& frame, TimePoint now) {
  switch (frame.type) {
    case MessageType::notification:
      return handle_notification(frame.body);
    case MessageType::open:
      return state_ == State::open_sent ? handle_open(frame.body, now) : unexpected("OPEN");
    case MessageType::keepalive:
      if (state_ == State::open_sent) return unexpected("KEEPALIVE");
      reset_hold_timer(now);
      if (state_ == State::open_confirm) establish();
      return;
    case MessageType::update:
      if (state_ != State::established) return unexpected("UPDATE");
      reset_hold_timer(now);
      return handle_update(frame.body);
    case MessageType::route_refresh:
      return state_ == State::established ? handle_refresh(frame.body)
                                          : unexpected("ROUTE-REFRESH");
  }
}

void Session::handle_open(Bytes body, TimePoint now) {
  auto theirs = decode_open(body);
  if (!theirs) return fail(std::move(theirs.error()));
  auto agreed = negotiate(our_open(options_), *theirs);
  if (!agreed) return fail(std::move(agreed.error()));
  agreed_ = std::move(*agreed);
  state_ = State::open_confirm;
  encode_keepalive(queue_.back());
  reset_hold_timer(now);
  if (agreed_.hold_time_s != 0) keepalive_at_ = now + seconds{agreed_.hold_time_s} / 3;
}

void Session::establish() {
  state_ = State::established;
  events_.emplace_back(std::in_place_type<Established>, Established{agreed_});
}

void Session::handle_update(Bytes body) {
  auto update = decode_update(body, agreed_.receive);
  if (!update) return fail(std::move(update.error()));
  const auto end = update->end_of_rib;
  if (!end || !update->complaints.empty())
    events_.emplace_back(std::in_place_type<Update>, std::move(*update));
  if (end) events_.emplace_back(std::in_place_type<EndOfRib>, EndOfRib{*end});
}

void Session::handle_refresh(Bytes body) {
  auto family = decode_route_refresh(body);
  if (!family) return fail(std::move(family.error()));
  if (*family && agreed_.send[**family].carried)
    events_.emplace_back(std::in_place_type<RefreshWanted>, RefreshWanted{**family});
}

void Session::handle_notification(Bytes body) {
  queue_.take_back();
  close(Closed::By::peer, "the peer ended it: " + decode_notification(body).to_string());
}

// ---- the end

void Session::unexpected(std::string_view message) {
  const auto code = state_ == State::open_sent      ? subcode::state_open_sent
                    : state_ == State::open_confirm ? subcode::state_open_confirm
                                                    : subcode::state_established;
  Error error{{ErrorCode::state_machine, code, {}}, {}};
  error.what = fmt::format("{} {}", message, error.notification.to_string());
  fail(std::move(error));
}

void Session::fail(Error error) {
  queue_.take_back();
  encode_notification(error.notification, queue_.back());
  close(Closed::By::us, "we ended it: " + error.what);
}

void Session::close(Closed::By by, std::string why) {
  state_ = State::closed;
  events_.emplace_back(std::in_place_type<Closed>, Closed{by, std::move(why)});
}

void Session::disconnected(std::string_view why) {
  if (state_ == State::closed) return;
  queue_.take_back();
  close(Closed::By::connection, fmt::format("the connection ended: {}", why));
}

void Session::shut_down(std::uint8_t subcode, std::string_view text) {
  if (state_ == State::closed) return;
  auto notification = cease(subcode, text);
  auto what = notification.to_string();
  fail({std::move(notification), std::move(what)});
}

// ---- timers

void Session::reset_hold_timer(TimePoint now) {
  hold_until_ = agreed_.hold_time_s == 0 ? TimePoint::max() : now + seconds{agreed_.hold_time_s};
}

void Session::run_timers(TimePoint now) {
  if (state_ == State::closed) return;
  if (now >= hold_until_) {
    const auto time = state_ == State::open_sent ? open_hold_time : seconds{agreed_.hold_time_s};
    return fail(
        {{ErrorCode::hold_timer, 0, {}},
         fmt::format("the hold timer expired: the peer was silent for {} s", time.count())});
  }
  if (now >= send_deadline()) {
    return fail({{ErrorCode::hold_timer, 0, {}}, "the peer takes no bytes any more"});
  }
  if (now < keepalive_at_) return;
  encode_keepalive(queue_.back());
  keepalive_at_ = now + seconds{agreed_.hold_time_s} / 3;
}

Session::TimePoint Session::send_deadline() const {
  if (queue_.size() == 0 || hold_until_ == TimePoint::max()) return TimePoint::max();
  return taken_at_ + std::max(least_send_hold_time, 2 * seconds{agreed_.hold_time_s});
}

Session::TimePoint Session::next_timer() const {
  if (state_ == State::closed) return TimePoint::max();
  return std::min({hold_until_, keepalive_at_, send_deadline()});
}

// ---- what goes

void Session::sent(std::size_t count, TimePoint now) {
  if (count == 0) return;
  queue_.sent(count);
  taken_at_ = now;
}

bool Session::wants_routes() const {
  return state_ == State::established && queue_.size() < options_.max_queued_bytes;
}

std::vector<std::string> Session::send_routes(std::span<const OutgoingRoute> batch) {
  if (wants_routes()) return encode_batch(batch, agreed_.send, queue_.back());
  return {fmt::format("{} routes: none are wanted now", batch.size())};
}

void Session::send_end_of_rib(Family family) {
  if (state_ == State::established && agreed_.send[family].carried)
    encode_end_of_rib(family, queue_.back());
}

bool Session::request_refresh(Family family) {
  const bool can =
      state_ == State::established && agreed_.route_refresh && agreed_.receive[family].carried;
  if (can) encode_route_refresh(family, queue_.back());
  return can;
}

std::vector<Event> Session::take_events() {
  return std::exchange(events_, {});
}

}  // namespace bgw::control::bgp
