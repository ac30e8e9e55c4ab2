// Stage 8, tx: grouped per port, retried within bounds, dropped and counted beyond them.
#pragma once

#include <rte_config.h>

#include <array>
#include <cstdint>
#include <span>

#include "dataplane/exchange/counter_block.h"
#include "dataplane/walk/burst.h"
#include "dataplane/walk/link_states.h"

namespace bgw::dataplane {

class Transmitter {
 public:
  Transmitter(QueueId queue, CounterBlock& counters) : queue_(queue), counters_(counters) {}

  // Control thread, any time. Devices are offered packets whatever their links are said to be,
  // which may be out of date; it only tells why one takes no more, from the next burst on.
  void set_link(PortId port, bool up) noexcept { links_.set_down(port, !up); }

  // Sends burst.to_send in order, per port, and counts it; adds what devices don't take to
  // burst.dropped.
  void transmit(const FibSnapshot& fib, Burst& burst) noexcept;
  // Sends the fragments of packet `i`, frames of `bytes` in all, and counts them and it. It ends
  // here: it is freed, or dropped together with those that the device doesn't take.
  void send_fragments(PortId port, Burst& burst, std::size_t i, std::span<rte_mbuf*> fragments,
                      std::uint64_t bytes) noexcept;

 private:
  struct PortBatch {
    std::array<rte_mbuf*, burst_max> packets;
    Selection positions;
  };
  void send(PortId port, PortBatch& batch, Burst& burst) noexcept;
  void drop(Burst& burst, std::size_t i, bool no_link) noexcept;
  void count_sent(const Burst& burst, const Selection& positions, std::size_t sent) noexcept;

  QueueId queue_;
  CounterBlock& counters_;
  LinkStates links_;
  std::array<PortBatch, RTE_MAX_ETHPORTS> batches_;
};

}  // namespace bgw::dataplane
