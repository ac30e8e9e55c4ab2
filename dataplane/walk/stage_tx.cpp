#include "dataplane/walk/stage_tx.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_pause.h>

namespace bgw::dataplane {

namespace {
// How often a full queue is asked again before the rest is dropped: enough for a device to take
// some descriptors back, too little for other ports to notice.
constexpr int tx_attempts = 4;

std::size_t send_burst(PortId port, QueueId queue, rte_mbuf** packets, std::size_t count) noexcept {
  std::size_t sent = 0;
  for (int attempt = 0; attempt < tx_attempts && sent < count; ++attempt) {
    if (attempt != 0) rte_pause();
    sent += rte_eth_tx_burst(port.value, queue.value, packets + sent,
                             static_cast<std::uint16_t>(count - sent));
  }
  return sent;
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
  const std::size_t sent = send_burst(port, queue_, batch.packets.data(), count);
  // What was sent belongs to the device now: only the burst's own arrays may be read.
  count_sent(burst, batch.positions, sent);
  for (std::size_t k = sent; k < count; ++k)
    burst.drop(batch.positions[k], DropReason::tx_queue_full);
  batch.positions.clear();
}

bool Transmitter::send_fragments(VpcIndex from, VpcIndex to, PortId port,
                                 std::span<rte_mbuf*> fragments, std::uint64_t bytes) noexcept {
  const std::size_t sent = send_burst(port, queue_, fragments.data(), fragments.size());
  InterfaceCounters& out = counters_.vpc(to);
  bump(out.tx_packets, sent);
  if (sent == fragments.size()) {
    bump(out.tx_bytes, bytes);
    bump(counters_.vpc(from).forwarded);
    return true;
  }
  rte_pktmbuf_free_bulk(fragments.data() + sent, static_cast<unsigned>(fragments.size() - sent));
  return false;
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
