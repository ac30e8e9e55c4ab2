#include "control/slow_path/fdb.h"

namespace bgw::control {

using dataplane::Mac;
using dataplane::TunnelIndex;
using dataplane::VpcIndex;

bool Fdb::learn(VpcIndex vpc, const Mac& mac, TunnelIndex tunnel, TimePoint now) {
  Macs& macs = vpcs_[vpc];
  const auto found = macs.find(mac);
  if (found == macs.end()) {
    if (macs.size() >= max_per_vpc || !table_.set(vpc, mac, tunnel)) return false;
    macs.emplace(mac, Entry{tunnel, now});
    timers_.emplace(now, vpc, mac);
    return false;
  }
  Entry& entry = found->second;
  const bool moved = entry.tunnel != tunnel;
  if (moved) table_.set(vpc, mac, tunnel);  // its slot exists
  timers_.erase({entry.heard, vpc, mac});
  timers_.emplace(now, vpc, mac);
  entry = {tunnel, now};
  return moved;
}

void Fdb::erase(VpcIndex vpc, Macs& macs, Macs::iterator entry) {
  table_.erase(vpc, entry->first);
  timers_.erase({entry->second.heard, vpc, entry->first});
  macs.erase(entry);
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
