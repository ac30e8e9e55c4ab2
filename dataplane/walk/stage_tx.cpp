#include "dataplane/walk/stage_tx.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_pause.h>

#include <cerrno>

namespace bgw::dataplane {

namespace {
// How often a full queue is asked again before the rest is dropped: enough for a device to take
// some descriptors back, too little for other ports to notice.
constexpr int tx_attempts = 4;

// Drivers of kernel devices end a burst at the kernel's first error, which they leave in errno:
// EIO or EBADFD of a TAP whose other end is down or gone, ENETDOWN or ENXIO of sockets.
bool says_no_link(int error) noexcept {
  return error == EIO || error == EBADFD || error == ENETDOWN || error == ENXIO;
}

struct Taken {
  std::size_t sent = 0;
  bool no_link = false;  // the driver has just learned that its link is down
};

Taken send_burst(PortId port, QueueId queue, rte_mbuf** packets, std::size_t count) noexcept {
  const auto offer = [&](std::size_t from) {
    return from + rte_eth_tx_burst(port.value, queue.value, packets + from,
                                   static_cast<std::uint16_t>(count - from));
  };
  std::size_t sent = offer(0);
  if (sent == count) [[likely]]
    return {sent};
  errno = 0;  // as drivers that ask no kernel leave it
  for (int attempt = 1; attempt < tx_attempts && sent < count; ++attempt) {
    rte_pause();
    sent = offer(sent);
  }
  return {sent, sent < count && says_no_link(errno)};
}
}  // namespace

void Transmitter::transmit(const FibSnapshot& fib, Burst& burst) noexcept {
  std::array<std::uint16_t, burst_max> ports;  // in order of first use
  std::size_t port_count = 0;
  for (const std::size_t i : burst.to_send) {
    const PortId port = fib.vpcs[burst.out_vpc[i].value].port;
    PortBatch& batch = batches_[port.value];
    if (batch.positions.size() == 0) ports[port_count++] = port.value;
    batch.packets[batch.positions.size()] = burst.packet[i];
    batch.positions.add(i);
  }
  for (std::size_t k = 0; k < port_count; ++k) send(PortId{ports[k]}, batches_[ports[k]], burst);
}

void Transmitter::send(PortId port, PortBatch& batch, Burst& burst) noexcept {
  const std::size_t count = batch.positions.size();
  const Taken taken = send_burst(port, queue_, batch.packets.data(), count);
  // What was sent belongs to the device now: only the burst's own arrays may be read.
  count_sent(burst, batch.positions, taken.sent);
  if (taken.sent < count) [[unlikely]] {
    const bool no_link = taken.no_link || links_.is_down(port);
    for (std::size_t k = taken.sent; k < count; ++k) drop(burst, batch.positions[k], no_link);
  }
  batch.positions.clear();
}

// With its link down the interface that the packet would have left by is to blame, and it was
// forwarded there; otherwise whoever sends too much.
void Transmitter::drop(Burst& burst, std::size_t i, bool no_link) noexcept {
  if (!no_link) return burst.drop(i, DropReason::tx_queue_full);
  bump(counters_.vpc(burst.in_vpc[i]).forwarded);
  bump(counters_.vpc(burst.out_vpc[i]).undelivered);
  burst.in_vpc[i] = burst.out_vpc[i];
  burst.drop(i, DropReason::link_down);
}

void Transmitter::send_fragments(PortId port, Burst& burst, std::size_t i,
                                 std::span<rte_mbuf*> fragments, std::uint64_t bytes) noexcept {
  const std::size_t count = fragments.size();
  const Taken taken = send_burst(port, queue_, fragments.data(), count);
  InterfaceCounters& out = counters_.vpc(burst.out_vpc[i]);
  bump(out.tx_packets, taken.sent);
  if (taken.sent < count) [[unlikely]] {
    rte_pktmbuf_free_bulk(fragments.data() + taken.sent, static_cast<unsigned>(count - taken.sent));
    return drop(burst, i, taken.no_link || links_.is_down(port));
  }
  bump(out.tx_bytes, bytes);
  bump(counters_.vpc(burst.in_vpc[i]).forwarded);
  rte_pktmbuf_free(burst.packet[i]);
}

void Transmitter::count_sent(const Burst& burst, const Selection& positions,
                             std::size_t sent) noexcept {
  for (std::size_t k = 0; k < sent;) {
    const VpcIndex from = burst.in_vpc[positions[k]];
    const VpcIndex to = burst.out_vpc[positions[k]];
    std::uint64_t packets = 0, bytes = 0;
    for (; k < sent && burst.in_vpc[positions[k]] == from && burst.out_vpc[positions[k]] == to;
         ++k) {
      ++packets;
      bytes += burst.frame_bytes[positions[k]];
    }
    bump(counters_.vpc(from).forwarded, packets);
    bump(counters_.vpc(to).tx_packets, packets);
    bump(counters_.vpc(to).tx_bytes, bytes);
  }
}

}  // namespace bgw::dataplane
