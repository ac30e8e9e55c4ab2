// Stage 1, rx: from the device, and what was received into the counters.
#pragma once

#include <rte_ethdev.h>

#include "dataplane/exchange/counter_block.h"
#include "dataplane/walk/burst.h"

namespace bgw::dataplane {

// True if anything came.
inline bool receive(const RxQueue& queue, Burst& burst) noexcept {
  burst.reset();
  burst.port = queue.port;
  burst.count = rte_eth_rx_burst(queue.port.value, queue.queue.value, burst.packet.data(),
                                 static_cast<std::uint16_t>(burst_max));
  return burst.count != 0;
}

// Counts arrivals at their owners, one write per run of packets with the same owner.
inline void count_arrivals(const Burst& burst, Entrance entrance, CounterBlock& counters) noexcept {
  for (std::size_t i = 0; i < burst.count;) {
    const VpcIndex owner = burst.in_vpc[i];
    std::uint64_t packets = 0, bytes = 0;
    for (; i < burst.count && burst.in_vpc[i] == owner; ++i) {
      ++packets;
      bytes += burst.frame_bytes[i];
    }
    InterfaceCounters& to = counters.owner(owner, burst.port);
    bump(to.*entrance, packets);
    if (entrance == &InterfaceCounters::rx_packets) bump(to.rx_bytes, bytes);
  }
}

}  // namespace bgw::dataplane
