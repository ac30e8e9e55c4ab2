// Behind which VTEP a MAC of a VXLAN VPC is, as workers see it (RFC 7348 §4.1).
#pragma once

#include <cstddef>

#include "dataplane/published/link_map.h"
#include "dataplane/published/types.h"
#include "dataplane/published/wire.h"

namespace bgw::dataplane {

// A frame whose source MAC the FDB does not know, or knows behind another VTEP. The frame itself
// goes its way; this is for the control thread to learn from.
struct MacMove {
  VpcIndex vpc;
  TunnelIndex tunnel;  // that it came by
  Mac mac;             // unicast
};

// (VPC, MAC) → tunnel. One writer (the control thread), any number of readers without locks.
class FdbTable {
 public:
  static constexpr unsigned reclaims_until_free = LinkMap<2>::reclaims_until_free;

  explicit FdbTable(std::size_t max_entries) : map_(max_entries) {}

  // Any thread. no_tunnel when unknown.
  TunnelIndex find(VpcIndex vpc, const Mac& mac) const noexcept {
    return TunnelIndex{static_cast<std::uint16_t>(map_.find(key_of(vpc, mac)))};
  }

  // Writer only. set() is false when the table is full.
  bool set(VpcIndex vpc, const Mac& mac, TunnelIndex tunnel) {
    return map_.set(key_of(vpc, mac), tunnel.value);
  }
  void erase(VpcIndex vpc, const Mac& mac) { map_.erase(key_of(vpc, mac)); }
  // To be called after a grace period.
  void reclaim() { map_.reclaim(); }
  std::size_t size() const noexcept { return map_.size(); }

 private:
  static LinkMap<2>::Key key_of(VpcIndex vpc, const Mac& mac) noexcept {
    return {LinkMap<2>::first_key_word + vpc.value, mac_bits(mac)};
  }
  LinkMap<2> map_;
};

}  // namespace bgw::dataplane
