// Room that all VPCs share, so that none takes what another is promised: a share guaranteed to each
// configured VPC, a pool for whoever needs more, and a reserve for what everyone depends on.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <unordered_map>

#include "dataplane/published/types.h"

namespace bgw::control {

// Counts places; what they are is its user's. The sum of what is taken never exceeds the capacity,
// and a VPC within its share is never refused, whatever the others do (unless overdrawn()). Beyond
// its share a VPC gets from the pool no more than the pool has left for others: so newcomers find
// room although many have taken as much as they could.
class SharedBound {
 public:
  struct Limits {
    std::size_t capacity;         // in all
    std::size_t reserve = 0;      // of it: for take_reserved() alone
    std::size_t share = 0;        // guaranteed to each VPC, as long as the pool keeps pool_least
    std::size_t pool_least = 0;   // with more VPCs than that allows, shares become smaller
    std::size_t most = SIZE_MAX;  // of one VPC
    bool leaves_as_much = true;   // false: the first to come may take the whole pool
  };

  explicit SharedBound(const Limits& limits);
  SharedBound(const SharedBound&) = delete;
  SharedBound& operator=(const SharedBound&) = delete;

  // The VPC is configured: it has a share. Twice is once.
  void add(dataplane::VpcIndex vpc);
  // It has none any more; what it holds counts until it is given back.
  void remove(dataplane::VpcIndex vpc);

  bool may_take(dataplane::VpcIndex vpc) const { return may_take(owner_of(vpc)); }
  // A place; false: it may have no more.
  bool take(dataplane::VpcIndex vpc);
  void give_back(dataplane::VpcIndex vpc);
  // A place of the reserve.
  bool take_reserved();
  void give_back_reserved() { --reserved_; }

  // After add() or remove(): VPCs hold more beyond their shares than the pool has now, until that
  // much is given back.
  bool overdrawn() const { return pool_used_ > pool_; }
  // Calls give_one(vpc), which gives one place of that VPC back, or returns false if it can't,
  // until nothing is overdrawn any more. Those who hold most give first, some at a time.
  template <typename GiveOne>
  void ask_back(GiveOne give_one) {
    while (overdrawn()) {
      const auto vpc = heaviest();
      for (std::size_t n = 0; n < asked_at_once && overdrawn() && holds_beyond(*vpc); ++n) {
        if (!give_one(*vpc)) return;
      }
    }
  }

  const Limits& limits() const { return limits_; }
  std::size_t share() const { return share_; }  // at present
  std::size_t used() const { return used_ + reserved_; }
  std::size_t used(dataplane::VpcIndex vpc) const { return owner_of(vpc).used; }
  std::size_t pool() const { return pool_; }
  std::size_t pool_used() const { return pool_used_; }
  std::size_t reserve_used() const { return reserved_; }

 private:
  struct Owner {
    std::size_t used = 0;
    bool configured = false;
  };
  Owner owner_of(dataplane::VpcIndex vpc) const {
    const auto found = owners_.find(vpc.value);
    return found == owners_.end() ? Owner{} : found->second;
  }
  std::size_t beyond_share(const Owner& owner) const {
    const std::size_t share = owner.configured ? share_ : 0;
    return owner.used > share ? owner.used - share : 0;
  }
  bool within_share(const Owner& owner) const { return owner.configured && owner.used < share_; }
  bool holds_beyond(dataplane::VpcIndex vpc) const { return beyond_share(owner_of(vpc)) > 0; }
  bool may_take(const Owner& owner) const;
  void set_configured(Owner& owner, bool configured);
  void divide();  // the capacity into shares and the pool
  std::optional<dataplane::VpcIndex> heaviest() const;

  static constexpr std::size_t asked_at_once = 64;  // who holds most is found by looking at all

  Limits limits_;
  std::unordered_map<std::uint32_t, Owner> owners_;
  std::size_t configured_ = 0;
  std::size_t share_ = 0;
  std::size_t pool_ = 0;       // what is left when every share and the reserve are kept
  std::size_t pool_used_ = 0;  // beyond shares
  std::size_t used_ = 0;
  std::size_t reserved_ = 0;
};

}  // namespace bgw::control
