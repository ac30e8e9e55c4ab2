#include "control/slow_path/local_mld.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "control/packets/addresses.h"
#include "control/packets/ethernet.h"
#include "control/packets/ipv6.h"
#include "control/slow_path/own_addresses.h"

namespace bgw::control {

using dataplane::DropReason;
using dataplane::MappedAddress;
using dataplane::VpcIndex;

namespace {

void make_earlier(std::optional<LocalMld::TimePoint>& due, LocalMld::TimePoint at) {
  if (!due || at < *due) due = at;
}

}  // namespace

void LocalMld::handle(PacketPtr packet, TimePoint now) {
  const VpcIndex index = packet->note().in_vpc;
  const SlowVpc* vpc = vpcs_.find_up(index);
  if (vpc == nullptr) return vpcs_.drop(std::move(packet), DropReason::no_interface);
  const auto query = parse_mld_query(network_bytes(*packet));
  if (!query) return vpcs_.drop(std::move(packet), DropReason::mld_malformed);
  const auto found = listeners_.find(index);
  if (found != listeners_.end()) take(index, found->second, *query, now);
  vpcs_.consume(std::move(packet));
}

void LocalMld::take(VpcIndex vpc, Listener& listener, const MldQuery& query, TimePoint now) {
  const bool v1 = query.version == MldVersion::v1;
  if (v1) {
    if (listener.version(now) != MldVersion::v1) {  // RFC 3810 §8.2.1
      listener.changes.clear();
      listener.changes_due.reset();
      listener.all_due.reset();
      listener.answers.clear();
    }
    listener.v1_until = now + listener.robustness * listener.query_interval + query.max_response;
  } else {
    listener.robustness = query.robustness != 0 ? query.robustness : robustness;
    if (query.interval.count() != 0) listener.query_interval = query.interval;
  }
  const auto asked = [&](const MappedAddress& group) {
    const TimePoint due = now + originator_.random_delay(query.max_response);
    const auto [answer, is_new] = listener.answers.try_emplace(group, due);
    if (!is_new) answer->second = std::min(answer->second, due);
  };
  // Of a querier of version 1 each group has a delay of its own, and a report (RFC 2710 §4).
  if (query.group) {
    if (listener.groups.contains(*query.group)) asked(*query.group);
  } else if (listener.version(now) == MldVersion::v1) {
    for (const MappedAddress& group : listener.groups) asked(group);
  } else {
    make_earlier(listener.all_due, now + originator_.random_delay(query.max_response));
  }
  schedule(vpc, listener);
}

void LocalMld::listen(VpcIndex vpc, MulticastGroups groups, bool came_up) {
  if (groups.empty()) return forget(vpc);
  Listener& listener = listeners_[vpc];
  const auto changed = [&](const MappedAddress& group, bool joined) {
    listener.changes[group] = {joined, listener.robustness};
    listener.changes_due = TimePoint{};
  };
  for (const MappedAddress& group : listener.groups) {
    if (groups.contains(group)) continue;
    listener.answers.erase(group);
    changed(group, false);
  }
  for (const MappedAddress& group : groups) {
    if (came_up || !listener.groups.contains(group)) changed(group, true);
  }
  listener.groups = std::move(groups);
  schedule(vpc, listener);
}

void LocalMld::forget(VpcIndex vpc) {
  const auto found = listeners_.find(vpc);
  if (found == listeners_.end()) return;
  if (found->second.due) timers_.erase({*found->second.due, vpc});
  listeners_.erase(found);
}

void LocalMld::schedule(VpcIndex vpc, Listener& listener) {
  if (listener.due) timers_.erase({*listener.due, vpc});
  listener.due.reset();
  if (listener.changes_due) make_earlier(listener.due, *listener.changes_due);
  if (listener.all_due) make_earlier(listener.due, *listener.all_due);
  for (const auto& [group, due] : listener.answers) make_earlier(listener.due, due);
  if (listener.due) timers_.emplace(*listener.due, vpc);
}

std::size_t LocalMld::run_timers(TimePoint now, std::size_t max) {
  std::size_t ran = 0;
  // Each run moves the VPC's timer beyond `now` or ends it.
  for (; ran < max && !timers_.empty() && timers_.begin()->first <= now; ++ran) {
    const VpcIndex index = timers_.begin()->second;
    Listener& listener = listeners_.at(index);
    SlowVpc* vpc = vpcs_.find_up(index);
    if (vpc == nullptr) {
      forget(index);
      continue;
    }
    serve(*vpc, listener, now);
    schedule(index, listener);
  }
  return ran;
}

void LocalMld::serve(SlowVpc& vpc, Listener& listener, TimePoint now) {
  if (listener.changes_due && *listener.changes_due <= now) tell_changes(vpc, listener, now);
  answer(vpc, listener, now);
}

// RFC 3810 §6.1; RFC 2710 §4.
void LocalMld::tell_changes(SlowVpc& vpc, Listener& listener, TimePoint now) {
  const MldVersion version = listener.version(now);
  std::vector<MldListening> records;
  for (const auto& [group, change] : listener.changes) {
    records.push_back({change.joined ? MldRecord::to_exclude : MldRecord::to_include, group});
  }
  if (!send(vpc, version, records)) {
    listener.changes_due = now + Originator::retry_after;
    return;
  }
  for (auto next = listener.changes.begin(); next != listener.changes.end();) {
    next = --next->second.left == 0 ? listener.changes.erase(next) : std::next(next);
  }
  listener.changes_due.reset();
  if (listener.changes.empty()) return;
  const std::chrono::milliseconds within =
      version == MldVersion::v1 ? unsolicited_interval_v1 : unsolicited_interval;
  listener.changes_due = now + std::max<std::chrono::milliseconds>(originator_.random_delay(within),
                                                                   Originator::retry_after);
}

void LocalMld::answer(SlowVpc& vpc, Listener& listener, TimePoint now) {
  const bool all = listener.all_due && *listener.all_due <= now;
  MulticastGroups asked;
  if (all) {
    asked = listener.groups;
  } else {
    for (const auto& [group, due] : listener.answers) {
      if (due <= now) asked.insert(group);
    }
  }
  if (asked.empty()) return;
  std::vector<MldListening> records;
  for (const MappedAddress& group : asked) records.push_back({MldRecord::is_exclude, group});
  if (!send(vpc, listener.version(now), records)) {
    for (const MappedAddress& group : asked) {
      listener.answers[group] = now + Originator::retry_after;
    }
  } else {
    for (const MappedAddress& group : asked) listener.answers.erase(group);
  }
  if (all) listener.all_due.reset();
}

bool LocalMld::send(SlowVpc& vpc, MldVersion version, const std::vector<MldListening>& records) {
  const auto source = link_local_of(vpc.config);
  if (!source) return true;
  const MldSpeaker speaker{vpc.config.mac, *source};
  if (version == MldVersion::v1) return send_v1(vpc, speaker, records);
  const std::size_t at_once = mld_records_within(vpc.config.mtu);
  bool sent = true;
  for (std::span<const MldListening> left{records}; !left.empty();) {
    const auto some = left.first(std::min(at_once, left.size()));
    const Sending one =
        originator_.send_frame(vpc.config.index, write_mld_report_v2(speaker, some));
    if (one == Sending::done) ++vpc.counters.mld_reports_sent;
    sent &= one != Sending::not_now;
    left = left.subspan(some.size());
  }
  return sent;
}

bool LocalMld::send_v1(SlowVpc& vpc, const MldSpeaker& speaker,
                       const std::vector<MldListening>& records) {
  bool sent = true;
  for (const auto& [record, group] : records) {
    const auto frame = record == MldRecord::to_include ? write_mld_done_v1(speaker, group)
                                                       : write_mld_report_v1(speaker, group);
    const Sending one = originator_.send_frame(vpc.config.index, frame);
    if (one == Sending::done) ++vpc.counters.mld_reports_sent;
    sent &= one != Sending::not_now;
  }
  return sent;
}

}  // namespace bgw::control
