// How many packets may wait in the slow path: in all, and per VPC that they came in on, so that no
// VPC's packets starve another's or the packet pool.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

#include "control/slow_path/packet_io.h"
#include "control/slow_path/shared_bound.h"
#include "dataplane/published/types.h"

namespace bgw::control {

class HoldBudget {
 public:
  HoldBudget(std::size_t per_vpc, std::size_t total)
      : HoldBudget({.capacity = total, .most = per_vpc, .leaves_as_much = false}) {}
  explicit HoldBudget(const SharedBound::Limits& limits) : bound_(limits) {}
  HoldBudget(const HoldBudget&) = delete;
  HoldBudget& operator=(const HoldBudget&) = delete;

  // The VPC has a share, or has none any more.
  void add_vpc(dataplane::VpcIndex vpc) { bound_.add(vpc); }
  void remove_vpc(dataplane::VpcIndex vpc) { bound_.remove(vpc); }

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
    if (!bound_.take(in_vpc)) return std::nullopt;
    return Slot(*this, in_vpc);
  }

  std::size_t held() const { return bound_.used(); }
  std::size_t held(dataplane::VpcIndex in_vpc) const { return bound_.used(in_vpc); }
  const SharedBound& bound() const { return bound_; }

 private:
  void give_back(dataplane::VpcIndex in_vpc) { bound_.give_back(in_vpc); }

  SharedBound bound_;
};

// A packet that waits, its place, and since when.
struct HeldPacket {
  PacketPtr packet;
  HoldBudget::Slot slot;
  std::chrono::steady_clock::time_point since;
};

}  // namespace bgw::control
