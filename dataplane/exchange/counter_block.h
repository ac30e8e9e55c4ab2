// The counters that one worker writes: a slot of whole cache lines per VPC interface and per port.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "dataplane/published/counters.h"
#include "dataplane/published/types.h"

namespace bgw::dataplane {

// One writer per counter, so an atomic load and store suffice where others pay a locked add.
inline void bump(std::uint64_t& counter, std::uint64_t by = 1) noexcept {
  const std::atomic_ref<std::uint64_t> value{counter};
  value.store(value.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}
inline void bump(InterfaceCounters& counters, DropReason reason) noexcept {
  bump(counters.drops[static_cast<std::size_t>(reason)]);
}

// The counter of how packets came in: rx_packets, rewalked or originated.
using Entrance = std::uint64_t InterfaceCounters::*;

class CounterBlock {
 public:
  CounterBlock(std::uint32_t max_vpcs, std::uint32_t max_ports)
      : max_vpcs_(max_vpcs), slots_(max_vpcs + max_ports) {}

  // The writer's.
  InterfaceCounters& vpc(VpcIndex vpc) noexcept { return slots_[vpc.value].counters; }
  InterfaceCounters& port(PortId port) noexcept { return slots_[max_vpcs_ + port.value].counters; }
  // Who accounts for a frame: the interface that owns it, else its port.
  InterfaceCounters& owner(VpcIndex owner, PortId in_port) noexcept {
    return owner == no_vpc ? port(in_port) : vpc(owner);
  }

  // Any thread: a copy, each counter whole.
  InterfaceCounters read_vpc(VpcIndex vpc) const { return read(slots_[vpc.value]); }
  InterfaceCounters read_port(PortId port) const { return read(slots_[max_vpcs_ + port.value]); }

  // Only while the writer does not write this slot.
  void zero(VpcIndex vpc) { zero(slots_[vpc.value]); }
  void zero(PortId port) { zero(slots_[max_vpcs_ + port.value]); }

 private:
  struct alignas(64) Slot {
    InterfaceCounters counters;
  };
  static InterfaceCounters read(const Slot& slot);
  static void zero(Slot& slot);

  std::uint32_t max_vpcs_;
  std::vector<Slot> slots_;
};

}  // namespace bgw::dataplane
