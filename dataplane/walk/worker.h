// A worker: one core that polls its queues and walks each burst to its end.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "dataplane/exchange/captures.h"
#include "dataplane/exchange/counter_block.h"
#include "dataplane/exchange/publication.h"
#include "dataplane/exchange/rcu.h"
#include "dataplane/exchange/worker_rings.h"
#include "dataplane/walk/burst.h"
#include "dataplane/walk/stage_fragment.h"
#include "dataplane/walk/stage_punt.h"
#include "dataplane/walk/stage_tx.h"

namespace bgw::dataplane {

class Worker {
 public:
  struct Options {
    unsigned number = 0;  // from 0: its RCU reader, its tx queue, its entry in rx_queues
    unsigned core = 0;    // the lcore that it runs on
    std::uint32_t max_vpcs = 0;
    std::uint32_t max_attachments = 0;
  };
  struct Stats {
    std::uint64_t loops = 0, busy_loops = 0, packets = 0;
  };

  // Makes its rings. EAL must be up. Throws std::runtime_error when there is no memory for them.
  Worker(Options options, const Publication& publication, Rcu& rcu, const Captures& captures);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Until `stop`, on the worker's core.
  void run(const std::atomic<bool>& stop) noexcept;
  // One round: every rx queue, then the inject ring, all by one snapshot; then a quiescent state.
  // What run() repeats; tests call it to go step by step.
  void run_once() noexcept;

  // The rest is for the control thread.
  const WorkerRings& rings() const { return rings_; }
  const CounterBlock& counters() const { return counters_; }
  Stats stats() const;
  unsigned core() const { return options_.core; }
  // Zeroes what is kept about a VPC, a port or an attachment, only while the worker does not see
  // it.
  void forget(VpcIndex vpc);
  void forget(PortId port) { counters_.zero(port); }
  void forget(AttachmentIndex attachment) { counters_.zero(attachment); }
  // Any time: while it is down, what the port doesn't take is dropped for that.
  void set_link(PortId port, bool up) { transmitter_.set_link(port, up); }

 private:
  void walk_frames(const FibSnapshot& fib, Entrance entrance) noexcept;
  template <typename Family>
  void walk_tables(const FibSnapshot& fib) noexcept;
  void walk_originated(const FibSnapshot& fib, Entrance entrance) noexcept;
  void send_frames(const FibSnapshot& fib, Entrance entrance) noexcept;
  void finish(const FibSnapshot& fib) noexcept;
  std::size_t walk_injected(const FibSnapshot& fib) noexcept;
  void count_loop(std::size_t packets) noexcept;

  Options options_;
  const Publication& publication_;
  Rcu& rcu_;
  CounterBlock counters_;
  WorkerRings rings_;
  Punter punter_;
  Transmitter transmitter_;
  CaptureTap tap_;
  Fragmenter fragmenter_{transmitter_, tap_};
  Burst burst_;
  alignas(64) mutable Stats stats_;
};

}  // namespace bgw::dataplane
