// One BGP connection to the local routing daemon, from OPEN to its end (RFC 4271 §8): iBGP, and bgw
// is who connects. Bytes and times in, bytes and events out: no socket, no clock. Whoever has the
// socket connects, makes a Session, moves bytes both ways, calls run_timers(), and takes the
// events; once it has closed, what is left of to_send() goes out and the connection ends. A Session
// is used by one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "control/bgp/open.h"
#include "control/bgp/route_batch.h"
#include "control/bgp/send_queue.h"
#include "control/bgp/update.h"

namespace bgw::control::bgp {

struct SessionOptions {
  std::uint32_t asn = 0;           // the peer's too
  std::uint32_t identifier = 0;    // host order; another than the peer's
  std::uint16_t hold_time_s = 90;  // 0, or 3 and more
  // What others are told of our restarts (RFC 4724); nothing: they forget our routes at once.
  std::optional<GracefulRestart> graceful_restart;
  // From so many bytes on that wait to be sent no routes are wanted.
  std::size_t max_queued_bytes = std::size_t{1} << 20;
};

// What both sides have agreed on.
struct Negotiated {
  Open peer;  // as it said
  std::uint16_t hold_time_s = 0;
  PerFamily<NlriForm> receive, send;
  bool route_refresh = false;
  bool extended_messages = false;
};

struct Established {
  Negotiated agreed;
};
struct EndOfRib {
  Family family;
};
// All of the family's routes are to be sent again.
struct RefreshWanted {
  Family family;
};
struct Closed {
  enum class By { us, peer, connection };
  By by;
  std::string why;  // for people: "the peer ended it: Cease, administrative reset"
};
using Event = std::variant<Established, Update, EndOfRib, RefreshWanted, Closed>;

class Session {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  enum class State { open_sent, open_confirm, established, closed };

  // The connection stands: an OPEN waits to be sent.
  Session(const SessionOptions& options, TimePoint now);

  State state() const { return state_; }

  // Bytes came, however they are cut. To be called before run_timers() where both are due.
  void receive(Bytes bytes, TimePoint now);
  // The connection has ended by itself, as reading says: where writing fails, the peer's
  // NOTIFICATION may still wait to be read.
  void disconnected(std::string_view why);
  // Ends the session with a Cease that says why.
  void shut_down(std::uint8_t subcode, std::string_view text);

  // Bytes to be sent; valid until the session is used otherwise.
  Bytes to_send() const { return queue_.bytes(); }
  void sent(std::size_t count, TimePoint now);

  // Sends keepalives; ends the session where the peer is silent for the hold time, or takes nothing
  // for twice of it and at least eight minutes (RFC 9687).
  void run_timers(TimePoint now);
  // When it is to be called again; TimePoint::max(): never.
  TimePoint next_timer() const;

  // What has happened since, in its order. Few where receive() is given few bytes: an Update for
  // each message.
  std::vector<Event> take_events();

  // Whether routes are taken: the session is established, and less waits than `max_queued_bytes`.
  bool wants_routes() const;
  // See encode_batch(). Routes sent while none are wanted are dropped, and said to be.
  std::vector<std::string> send_routes(std::span<const OutgoingRoute> batch);
  // All of the family's routes have been sent. Nothing is done where it isn't carried.
  void send_end_of_rib(Family family);
  // Asks the peer for all of its routes again; whether it can.
  bool request_refresh(Family family);

 private:
  void handle(const Frame& frame, TimePoint now);
  void handle_open(Bytes body, TimePoint now);
  void handle_update(Bytes body);
  void handle_refresh(Bytes body);
  void handle_notification(Bytes body);
  void establish();
  void unexpected(std::string_view message);
  void fail(Error error);
  void close(Closed::By by, std::string why);
  void reset_hold_timer(TimePoint now);
  TimePoint send_deadline() const;

  SessionOptions options_;
  State state_ = State::open_sent;
  Negotiated agreed_;
  std::vector<std::uint8_t> partial_;  // the beginning of a message
  SendQueue queue_;
  std::vector<Event> events_;
  TimePoint hold_until_, keepalive_at_ = TimePoint::max();
  TimePoint taken_at_;  // when the peer last took bytes, or nothing waited
};

}  // namespace bgw::control::bgp
