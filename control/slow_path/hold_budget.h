// How many packets may wait in the slow path: in all, and per VPC that they came in on, so that no
// VPC's packets starve another's or the packet pool.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <utility>

#include "control/slow_path/packet_io.h"
#include "dataplane/published/types.h"

namespace bgw::control {

class HoldBudget {
 public:
  HoldBudget(std::size_t per_vpc, std::size_t total) : per_vpc_(per_vpc), total_(total) {}
  HoldBudget(const HoldBudget&) = delete;
  HoldBudget& operator=(const HoldBudget&) = delete;

  // One place, given back on destruction. Must not outlive the budget.
  class Slot {
   public:
    Slot(Slot&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), vpc_(other.vpc_) {}
    Slot& operator=(Slot&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(vpc_, other.vpc_);
      return *this;
    }
    ~Slot() {
      if (budget_ != nullptr) budget_->give_back(vpc_);
    }

   private:
    friend class HoldBudget;
    Slot(HoldBudget& budget, dataplane::VpcIndex vpc) : budget_(&budget), vpc_(vpc) {}
    HoldBudget* budget_;
    dataplane::VpcIndex vpc_;
  };

  std::optional<Slot> reserve(dataplane::VpcIndex in_vpc) {
    if (held_ >= total_ || held(in_vpc) >= per_vpc_) return std::nullopt;
    ++held_;
    ++held_by_vpc_[in_vpc];
    return Slot(*this, in_vpc);
  }

  std::size_t held() const { return held_; }
  std::size_t held(dataplane::VpcIndex in_vpc) const {
    const auto found = held_by_vpc_.find(in_vpc);
    return found == held_by_vpc_.end() ? 0 : found->second;
  }

 private:
  void give_back(dataplane::VpcIndex in_vpc) {
    --held_;
    const auto found = held_by_vpc_.find(in_vpc);
    if (--found->second == 0) held_by_vpc_.erase(found);
  }

  std::size_t per_vpc_;
  std::size_t total_;
  std::size_t held_ = 0;
  std::map<dataplane::VpcIndex, std::size_t> held_by_vpc_;
};

// A packet that waits, its place, and since when.
struct HeldPacket {
  PacketPtr packet;
  HoldBudget::Slot slot;
  std::chrono::steady_clock::time_point since;
};

}  // namespace bgw::control
