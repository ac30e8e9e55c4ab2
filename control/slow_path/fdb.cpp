#include "control/slow_path/fdb.h"

#include "control/slow_path/room_watch.h"

namespace bgw::control {

using dataplane::Mac;
using dataplane::TunnelIndex;
using dataplane::VpcIndex;

void Fdb::add_vpc(VpcIndex vpc) {
  bound_.add(vpc);
  shed();
}

void Fdb::remove_vpc(VpcIndex vpc) {
  bound_.remove(vpc);
  shed();
}

void Fdb::shed() {
  bound_.ask_back([this](VpcIndex vpc) {
    const auto macs = vpcs_.find(vpc);
    erase(macs->first, macs->second, macs->second.begin());
    return true;
  });
}

Fdb::Learnt Fdb::learn(VpcIndex vpc, const Mac& mac, TunnelIndex tunnel, TimePoint now) {
  Macs& macs = vpcs_[vpc];
  const auto found = macs.find(mac);
  if (found == macs.end()) {
    if (!bound_.take(vpc)) return Learnt::no_room;
    if (!table_.set(vpc, mac, tunnel)) {
      bound_.give_back(vpc);
      return Learnt::no_room;
    }
    macs.emplace(mac, Entry{tunnel, now});
    if (RoomWatch::is_filled(bound_.used(vpc), bound_.limits().most)) filled_.insert(vpc);
    timers_.emplace(now, vpc, mac);
    return Learnt::known;
  }
  Entry& entry = found->second;
  const bool moved = entry.tunnel != tunnel;
  if (moved) table_.set(vpc, mac, tunnel);  // its slot exists
  timers_.erase({entry.heard, vpc, mac});
  timers_.emplace(now, vpc, mac);
  entry = {tunnel, now};
  return moved ? Learnt::moved : Learnt::known;
}

void Fdb::erase(VpcIndex vpc, Macs& macs, Macs::iterator entry) {
  table_.erase(vpc, entry->first);
  timers_.erase({entry->second.heard, vpc, entry->first});
  macs.erase(entry);
  bound_.give_back(vpc);
  ++erased_;
}

std::vector<Fdb::Place> Fdb::expire(TimePoint now, std::size_t max) {
  std::vector<Place> gone;
  while (gone.size() < max && !timers_.empty()) {
    const auto [heard, vpc, mac] = *timers_.begin();
    if (now - heard < ageing_time) break;
    const auto macs = vpcs_.find(vpc);
    const auto entry = macs->second.find(mac);
    gone.push_back({vpc, mac, entry->second.tunnel, heard});
    erase(vpc, macs->second, entry);
    if (macs->second.empty()) vpcs_.erase(macs);
  }
  return gone;
}

void Fdb::retain(VpcIndex vpc, const std::function<bool(TunnelIndex)>& keep) {
  const auto macs = vpcs_.find(vpc);
  if (macs == vpcs_.end()) return;
  for (auto next = macs->second.begin(); next != macs->second.end();) {
    const auto current = next++;
    if (!keep(current->second.tunnel)) erase(vpc, macs->second, current);
  }
  if (macs->second.empty()) vpcs_.erase(macs);
}

}  // namespace bgw::control
