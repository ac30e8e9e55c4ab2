#include "control/slow_path/shared_bound.h"

namespace bgw::control {

using dataplane::VpcIndex;

SharedBound::SharedBound(const Limits& limits) : limits_(limits) {
  divide();
}

void SharedBound::add(VpcIndex vpc) {
  Owner& owner = owners_[vpc.value];
  if (!owner.configured) set_configured(owner, true);
}

void SharedBound::remove(VpcIndex vpc) {
  const auto found = owners_.find(vpc.value);
  if (found == owners_.end() || !found->second.configured) return;
  set_configured(found->second, false);
  if (found->second.used == 0) owners_.erase(found);
}

// Commits add thousands, one by one: all are looked at only where everybody's share changes.
void SharedBound::set_configured(Owner& owner, bool configured) {
  const std::size_t others_use = pool_used_ - beyond_share(owner);
  const std::size_t share_before = share_;
  owner.configured = configured;
  configured_ += configured ? 1 : -1;
  divide();
  if (share_ == share_before) {
    pool_used_ = others_use + beyond_share(owner);
    return;
  }
  pool_used_ = 0;
  for (const auto& [vpc, each] : owners_) pool_used_ += beyond_share(each);
}

void SharedBound::divide() {
  const std::size_t kept = std::min(limits_.reserve + limits_.pool_least, limits_.capacity);
  const std::size_t for_shares = limits_.capacity - kept;
  share_ = configured_ == 0 ? limits_.share : std::min(limits_.share, for_shares / configured_);
  pool_ = limits_.capacity - std::min(limits_.reserve, limits_.capacity) - configured_ * share_;
}

bool SharedBound::may_take(const Owner& owner) const {
  if (owner.used >= limits_.most || used_ + limits_.reserve >= limits_.capacity) return false;
  if (within_share(owner)) return true;
  if (pool_used_ >= pool_) return false;
  return !limits_.leaves_as_much || beyond_share(owner) < pool_ - pool_used_;
}

bool SharedBound::take(VpcIndex vpc) {
  if (!may_take(vpc)) return false;
  Owner& owner = owners_[vpc.value];
  if (!within_share(owner)) ++pool_used_;
  ++owner.used;
  ++used_;
  return true;
}

void SharedBound::give_back(VpcIndex vpc) {
  const auto found = owners_.find(vpc.value);
  Owner& owner = found->second;
  if (beyond_share(owner) > 0) --pool_used_;
  --owner.used;
  --used_;
  if (owner.used == 0 && !owner.configured) owners_.erase(found);
}

bool SharedBound::take_reserved() {
  if (reserved_ >= limits_.reserve) return false;
  ++reserved_;
  return true;
}

std::optional<VpcIndex> SharedBound::heaviest() const {
  std::optional<VpcIndex> most;
  std::size_t amount = 0;
  for (const auto& [vpc, owner] : owners_) {
    const std::size_t beyond = beyond_share(owner);
    if (beyond <= amount) continue;
    amount = beyond;
    most = VpcIndex{vpc};
  }
  return most;
}

}  // namespace bgw::control
