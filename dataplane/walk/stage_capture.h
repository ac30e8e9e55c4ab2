// Beside the walk: what captures see of a burst. Callers ask tap.active() first.
#pragma once

#include <rte_mbuf.h>

#include "dataplane/exchange/captures.h"
#include "dataplane/walk/burst.h"
#include "dataplane/walk/stage_forward.h"

namespace bgw::dataplane {

// Parsed frames, as their VPC sees them: what a tunnel put around them is gone.
inline void capture_received(const CaptureTap& tap, const Burst& burst) noexcept {
  for (std::size_t i = 0; i < burst.count; ++i)
    tap.offer(burst.packet[i], 0, burst.ip_offset[i], burst.in_vpc[i], CaptureDirection::rx);
}

// A frame of `bytes` that is ready to leave by `out`, behind what a tunnel puts around it.
inline void capture_leaving(const CaptureTap& tap, const rte_mbuf* packet, std::uint32_t bytes,
                            const VpcFib& out, VpcIndex vpc, CaptureDirection direction,
                            DropReason reason = DropReason::count_) noexcept {
  const std::uint32_t frame_at = packet->pkt_len - bytes;
  const std::uint32_t network_at =
      frame_at + std::uint32_t{sizeof(EthernetHeader)} + out.tags.bytes;
  tap.offer(packet, frame_at, network_at, vpc, direction, reason);
}

inline void capture_sent(const CaptureTap& tap, const FibSnapshot& fib,
                         const Burst& burst) noexcept {
  for (const std::size_t i : burst.to_send)
    capture_leaving(tap, burst.packet[i], burst.frame_bytes[i], fib.vpcs[burst.out_vpc[i].value],
                    burst.out_vpc[i], CaptureDirection::tx);
}

inline void capture_dropped(const CaptureTap& tap, const FibSnapshot& fib,
                            const Burst& burst) noexcept {
  const auto is_leaving = [&](std::size_t i) {
    for (const std::size_t k : burst.to_send)
      if (k == i) return true;
    return false;
  };
  for (const std::size_t i : burst.dropped) {
    if (is_leaving(i)) {  // and found no room
      capture_leaving(tap, burst.packet[i], burst.frame_bytes[i], fib.vpcs[burst.out_vpc[i].value],
                      burst.in_vpc[i], CaptureDirection::drop, burst.reason[i]);
    } else {
      tap.offer(burst.packet[i], 0, burst.ip_offset[i], burst.in_vpc[i], CaptureDirection::drop,
                burst.reason[i]);
    }
  }
}

}  // namespace bgw::dataplane
