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
  void punt(const FibSnapshot& fib, Burst& burst) noexcept;
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
  using Rates = std::array<BucketRate, punt_class_count>;
  struct VpcBuckets {
    Buckets most;  // all that the VPC may
    Buckets sure;  // of it, what needs nothing of what all share
  };
  enum class Grant : std::uint8_t { none, sure, shared };
  struct Lane {
    PuntClass punt;
    Grant granted;
  };

  void punt_one(const FibSnapshot& fib, Burst& burst, std::size_t i, std::uint64_t now) noexcept;
  Lane lane_of(const FibSnapshot& fib, const Burst& burst, std::size_t i,
               std::uint64_t now) noexcept;
  Grant grant(PuntClass punt, VpcIndex vpc, std::uint64_t now) const noexcept;
  void take_tokens(PuntClass punt, VpcIndex vpc, Grant granted, std::uint64_t now) noexcept;
  TokenBucket& bucket_of(VpcIndex vpc, std::uint64_t mac) noexcept;
  bool enqueue(PuntClass punt, rte_mbuf* packet, Grant granted) noexcept;
  void write_note(const Burst& burst, std::size_t i, PuntClass punt, VpcIndex vpc) noexcept;
  Grant grant_answer(const FibSnapshot& fib, const Burst& burst, std::size_t i,
                     std::uint64_t now) const noexcept;
  bool hand_over_for_icmp_error(const FibSnapshot& fib, const Burst& burst, std::size_t i,
                                std::uint64_t now) noexcept;

  const WorkerRings& rings_;
  CounterBlock& counters_;
  Rates vpc_rates_;
  Rates sure_rates_;
  Rates total_rates_;
  Buckets total_{};
  std::vector<VpcBuckets> by_vpc_;
  BucketRate source_rate_;
  std::vector<TokenBucket> by_source_;  // by hash of VPC and MAC
  std::uint64_t source_seed_;
  BucketRate move_rate_;
  std::vector<TokenBucket> moves_by_vpc_;
};

}  // namespace bgw::dataplane
