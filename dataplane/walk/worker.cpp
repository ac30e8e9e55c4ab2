// The packet walk, from rx to its end. Each stage is in the header of its name.
#include "dataplane/walk/worker.h"

#include <rte_cycles.h>
#include <rte_mbuf.h>
#include <rte_pause.h>
#include <rte_ring.h>

#include "dataplane/walk/stage_capture.h"
#include "dataplane/walk/stage_classify.h"
#include "dataplane/walk/stage_forward.h"
#include "dataplane/walk/stage_frames.h"
#include "dataplane/walk/stage_inject.h"
#include "dataplane/walk/stage_lookup.h"
#include "dataplane/walk/stage_rx.h"
#include "dataplane/walk/stage_source.h"

namespace bgw::dataplane {

// Parsed frames of VPCs.
void Worker::walk_frames(const FibSnapshot& fib, Entrance entrance) noexcept {
  punter_.report_moves(burst_);  // while their MACs are still there
  count_arrivals(burst_, entrance, counters_);
  check_sources<Ipv4>(fib, burst_);
  check_sources<Ipv6>(fib, burst_);
  walk_tables<Ipv4>(fib);
  walk_tables<Ipv6>(fib);
  finish(fib);
}

template <typename Family>
void Worker::walk_tables(const FibSnapshot& fib) noexcept {
  if (burst_.routed<Family>().packets.size() == 0) return;
  look_up_destinations<Family>(fib, burst_, counters_);
  forward<Family>(fib, burst_);
}

// Packets of the gateway itself.
void Worker::walk_originated(const FibSnapshot& fib, Entrance entrance) noexcept {
  burst_.from_gateway = true;
  parse_originated(burst_);
  count_arrivals(burst_, entrance, counters_);
  use_main_tables<Ipv4>(fib, burst_);
  use_main_tables<Ipv6>(fib, burst_);
  walk_tables<Ipv4>(fib);
  walk_tables<Ipv6>(fib);
  finish(fib);
}

// Frames that are ready to leave.
void Worker::send_frames(const FibSnapshot& fib, Entrance entrance) noexcept {
  burst_.whole_frames = true;
  for (std::size_t i = 0; i < burst_.count; ++i) {
    burst_.frame_bytes[i] = burst_.packet[i]->pkt_len;
    burst_.ip_offset[i] = sizeof(EthernetHeader);
    forward_frame(fib, burst_, i, burst_.in_tunnel[i]);
  }
  count_arrivals(burst_, entrance, counters_);
  finish(fib);
}

// Every packet of the burst meets its one fate: sent, punted or dropped. Drops come last, since the
// other two add to them.
void Worker::finish(const FibSnapshot& fib) noexcept {
  if (tap_.active()) [[unlikely]]
    capture_sent(tap_, fib, burst_);
  transmitter_.transmit(fib, burst_);
  fragmenter_.fragment(fib, burst_);
  punter_.punt(fib, burst_);
  if (tap_.active()) [[unlikely]]
    capture_dropped(tap_, fib, burst_);
  punter_.drop(fib, burst_);
}

std::size_t Worker::walk_injected(const FibSnapshot& fib) noexcept {
  std::array<rte_mbuf*, burst_max> packets;
  const std::size_t count = rte_ring_sc_dequeue_burst(
      rings_.inject(), reinterpret_cast<void**>(packets.data()), burst_max, nullptr);
  const std::span<rte_mbuf*> injected{packets.data(), count};
  // Packets that enter alike and follow each other walk together, so that none overtakes another.
  for (std::size_t at = 0; at < count;) {
    const Injection first = injection_of(injected[at]);
    at += take_run(fib, injected.subspan(at), first, burst_, counters_);
    switch (first.walk) {
      case Walk::held_frames:
        parse_held_frames(fib, burst_);
        walk_frames(fib, first.entrance);
        break;
      case Walk::originated:
        walk_originated(fib, first.entrance);
        break;
      case Walk::none:
        send_frames(fib, first.entrance);
        break;
    }
  }
  return count;
}

void Worker::run_once() noexcept {
  const FibSnapshot& fib = publication_.take();
  std::size_t packets = 0;
  if (options_.number < fib.rx_queues.size()) {
    for (const RxQueue& queue : fib.rx_queues[options_.number]) {
      if (!receive(queue, burst_)) continue;
      packets += burst_.count;
      classify_by_port(fib, burst_);
      parse_frames(fib, burst_);
      if (tap_.active()) [[unlikely]]
        capture_received(tap_, burst_);
      walk_frames(fib, &InterfaceCounters::rx_packets);
    }
  }
  packets += walk_injected(fib);
  count_loop(packets);
  rcu_.quiescent(options_.number);
}

void Worker::run(const std::atomic<bool>& stop) noexcept {
  rcu_.online(options_.number);
  while (!stop.load(std::memory_order_relaxed)) run_once();
  rcu_.offline(options_.number);
}

void Worker::count_loop(std::size_t packets) noexcept {
  bump(stats_.loops);
  if (packets == 0) return rte_pause();
  bump(stats_.busy_loops);
  bump(stats_.packets, packets);
}

Worker::Worker(Options options, const Publication& publication, Rcu& rcu, const Captures& captures)
    : options_(options),
      publication_(publication),
      rcu_(rcu),
      counters_(options.max_vpcs, RTE_MAX_ETHPORTS, options.max_attachments),
      rings_(options.number),
      punter_(rings_, options.max_vpcs, rte_get_tsc_hz(), counters_),
      transmitter_(QueueId{static_cast<std::uint16_t>(options.number)}, counters_),
      tap_(captures, options.number) {
  burst_.reset();
}

void Worker::forget(VpcIndex vpc) {
  counters_.zero(vpc);
  punter_.forget(vpc);
}

Worker::Stats Worker::stats() const {
  const auto read = [](std::uint64_t& counter) {
    return std::atomic_ref<std::uint64_t>{counter}.load(std::memory_order_relaxed);
  };
  return {read(stats_.loops), read(stats_.busy_loops), read(stats_.packets)};
}

}  // namespace bgw::dataplane
