// Between F3 and F4, policy: what happens to a packet because of the attachments by which it
// crosses a gateway, burst.in_attachment and burst.out_attachment. It is here for counting; limits,
// translation of addresses and flow records belong here too. The packet is as it came in, but for
// what a tunnel put around it: nothing of it has changed yet.
#pragma once

#include <cstdint>

#include "dataplane/exchange/counter_block.h"
#include "dataplane/walk/burst.h"

namespace bgw::dataplane {

// Packets that follow each other by the same attachments are added up first.
template <typename Crossing>
inline void count_crossings(const Burst& burst, const Crossing& crossing,
                            CounterBlock& counters) noexcept {
  for (std::size_t k = 0; k < crossing.size();) {
    const AttachmentIndex in = burst.in_attachment[crossing.position(k)];
    const AttachmentIndex out = burst.out_attachment[crossing.position(k)];
    std::uint64_t packets = 0, bytes = 0;
    for (; k < crossing.size(); ++k) {
      const std::size_t i = crossing.position(k);
      if (burst.in_attachment[i] != in || burst.out_attachment[i] != out) break;
      ++packets;
      bytes += burst.ip_bytes[i];
    }
    AttachmentCounters& entered = counters.attachment(in);
    bump(entered.to_gateway_packets, packets);
    bump(entered.to_gateway_bytes, bytes);
    AttachmentCounters& left = counters.attachment(out);
    bump(left.to_vpc_packets, packets);
    bump(left.to_vpc_bytes, bytes);
  }
}

// All policies, in order, over the packets that F3 sent into a VPC and that F4 is about to look up,
// and over those that it sent outside. A policy that drops one also takes it out of these.
template <typename Crossing>
inline void apply_policies(const FibSnapshot&, Burst& burst, Crossing& crossing,
                           CounterBlock& counters) noexcept {
  count_crossings(burst, crossing, counters);
}

}  // namespace bgw::dataplane
