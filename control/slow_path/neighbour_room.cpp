// Neighbours: who has room for how many, and who gives way.
#include <algorithm>
#include <utility>

#include "control/slow_path/neighbours.h"
#include "control/slow_path/room_watch.h"

namespace bgw::control {

using dataplane::DropReason;
using dataplane::MappedAddress;
using dataplane::VpcIndex;

void Neighbours::add_vpc(VpcIndex vpc) {
  for (std::size_t family = 0; family < bounds_.size(); ++family) {
    bounds_[family].add(vpc);
    shed(bounds_[family], family);
  }
}

void Neighbours::remove_vpc(VpcIndex vpc) {
  for (std::size_t family = 0; family < bounds_.size(); ++family) {
    bounds_[family].remove(vpc);
    shed(bounds_[family], family);
  }
}

bool Neighbours::is_at_its_most(VpcIndex index) const {
  return bounds_[0].used(index) + bounds_[1].used(index) >= limits_.neighbours_per_vpc;
}

bool Neighbours::may_add(VpcIndex index, const MappedAddress& address) const {
  return !is_at_its_most(index) && bounds_[family_of(address)].may_take(index);
}

// True: another may be added, at the cost of one that nothing is known of if need be.
bool Neighbours::make_room(VpcIndex index, VpcNeighbours& vpc, const MappedAddress& address,
                           TimePoint now) {
  if (may_add(index, address)) return true;
  // One of its own family helps against both bounds.
  const std::size_t family = family_of(address);
  const bool any_helps = bounds_[family].may_take(index);
  const auto* candidates = &vpc.evictable[family];
  const auto& others = vpc.evictable[1 - family];
  const bool others_first =
      !others.empty() && (candidates->empty() || *others.begin() < *candidates->begin());
  if (any_helps && others_first) candidates = &others;
  if (candidates->empty() || !vpc.recent.has_room(now)) return false;
  const MappedAddress victim = std::get<MappedAddress>(*candidates->begin());
  evict({index, vpc, victim, vpc.entries.at(victim)}, now);
  return may_add(index, address);
}

void Neighbours::evict(const Ref& ref, TimePoint now) {
  if (ref.entry.last_request) ref.vpc.recent.remember(ref.address, *ref.entry.last_request, now);
  give_way(ref);
}

void Neighbours::give_way(const Ref& ref) {
  for (auto& h : std::exchange(ref.entry.held, {})) {
    actions_.no_room(ref.index, std::move(h.packet));
  }
  forget(ref);
}

// VPCs that hold most beyond their shares give what others are promised.
void Neighbours::shed(SharedBound& bound, std::size_t family) {
  bound.ask_back([&](VpcIndex vpc) { return shed_one(vpc, family); });
}

// What nothing is known of first.
bool Neighbours::shed_one(VpcIndex index, std::size_t family) {
  const auto found = vpcs_.find(index);
  if (found == vpcs_.end()) return false;
  VpcNeighbours& vpc = found->second;
  auto entry = vpc.evictable[family].empty()
                   ? std::ranges::find_if(vpc.entries,
                                          [&](const auto& item) {
                                            return item.second.place == Place::own &&
                                                   family_of(item.first) == family;
                                          })
                   : vpc.entries.find(std::get<MappedAddress>(*vpc.evictable[family].begin()));
  if (entry == vpc.entries.end()) return false;
  give_way({index, vpc, entry->first, entry->second});
  return true;
}

// None is left for a pinned one only when the reserve is used up and its VPC has its most: it tries
// its luck with the workers' table then.
void Neighbours::take_place(const Ref& ref) {
  SharedBound& bound = bound_of(ref.address);
  if (ref.entry.pinned && bound.take_reserved()) {
    ref.entry.place = Place::reserve;
  } else if (!is_at_its_most(ref.index) && bound.take(ref.index)) {
    ref.entry.place = Place::own;
    const std::size_t used = bounds_[0].used(ref.index) + bounds_[1].used(ref.index);
    if (RoomWatch::is_filled(used, limits_.neighbours_per_vpc)) filled_.insert(ref.index);
  }
}

void Neighbours::give_place_back(const Ref& ref) {
  switch (std::exchange(ref.entry.place, Place::none)) {
    case Place::none:
      return;
    case Place::own:
      return bound_of(ref.address).give_back(ref.index);
    case Place::reserve:
      return bound_of(ref.address).give_back_reserved();
  }
}

void Neighbours::set_evictable(const Ref& ref, bool evictable) {
  const auto rank = eviction_rank(ref.entry);
  if (!rank) return;
  auto& of_family = ref.vpc.evictable[family_of(ref.address)];
  if (evictable) {
    of_family.emplace(*rank, ref.entry.created, ref.address);
  } else {
    of_family.erase({*rank, ref.entry.created, ref.address});
  }
}

}  // namespace bgw::control
