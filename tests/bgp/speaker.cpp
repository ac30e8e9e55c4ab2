#include "tests/bgp/speaker.h"

#include <array>
#include <sstream>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace bgw::test {

using namespace control::bgp;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds retry_time{200};
constexpr std::size_t batch = 1'000;
constexpr std::size_t swept_at_once = 10'000;

}  // namespace

Speaker::Speaker(Addresses addresses, std::uint32_t asn) : addresses_(addresses) {
  options_.asn = asn;
  options_.identifier = addresses.from.v4_host_order();
  options_.graceful_restart = GracefulRestart{false, 120, {}};
  for (const auto family : all_families) {
    options_.graceful_restart->families[family] = {true, true};
    auto made = std::make_shared<PathAttributes>();
    made->next_hop = family == Family::ipv4 ? addresses.next_hop4 : addresses.next_hop6;
    made->local_pref = 100;
    attributes_[family] = std::move(made);
  }
}

void Speaker::poll(TimePoint now) {
  if (!tcp_.is_open() && now >= connect_at_) connect(now);
  if (!tcp_.is_open() || connecting_) return;
  read(now);
  if (!session_) return;
  session_->run_timers(now);
  take_events();
  send_routes();
  write(now);
}

void Speaker::connect(TimePoint now) {
  connect_at_ = now + retry_time;
  const auto why = tcp_.connect(addresses_.from, addresses_.to);
  if (why && sessions_ == 0) why_down_ = *why;
  connecting_ = tcp_.is_open();
}

void Speaker::ready(TimePoint now) {
  if (!std::exchange(connecting_, false)) return;
  const auto error = tcp_.connect_error();
  if (error.empty()) {
    session_.emplace(options_, now);
    return;
  }
  if (sessions_ == 0) why_down_ = error;
  tcp_.close();
}

bool Speaker::wants_to_write() const {
  return connecting_ || (session_ && !session_->to_send().empty());
}

Speaker::TimePoint Speaker::wake_at() const {
  if (session_) return session_->next_timer();
  return tcp_.is_open() ? TimePoint::max() : connect_at_;
}

void Speaker::read(TimePoint now) {
  std::array<std::uint8_t, 65536> bytes;
  const auto got = tcp_.read(bytes);
  if (!session_) return;
  if (!got) return session_->disconnected(tcp_.why());
  session_->receive(std::span(bytes).first(*got), now);
}

void Speaker::write(TimePoint now) {
  if (!session_ || session_->to_send().empty()) return;
  // Where that fails, reading tells how it ended.
  if (const auto sent = tcp_.write(session_->to_send())) session_->sent(*sent, now);
}

// ---- events

void Speaker::take_events() {
  for (const auto& event : session_->take_events()) {
    std::visit([this](const auto& what) { take(what); }, event);
  }
  if (session_->state() == Session::State::closed) {
    (void)tcp_.write(session_->to_send());
    session_.reset();
    tcp_.close();
  }
  while (table_.has_changed()) {
    for (const auto& [prefix, paths] : table_.take_changed(batch)) {
      ++changes_;
      paths.empty() ? void(known_.erase(prefix)) : void(known_.insert(prefix));
    }
  }
}

void Speaker::take(const Established&) {
  ++sessions_;
  up_ = true;
  for (const auto family : all_families) {
    queue_all(family);
    end_due_[family] = true;
  }
}

void Speaker::take(const Update& update) {
  ++updates_;
  table_.apply(update);
}

void Speaker::take(const EndOfRib& end) {
  while (!table_.sweep(end.family, swept_at_once)) {
  }
  loaded_[end.family] = true;
}

void Speaker::take(const RefreshWanted& wanted) {
  queue_all(wanted.family);
}

void Speaker::take(const Closed& closed) {
  // Those that come to nothing say less than the one before them.
  if (std::exchange(up_, false)) why_down_ = closed.why;
  unsent_.clear();
  for (const auto family : all_families) {
    table_.mark_stale(family);
    loaded_[family] = false;
  }
}

// ---- announcing

void Speaker::queue_all(Family family) {
  for (const auto& prefix : announced_)
    if (prefix.family() == family) unsent_.insert(prefix);
}

void Speaker::send_routes() {
  while (session_ && session_->wants_routes() && !unsent_.empty()) {
    std::vector<OutgoingRoute> routes;
    while (routes.size() < batch && !unsent_.empty()) {
      const auto prefix = unsent_.extract(unsent_.begin()).value();
      const bool announced = announced_.contains(prefix);
      routes.push_back({{prefix, PathId{1}}, announced ? attributes_[prefix.family()] : nullptr});
    }
    for (const auto& refused : session_->send_routes(routes)) why_down_ = refused;
  }
  if (!session_ || session_->state() != Session::State::established || !unsent_.empty()) return;
  for (const auto family : all_families)
    if (std::exchange(end_due_[family], false)) session_->send_end_of_rib(family);
}

// ---- commands

std::string Speaker::command(const std::string& line) {
  std::istringstream words(line);
  std::string verb, text;
  words >> verb;
  while (verb != "refresh" && words >> text) {
    const auto prefix = config::IpPrefix::parse(text);
    if (!prefix) return "error " + prefix.error();
    verb == "announce" ? void(announced_.insert(*prefix)) : void(announced_.erase(*prefix));
    unsent_.insert(*prefix);
  }
  if (verb == "refresh" && session_)
    for (const auto family : all_families) session_->request_refresh(family);
  return verb == "dump" ? dump() : state();
}

// A line for each path: prefix, next hop, whether it is marked, AS path.
std::string Speaker::dump() const {
  std::string text =
      fmt::format("paths {}\n", table_.paths(Family::ipv4) + table_.paths(Family::ipv6));
  for (const auto& prefix : known_) {
    for (const auto& [id, attributes, stale] : table_.paths(prefix)) {
      text += fmt::format("{} {} {} {}\n", prefix.to_string(), attributes->next_hop.to_string(),
                          stale ? "stale" : "fresh", attributes->as_path.to_string());
    }
  }
  return text + "end";
}

// Prefixes that have changed are counted since it was last asked.
std::string Speaker::state() {
  const auto changed = std::exchange(changes_, 0);
  return fmt::format(
      R"({{"up": {}, "sessions": {}, "loaded": {}, "paths4": {}, "paths6": {}, "updates": {}, "unsent": {}, "changed": {}, "why": "{}"}})",
      up_, sessions_, loaded_[Family::ipv4] && loaded_[Family::ipv6], table_.paths(Family::ipv4),
      table_.paths(Family::ipv6), updates_, unsent_.size(), changed, why_down_);
}

}  // namespace bgw::test
