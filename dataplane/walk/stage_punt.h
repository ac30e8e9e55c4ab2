// The ends of the walk other than tx: packets for the control thread, policed, and drops with the
// ICMP errors that they deserve.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "dataplane/exchange/counter_block.h"
#include "dataplane/exchange/punt_limits.h"
#include "dataplane/exchange/worker_rings.h"
#include "dataplane/published/token_bucket.h"
#include "dataplane/walk/burst.h"

namespace bgw::dataplane {

// One worker's way to the control thread.
class Punter {
 public:
  // `hz` is the TSC's.
  Punter(const WorkerRings& rings, std::uint32_t max_vpcs, std::uint64_t hz,
         CounterBlock& counters);

  // Hands over burst.punted, or adds to burst.dropped what is over its rate or finds its ring full.
  void punt(Burst& burst) noexcept;
  // Tells of burst.moved, as far as their VPC's rate and the ring allow.
  void report_moves(const Burst& burst) noexcept;
  // Counts and ends burst.dropped: freed, or on its way to be answered with an ICMP error.
  void drop(const FibSnapshot& fib, Burst& burst) noexcept;

  // Only while the worker does not see the VPC.
  void forget(VpcIndex vpc) {
    by_vpc_[vpc.value] = {};
    moves_by_vpc_[vpc.value] = {};
  }

 private:
  using Buckets = std::array<TokenBucket, punt_class_count>;

  void punt_one(Burst& burst, std::size_t i, std::uint64_t now) noexcept;
  bool has_tokens(PuntClass punt, VpcIndex vpc, std::uint64_t now) const noexcept;
  void take_tokens(PuntClass punt, VpcIndex vpc, std::uint64_t now) noexcept;
  bool enqueue(PuntClass punt, rte_mbuf* packet) noexcept;
  void write_note(const Burst& burst, std::size_t i, PuntClass punt, VpcIndex vpc) noexcept;
  bool deserves_answer(const FibSnapshot& fib, const Burst& burst, std::size_t i,
                       std::uint64_t now) const noexcept;
  bool hand_over_for_icmp_error(const FibSnapshot& fib, const Burst& burst, std::size_t i,
                                std::uint64_t now) noexcept;

  const WorkerRings& rings_;
  CounterBlock& counters_;
  std::array<BucketRate, punt_class_count> vpc_rates_;
  std::array<BucketRate, punt_class_count> total_rates_;
  Buckets total_{};
  std::vector<Buckets> by_vpc_;
  BucketRate move_rate_;
  std::vector<TokenBucket> moves_by_vpc_;
};

}  // namespace bgw::dataplane
