#include "control/slow_path/router_advertiser.h"

#include <algorithm>

#include "control/packets/addresses.h"
#include "control/packets/ipv6.h"
#include "control/packets/nd.h"
#include "control/slow_path/own_addresses.h"

namespace bgw::control {

using dataplane::Mac;
using dataplane::MappedAddress;
using dataplane::VpcIndex;

namespace {

// Hosts that wait for an answer of their own; with more, the next multicast serves them.
constexpr std::size_t max_answers = 256;

}  // namespace

void RouterAdvertiser::start(VpcIndex vpc) {
  auto& entry = schedules_[vpc];
  entry.sent = 0;
  schedule(vpc, entry, entry.last ? *entry.last + least_between : TimePoint{});
}

void RouterAdvertiser::stop(VpcIndex vpc) {
  const auto found = schedules_.find(vpc);
  if (found == schedules_.end()) return;
  timers_.erase({found->second.due, vpc});
  schedules_.erase(found);
  answers_.erase(answers_.lower_bound({vpc, {}}),
                 answers_.upper_bound({vpc, MappedAddress::v6(UINT64_MAX, UINT64_MAX)}));
}

void RouterAdvertiser::schedule(VpcIndex vpc, Schedule& entry, TimePoint due) {
  timers_.erase({entry.due, vpc});
  entry.due = due;
  timers_.emplace(due, vpc);
}

void RouterAdvertiser::solicited(VpcIndex vpc, const MappedAddress& host, dataplane::Link link,
                                 TimePoint now) {
  const auto found = schedules_.find(vpc);
  if (found == schedules_.end()) return;
  Schedule& entry = found->second;
  // RFC 4861 §6.2.6.
  const TimePoint delayed = now + originator_.random_delay(max_ra_delay);
  const TimePoint due = entry.last ? std::max(delayed, *entry.last + least_between) : delayed;
  if (due > delayed && link.known() && answers_.size() < max_answers) {
    answers_.try_emplace({vpc, host}, Answer{delayed, link});
  } else if (due < entry.due) {
    schedule(vpc, entry, due);
  }
}

std::size_t RouterAdvertiser::run(TimePoint now, std::size_t max) {
  std::size_t ended = 0;
  std::size_t tries = 0;
  for (; tries < max && !timers_.empty() && timers_.begin()->first <= now; ++tries) {
    const VpcIndex vpc = timers_.begin()->second;
    Schedule& entry = schedules_.at(vpc);
    const Sending sent =
        send(vpc, ipv6_all_nodes, multicast_mac(ipv6_all_nodes), dataplane::no_tunnel);
    if (sent == Sending::not_now) {
      schedule(vpc, entry, now + Originator::retry_after);
      continue;
    }
    ++ended;
    entry.last = now;
    ++entry.sent;
    schedule(vpc, entry, next_due(entry, now));
  }
  for (auto next = answers_.begin(); tries < max && next != answers_.end();) {
    const auto current = next++;
    auto& [host, answer] = *current;
    if (answer.due > now) continue;
    ++tries;
    const Sending sent = send(host.first, host.second, mac_of(answer.link), answer.link.tunnel());
    if (sent == Sending::not_now) {
      answer.due = now + Originator::retry_after;
      continue;
    }
    ++ended;
    answers_.erase(current);
  }
  return ended;
}

RouterAdvertiser::TimePoint RouterAdvertiser::next_due(const Schedule& entry, TimePoint now) {
  const std::chrono::milliseconds interval =
      min_interval + originator_.random_delay(max_interval - min_interval);
  if (entry.sent >= initial_count) return now + interval;
  return now + std::min<std::chrono::milliseconds>(interval, initial_interval);
}

Sending RouterAdvertiser::send(VpcIndex index, const MappedAddress& to, const Mac& mac,
                               dataplane::TunnelIndex tunnel) {
  SlowVpc* vpc = vpcs_.find_up(index);
  const auto from = vpc == nullptr ? std::nullopt : link_local_of(vpc->config);
  if (!from) return Sending::never;
  const auto& config = vpc->config;
  const auto frame = write_router_advertisement({mac, config.mac, *from, to}, config.mtu,
                                                config.addresses, config.autoconfiguration);
  const Sending sent = originator_.send_frame(index, frame, tunnel);
  if (sent == Sending::done) ++vpc->counters.router_advertisements_sent;
  return sent;
}

}  // namespace bgw::control
