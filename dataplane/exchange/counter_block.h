// The counters that one worker writes: a slot of whole cache lines per VPC interface and per port,
// and half a line per attachment.
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
  CounterBlock(std::uint32_t max_vpcs, std::uint32_t max_ports, std::uint32_t max_attachments)
      : max_vpcs_(max_vpcs), slots_(max_vpcs + max_ports), attachments_(max_attachments) {}

  // The writer's.
  InterfaceCounters& vpc(VpcIndex vpc) noexcept { return slots_[vpc.value].counters; }
  InterfaceCounters& port(PortId port) noexcept { return slots_[max_vpcs_ + port.value].counters; }
  AttachmentCounters& attachment(AttachmentIndex attachment) noexcept {
    return attachments_[attachment.value].counters;
  }
  // Who accounts for a frame: the interface that owns it, else its port.
  InterfaceCounters& owner(VpcIndex owner, PortId in_port) noexcept {
    return owner == no_vpc ? port(in_port) : vpc(owner);
  }

  // Any thread: a copy, each counter whole.
  InterfaceCounters read_vpc(VpcIndex vpc) const;
  InterfaceCounters read_port(PortId port) const;
  AttachmentCounters read_attachment(AttachmentIndex attachment) const;

  // Only while the writer does not write this slot.
  void zero(VpcIndex vpc);
  void zero(PortId port);
  void zero(AttachmentIndex attachment);

 private:
  struct alignas(64) Slot {
    InterfaceCounters counters;
  };
  struct alignas(32) AttachmentSlot {
    AttachmentCounters counters;
  };

  std::uint32_t max_vpcs_;
  std::vector<Slot> slots_;
  std::vector<AttachmentSlot> attachments_;
};

}  // namespace bgw::dataplane
