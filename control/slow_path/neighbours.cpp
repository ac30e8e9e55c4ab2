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
    if (!make_room(index, vpc, now)) {
      return actions_.drop(std::move(packet), DropReason::hold_queue_full);
    }
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
  auto& vpc = neighbours_of(index);
  if (is_full(vpc)) return;
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
    if (known) return set_state(ref, NeighbourState::reachable);
    return make_usable(ref, link, NeighbourState::reachable, now);
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
    for (auto& h : held) actions_.drop(std::move(h.packet), DropReason::hold_queue_full);
    return;
  }
  ref.entry.link = link;
  set_state(ref, state);
  for (auto& h : held) actions_.release(std::move(h));
}

Neighbours::VpcNeighbours& Neighbours::neighbours_of(VpcIndex vpc) {
  const auto found = vpcs_.find(vpc);
  if (found != vpcs_.end()) return found->second;
  const std::size_t remembered = 8 * limits_.neighbours_per_vpc;
  return vpcs_.emplace(vpc, VpcNeighbours{{}, {}, RecentRequests(remembered, request_interval), 0})
      .first->second;
}

Neighbours::Ref Neighbours::create(VpcIndex index, VpcNeighbours& vpc, const MappedAddress& address,
                                   TimePoint now) {
  Entry& entry = vpc.entries[address];
  const Ref ref{index, vpc, address, entry};
  entry.created = entry.confirmed = entry.due = now;
  entry.last_request = vpc.recent.last(address, now);
  timers_.emplace(entry.due, index, address);
  vpc.evictable.emplace(*eviction_rank(entry), entry.created, address);
  return ref;
}

bool Neighbours::make_room(VpcIndex index, VpcNeighbours& vpc, TimePoint now) {
  if (!is_full(vpc)) return true;
  if (vpc.evictable.empty() || !vpc.recent.has_room(now)) return false;
  const MappedAddress address = std::get<MappedAddress>(*vpc.evictable.begin());
  const Ref victim{index, vpc, address, vpc.entries.at(address)};
  if (victim.entry.last_request) vpc.recent.remember(address, *victim.entry.last_request, now);
  remove(victim, DropReason::hold_queue_full);
  return true;
}

bool Neighbours::is_full(const VpcNeighbours& vpc) const {
  return vpc.entries.size() - vpc.pinned >= limits_.neighbours_per_vpc;
}

void Neighbours::set_pinned(const Ref& ref, bool pinned) {
  if (ref.entry.pinned == pinned) return;
  if (const auto rank = eviction_rank(ref.entry)) {
    ref.vpc.evictable.erase({*rank, ref.entry.created, ref.address});
  }
  ref.entry.pinned = pinned;
  ref.vpc.pinned += pinned ? 1 : -1;
  if (const auto rank = eviction_rank(ref.entry)) {
    ref.vpc.evictable.emplace(*rank, ref.entry.created, ref.address);
  }
}

void Neighbours::remove(const Ref& ref, DropReason reason) {
  if (ref.entry.usable()) actions_.set_unusable(ref.index, ref.address);
  for (auto& h : ref.entry.held) actions_.drop(std::move(h.packet), reason);
  if (const auto rank = eviction_rank(ref.entry)) {
    ref.vpc.evictable.erase({*rank, ref.entry.created, ref.address});
  }
  timers_.erase({ref.entry.due, ref.index, ref.address});
  if (ref.entry.pinned) --ref.vpc.pinned;
  ref.vpc.entries.erase(ref.address);
}

void Neighbours::set_state(const Ref& ref, NeighbourState state) {
  Entry& entry = ref.entry;
  if (const auto rank = eviction_rank(entry)) {
    ref.vpc.evictable.erase({*rank, entry.created, ref.address});
  }
  if (entry.usable() && state == NeighbourState::failed) {
    actions_.set_unusable(ref.index, ref.address);
  }
  entry.state = state;
  if (!entry.usable()) entry.link = {};
  if (const auto rank = eviction_rank(entry)) {
    ref.vpc.evictable.emplace(*rank, entry.created, ref.address);
  }
}

void Neighbours::set_due(const Ref& ref, TimePoint due) {
  timers_.erase({ref.entry.due, ref.index, ref.address});
  ref.entry.due = due;
  timers_.emplace(due, ref.index, ref.address);
}

bool Neighbours::may_ask(const Entry& entry, TimePoint now) const {
  return !entry.last_request || now - *entry.last_request >= request_interval;
}

void Neighbours::ask(const Ref& ref, TimePoint now) {
  ref.entry.last_request = now;
  ++ref.entry.requests;
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

void Neighbours::moved(VpcIndex index, const dataplane::Mac& mac, dataplane::TunnelIndex tunnel,
                       TimePoint now) {
  const auto found = vpcs_.find(index);
  if (found == vpcs_.end()) return;
  const Link link = Link::to(mac, tunnel);
  for (auto& [address, entry] : found->second.entries) {
    if (!entry.usable() || entry.link == link || entry.link.mac_bits() != link.mac_bits()) continue;
    const Ref ref{index, found->second, address, entry};
    set_due(ref, now + verify_after);
    make_usable(ref, link, NeighbourState::stale, now);
  }
}

void Neighbours::forget_behind(VpcIndex index, Link link) {
  retain(index, [&](const MappedAddress&, Link present) { return present != link; });
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
  set_pinned({index, vpc->second, address, found->second}, false);
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

std::vector<Neighbours::Info> Neighbours::list() const {
  std::vector<Info> infos;
  for (const auto& [index, vpc] : vpcs_) {
    for (const auto& [address, entry] : vpc.entries) {
      infos.push_back(
          {index, address, entry.state, entry.link, entry.confirmed, entry.held.size()});
    }
  }
  return infos;
}

std::size_t Neighbours::count(VpcIndex vpc) const {
  const auto found = vpcs_.find(vpc);
  return found == vpcs_.end() ? 0 : found->second.entries.size();
}

}  // namespace bgw::control
