#include "control/slow_path/neighbours.h"

#include <algorithm>
#include <utility>

namespace bgw::control {

using dataplane::DropReason;
using dataplane::Link;
using dataplane::MappedAddress;
using dataplane::VpcIndex;

namespace {

// An entry that is rewritten by a claim is verified this soon.
constexpr std::chrono::seconds verify_after{1};
// Addresses whose last request is remembered after they made room for others.
constexpr std::size_t remembered_most = 16'384;

}  // namespace

std::string_view to_string(NeighbourState state) {
  switch (state) {
    case NeighbourState::incomplete:
      return "incomplete";
    case NeighbourState::reachable:
      return "reachable";
    case NeighbourState::stale:
      return "stale";
    case NeighbourState::probe:
      return "probe";
    case NeighbourState::failed:
      return "failed";
  }
  return "unknown";
}

// Nothing for what is never evicted.
std::optional<int> Neighbours::eviction_rank(const Entry& entry) {
  if (entry.pinned) return std::nullopt;
  switch (entry.state) {
    case NeighbourState::incomplete:
    case NeighbourState::failed:
      return 0;
    case NeighbourState::stale:
      return 1;
    case NeighbourState::reachable:
    case NeighbourState::probe:
      return std::nullopt;
  }
  return std::nullopt;
}

void Neighbours::resolve(VpcIndex index, const MappedAddress& address, PacketPtr packet,
                         TimePoint now) {
  auto& vpc = neighbours_of(index);
  const auto found = vpc.entries.find(address);
  if (found == vpc.entries.end()) {
    if (!make_room(index, vpc, address, now)) return actions_.no_room(index, std::move(packet));
    const Ref ref = create(index, vpc, address, now);
    hold(ref, std::move(packet), now);
    if (may_ask(ref.entry, now)) ask(ref, now);
    return schedule_incomplete(ref);
  }
  const Ref ref{index, vpc, address, found->second};
  if (ref.entry.usable()) return release_now(std::move(packet), now);
  if (ref.entry.state == NeighbourState::incomplete) {
    hold(ref, std::move(packet), now);
    return schedule_incomplete(ref);
  }
  // Failed: the answer to a request sent on behalf of later packets lets it recover early.
  actions_.unreachable(std::move(packet));
  if (may_ask(ref.entry, now)) ask(ref, now);
}

void Neighbours::heard(VpcIndex index, const MappedAddress& address, Link link, Evidence evidence,
                       TimePoint now) {
  const auto vpc = vpcs_.find(index);
  if (vpc != vpcs_.end()) {
    const auto found = vpc->second.entries.find(address);
    if (found != vpc->second.entries.end()) {
      return accept(Ref{index, vpc->second, address, found->second}, link, evidence, now);
    }
  }
  if (evidence == Evidence::request) learn(index, address, link, now);
}

// Without evicting anyone: who merely asks must not displace those whom packets wait for.
void Neighbours::learn(VpcIndex index, const MappedAddress& address, Link link, TimePoint now) {
  if (!may_add(index, address)) return actions_.no_room(index, nullptr);
  auto& vpc = neighbours_of(index);
  const Ref ref = create(index, vpc, address, now);
  set_due(ref, now + limits_.reachable_time);
  make_usable(ref, link, NeighbourState::stale, now);
}

void Neighbours::accept(const Ref& ref, Link link, Evidence evidence, TimePoint now) {
  Entry& entry = ref.entry;
  const bool known = entry.usable() && entry.link == link;
  const bool confirmed_before =
      entry.state == NeighbourState::reachable || entry.state == NeighbourState::probe;
  if (evidence == Evidence::answer ||
      (evidence == Evidence::request && known && confirmed_before)) {
    entry.confirmed = now;
    set_due(ref, now + limits_.reachable_time);
    if (evidence == Evidence::answer) set_awaited(ref, false);
    if (known) {
      set_state(ref, NeighbourState::reachable);
    } else {
      make_usable(ref, link, NeighbourState::reachable, now);
    }
    if (evidence == Evidence::answer && entry.usable()) set_answered(ref, link);
    return;
  }
  if (known) return;
  set_due(ref, now + verify_after);
  make_usable(ref, link, NeighbourState::stale, now);
}

void Neighbours::doubt(VpcIndex index, const MappedAddress& address, TimePoint now) {
  const auto vpc = vpcs_.find(index);
  if (vpc == vpcs_.end()) return;
  const auto found = vpc->second.entries.find(address);
  if (found == vpc->second.entries.end() || found->second.state != NeighbourState::reachable) {
    return;
  }
  const Ref ref{index, vpc->second, address, found->second};
  set_due(ref, now + verify_after);
  set_state(ref, NeighbourState::stale);
}

Link Neighbours::link_of(VpcIndex index, const MappedAddress& address) const {
  const auto vpc = vpcs_.find(index);
  if (vpc == vpcs_.end()) return {};
  const auto found = vpc->second.entries.find(address);
  return found == vpc->second.entries.end() ? Link{} : found->second.link;
}

// Workers know the link before any packet that waited for it walks again.
void Neighbours::make_usable(const Ref& ref, Link link, NeighbourState state, TimePoint now) {
  auto held = std::exchange(ref.entry.held, {});
  if (!actions_.set_usable(ref.index, ref.address, link)) {
    set_state(ref, NeighbourState::failed);
    set_due(ref, now + failed_time);
    for (auto& h : held) actions_.no_room(ref.index, std::move(h.packet));
    return;
  }
  set_link(ref, link);
  set_state(ref, state);
  for (auto& h : held) actions_.release(std::move(h));
}

Neighbours::VpcNeighbours& Neighbours::neighbours_of(VpcIndex vpc) {
  const auto found = vpcs_.find(vpc);
  if (found != vpcs_.end()) return found->second;
  const std::size_t remembered = std::min(8 * limits_.neighbours_per_vpc, remembered_most);
  return vpcs_.emplace(vpc, VpcNeighbours{{}, {}, {}, RecentRequests(remembered, request_interval)})
      .first->second;
}

Neighbours::Ref Neighbours::create(VpcIndex index, VpcNeighbours& vpc, const MappedAddress& address,
                                   TimePoint now) {
  Entry& entry = vpc.entries[address];
  const Ref ref{index, vpc, address, entry};
  entry.created = entry.confirmed = entry.due = now;
  entry.last_request = vpc.recent.last(address, now);
  timers_of(entry).emplace(entry.due, index, address);
  take_place(ref);
  set_evictable(ref, true);
  return ref;
}

void Neighbours::set_pinned(const Ref& ref, bool pinned) {
  if (ref.entry.pinned == pinned) return;
  set_evictable(ref, false);
  ref.entry.pinned = pinned;
  give_place_back(ref);
  take_place(ref);
  set_evictable(ref, true);
}

void Neighbours::remove(const Ref& ref, DropReason reason) {
  for (auto& h : std::exchange(ref.entry.held, {})) actions_.drop(std::move(h.packet), reason);
  forget(ref);
}

// Nothing waits for it any more.
void Neighbours::forget(const Ref& ref) {
  if (ref.entry.usable()) actions_.set_unusable(ref.index, ref.address);
  set_link(ref, {});
  set_awaited(ref, false);
  set_evictable(ref, false);
  timers_of(ref.entry).erase({ref.entry.due, ref.index, ref.address});
  give_place_back(ref);
  ref.vpc.entries.erase(ref.address);
}

void Neighbours::set_state(const Ref& ref, NeighbourState state) {
  Entry& entry = ref.entry;
  set_evictable(ref, false);
  timers_of(entry).erase({entry.due, ref.index, ref.address});
  if (entry.usable() && state == NeighbourState::failed) {
    actions_.set_unusable(ref.index, ref.address);
  }
  entry.state = state;
  if (!entry.usable()) set_link(ref, {});
  timers_of(entry).emplace(entry.due, ref.index, ref.address);
  set_evictable(ref, true);
}

void Neighbours::set_due(const Ref& ref, TimePoint due) {
  auto& timers = timers_of(ref.entry);
  timers.erase({ref.entry.due, ref.index, ref.address});
  ref.entry.due = due;
  timers.emplace(due, ref.index, ref.address);
}

bool Neighbours::may_ask(const Entry& entry, TimePoint now) const {
  return !entry.last_request || now - *entry.last_request >= request_interval;
}

void Neighbours::ask(const Ref& ref, TimePoint now) {
  ref.entry.last_request = now;
  ++ref.entry.requests;
  set_awaited(ref, true);
  actions_.request(ref.index, ref.address,
                   ref.entry.usable() ? std::optional(ref.entry.link) : std::nullopt);
}

// The first packets are kept: they are those that a connection starts with.
void Neighbours::hold(const Ref& ref, PacketPtr packet, TimePoint now) {
  auto slot = ref.entry.held.size() < limits_.hold_per_neighbour
                  ? budget_.reserve(packet->note().in_vpc)
                  : std::nullopt;
  if (!slot) return actions_.drop(std::move(packet), DropReason::hold_queue_full);
  ref.entry.held.push_back({std::move(packet), std::move(*slot), now});
}

void Neighbours::release_now(PacketPtr packet, TimePoint now) {
  auto slot = budget_.reserve(packet->note().in_vpc);
  if (!slot) return actions_.drop(std::move(packet), DropReason::hold_queue_full);
  actions_.release({std::move(packet), std::move(*slot), now});
}

void Neighbours::set_awaited(const Ref& ref, bool awaited) {
  if (std::exchange(ref.entry.awaited, awaited) != awaited) {
    actions_.awaits(ref.index, ref.address, awaited);
  }
}

void Neighbours::set_answered(const Ref& ref, Link link) {
  const Link before = std::exchange(ref.entry.answered, link);
  if (before == link) return;
  if (before.known()) actions_.has_answered(ref.index, ref.address, before, false);
  if (link.known()) actions_.has_answered(ref.index, ref.address, link, true);
}

void Neighbours::set_link(const Ref& ref, Link link) {
  if (ref.entry.answered != link) set_answered(ref, {});
  if (ref.entry.link.tunnel() != dataplane::no_tunnel) {
    ref.vpc.by_mac.erase({ref.entry.link.mac_bits(), ref.address});
  }
  ref.entry.link = link;
  if (link.tunnel() != dataplane::no_tunnel) ref.vpc.by_mac.emplace(link.mac_bits(), ref.address);
}

std::vector<MappedAddress> Neighbours::behind(const VpcNeighbours& vpc, std::uint64_t mac) {
  std::vector<MappedAddress> addresses;
  for (auto at = vpc.by_mac.lower_bound({mac, {}}); at != vpc.by_mac.end() && at->first == mac;
       ++at) {
    addresses.push_back(at->second);
  }
  return addresses;
}

void Neighbours::moved(VpcIndex index, const dataplane::Mac& mac, dataplane::TunnelIndex tunnel,
                       TimePoint now) {
  const auto found = vpcs_.find(index);
  if (found == vpcs_.end()) return;
  const Link link = Link::to(mac, tunnel);
  for (const auto& address : behind(found->second, link.mac_bits())) {
    const Ref ref{index, found->second, address, found->second.entries.at(address)};
    if (ref.entry.link == link) continue;
    set_due(ref, now + verify_after);
    make_usable(ref, link, NeighbourState::stale, now);
  }
}

void Neighbours::forget_behind(VpcIndex index, Link link) {
  const auto found = vpcs_.find(index);
  if (found == vpcs_.end()) return;
  for (const auto& address : behind(found->second, link.mac_bits())) {
    const Ref ref{index, found->second, address, found->second.entries.at(address)};
    if (ref.entry.link != link) continue;
    if (!ref.entry.pinned) {
      remove(ref, DropReason::no_route);
    } else {
      set_state(ref, NeighbourState::failed);
      set_due(ref, TimePoint{});  // to be asked for again at once
    }
  }
  if (found->second.entries.empty()) vpcs_.erase(found);
}

void Neighbours::pin(VpcIndex index, const MappedAddress& address, TimePoint now) {
  VpcNeighbours& vpc = neighbours_of(index);
  const auto found = vpc.entries.find(address);
  set_pinned(found == vpc.entries.end() ? create(index, vpc, address, now)
                                        : Ref{index, vpc, address, found->second},
             true);
}

void Neighbours::unpin(VpcIndex index, const MappedAddress& address) {
  const auto vpc = vpcs_.find(index);
  if (vpc == vpcs_.end()) return;
  const auto found = vpc->second.entries.find(address);
  if (found == vpc->second.entries.end()) return;
  const Ref ref{index, vpc->second, address, found->second};
  set_pinned(ref, false);
  if (ref.entry.place == Place::none) give_way(ref);
}

void Neighbours::retain(VpcIndex index, const Keep& keep) {
  const auto found = vpcs_.find(index);
  if (found == vpcs_.end()) return;
  VpcNeighbours& vpc = found->second;
  for (auto next = vpc.entries.begin(); next != vpc.entries.end();) {
    const auto current = next++;
    if (keep(current->first, current->second.link)) continue;
    remove({index, vpc, current->first, current->second}, DropReason::no_route);
  }
  if (vpc.entries.empty()) vpcs_.erase(found);
}

void Neighbours::drop_held_from(const std::set<VpcIndex>& in_vpcs) {
  for (auto& [index, vpc] : vpcs_) {
    for (auto& [address, entry] : vpc.entries) {
      for (auto& h : entry.held) {
        if (in_vpcs.contains(h.packet->note().in_vpc)) {
          actions_.drop(std::move(h.packet), DropReason::no_route);
        }
      }
      std::erase_if(entry.held, [](const HeldPacket& h) { return h.packet == nullptr; });
    }
  }
}

std::vector<Neighbours::Info> Neighbours::list(const Behind& behind, std::size_t most) const {
  std::vector<Info> infos;
  auto vpc = behind ? vpcs_.lower_bound(behind->first) : vpcs_.begin();
  for (; vpc != vpcs_.end() && infos.size() < most; ++vpc) {
    const auto& entries = vpc->second.entries;
    auto next = behind && vpc->first == behind->first ? entries.upper_bound(behind->second)
                                                      : entries.begin();
    for (; next != entries.end() && infos.size() < most; ++next) {
      infos.push_back(info_of(vpc->first, next->first, next->second));
    }
  }
  return infos;
}

std::optional<Neighbours::Info> Neighbours::find(VpcIndex index,
                                                 const MappedAddress& address) const {
  const auto vpc = vpcs_.find(index);
  if (vpc == vpcs_.end()) return std::nullopt;
  const auto found = vpc->second.entries.find(address);
  if (found == vpc->second.entries.end()) return std::nullopt;
  return info_of(index, address, found->second);
}

std::size_t Neighbours::count(VpcIndex vpc) const {
  const auto found = vpcs_.find(vpc);
  return found == vpcs_.end() ? 0 : found->second.entries.size();
}

}  // namespace bgw::control
