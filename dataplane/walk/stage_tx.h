// Stage 8, tx: grouped per port, retried within bounds, dropped and counted beyond them.
#pragma once

#include <rte_config.h>

#include <array>
#include <cstdint>
#include <span>

#include "dataplane/exchange/counter_block.h"
#include "dataplane/walk/burst.h"

namespace bgw::dataplane {

class Transmitter {
 public:
  Transmitter(QueueId queue, CounterBlock& counters) : queue_(queue), counters_(counters) {}

  // Sends burst.to_send in order, per port, and counts it; adds what found no room to
  // burst.dropped.
  void transmit(const FibSnapshot& fib, Burst& burst) noexcept;
  // Sends the fragments of one packet, frames of `bytes` in all, and counts them. False when not
  // all found room: the rest is freed, and the packet is for the caller to count as dropped.
  bool send_fragments(VpcIndex from, VpcIndex to, PortId port, std::span<rte_mbuf*> fragments,
                      std::uint64_t bytes) noexcept;

 private:
  struct PortBatch {
    std::array<rte_mbuf*, burst_max> packets;
    Selection positions;
  };
  void send(PortId port, PortBatch& batch, Burst& burst) noexcept;
  void count_sent(const Burst& burst, const Selection& positions, std::size_t sent) noexcept;

  QueueId queue_;
  CounterBlock& counters_;
  std::array<PortBatch, RTE_MAX_ETHPORTS> batches_;
};

}  // namespace bgw::dataplane
