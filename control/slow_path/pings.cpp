#include "control/slow_path/pings.h"

#include <algorithm>
#include <utility>

namespace bgw::control {
namespace {

bool same_request(const Echo& a, const Echo& b) {
  return a.source == b.source && a.destination == b.destination && a.ident == b.ident &&
         a.sequence == b.sequence;
}

PingReply failure(const std::string& why) {
  return {.answered = false, .detail = why};
}

}  // namespace

template <typename Predicate>
void Pings::complete_if(const Predicate& matches, const PingReply& reply) {
  const auto done = std::stable_partition(under_way_.begin(), under_way_.end(),
                                          [&](const Ping& ping) { return !matches(ping); });
  for (auto ping = done; ping != under_way_.end(); ++ping) {
    completed_.push_back({std::move(ping->done), reply});
  }
  under_way_.erase(done, under_way_.end());
}

bool Pings::uses_ident(std::uint16_t ident) const {
  return std::ranges::any_of(under_way_,
                             [&](const Ping& ping) { return ping.echo.ident == ident; });
}

std::size_t Pings::start(TimePoint now, const std::function<std::string(const Ping&)>& send) {
  std::size_t started = 0;
  for (std::size_t i = 0; i < under_way_.size(); ++i) {
    Ping& ping = under_way_[i];
    if (ping.sent) continue;
    ++started;
    ping.sent = true;
    ping.sent_at = now;
    const std::string problem = send(ping);
    if (problem.empty()) continue;
    completed_.push_back({std::move(ping.done), failure(problem)});
    under_way_.erase(under_way_.begin() + static_cast<std::ptrdiff_t>(i--));
  }
  return started;
}

void Pings::answered(dataplane::VpcIndex vpc, const Echo& reply, std::uint8_t ttl, TimePoint now) {
  const Echo request{reply.destination, reply.source, reply.ident, reply.sequence};
  const auto matches = [&](const Ping& ping) {
    return ping.sent && ping.vpc == vpc && same_request(ping.echo, request);
  };
  const auto found = std::ranges::find_if(under_way_, matches);
  if (found == under_way_.end()) return;
  const auto rtt = std::chrono::duration_cast<std::chrono::microseconds>(now - found->sent_at);
  complete_if(matches, {.answered = true, .detail = "reply", .ttl = ttl, .rtt = rtt});
}

void Pings::failed(dataplane::VpcIndex vpc, const Echo& request, const std::string& why) {
  complete_if(
      [&](const Ping& ping) {
        return ping.sent && ping.vpc == vpc && same_request(ping.echo, request);
      },
      failure(why));
}

void Pings::cancel(dataplane::VpcIndex vpc, const std::string& why) {
  complete_if([&](const Ping& ping) { return ping.vpc == vpc; }, failure(why));
}

void Pings::expire(TimePoint now) {
  complete_if([&](const Ping& ping) { return ping.sent && now - ping.sent_at >= ping.timeout; },
              failure("timeout"));
}

std::size_t Pings::run_completions() {
  // A callback may start the next ping.
  const auto completed = std::exchange(completed_, {});
  for (const auto& completion : completed) completion.done(completion.reply);
  return completed.size();
}

}  // namespace bgw::control
