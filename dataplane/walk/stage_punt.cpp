#include "dataplane/walk/stage_punt.h"

#include <rte_cycles.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <random>

#include "dataplane/published/fdb_table.h"
#include "dataplane/walk/icmp_rules.h"
#include "dataplane/walk/neighbour_message.h"
#include "dataplane/walk/stage_parse.h"

namespace bgw::dataplane {

namespace {
// MACs that a VXLAN VPC's worker tells of.
constexpr std::uint32_t moves_per_second = 1'000;
constexpr std::uint32_t moves_burst = 256;
// Of the buckets of sources; a power of two. Two that share one share its rate.
constexpr std::size_t source_buckets = 4096;

constexpr std::size_t index_of(PuntClass punt) {
  return static_cast<std::size_t>(punt);
}
}  // namespace

Punter::Punter(const WorkerRings& rings, std::uint32_t max_vpcs, std::uint64_t hz,
               CounterBlock& counters)
    : rings_(rings),
      counters_(counters),
      by_vpc_(max_vpcs),
      source_rate_(BucketRate::of(known_per_source.per_second, known_per_source.burst, hz)),
      by_source_(source_buckets),
      move_rate_(BucketRate::of(moves_per_second, moves_burst, hz)),
      moves_by_vpc_(max_vpcs) {
  std::random_device random;
  source_seed_ = std::uint64_t{random()} << 32 | random();
  for (std::size_t c = 0; c < punt_class_count; ++c) {
    const PuntLimit& limit = punt_limits[c];
    vpc_rates_[c] = BucketRate::of(limit.vpc_per_second, limit.vpc_burst, hz);
    sure_rates_[c] = BucketRate::of(limit.sure_per_second, limit.sure_burst, hz);
    total_rates_[c] = BucketRate::of(std::uint64_t{limit.vpc_per_second} * all_vpcs_factor,
                                     std::uint64_t{limit.vpc_burst} * all_vpcs_factor, hz);
  }
}

Punter::Grant Punter::grant(PuntClass punt, VpcIndex vpc, std::uint64_t now) const noexcept {
  const std::size_t c = index_of(punt);
  const VpcBuckets& own = by_vpc_[vpc.value];
  if (!own.most[c].has_token(vpc_rates_[c], now)) return Grant::none;
  if (own.sure[c].has_token(sure_rates_[c], now)) return Grant::sure;
  return total_[c].has_token(total_rates_[c], now) ? Grant::shared : Grant::none;
}

void Punter::take_tokens(PuntClass punt, VpcIndex vpc, Grant granted, std::uint64_t now) noexcept {
  const std::size_t c = index_of(punt);
  VpcBuckets& own = by_vpc_[vpc.value];
  own.most[c].take(vpc_rates_[c], now);
  if (granted == Grant::sure) {
    own.sure[c].take(sure_rates_[c], now);
  } else {
    total_[c].take(total_rates_[c], now);
  }
}

TokenBucket& Punter::bucket_of(VpcIndex vpc, std::uint64_t mac) noexcept {
  std::uint64_t hash = (source_seed_ ^ vpc.value) * 0xff51afd7ed558ccdu;
  hash = (hash ^ (hash >> 32) ^ mac) * 0x9e3779b97f4a7c15u;
  return by_source_[(hash ^ (hash >> 32)) % source_buckets];
}

// Half of a ring is for what VPCs are sure of.
bool Punter::enqueue(PuntClass punt, rte_mbuf* packet, Grant granted) noexcept {
  rte_ring* ring = rings_.punt(punt);
  const bool may = granted == Grant::sure ||
                   rte_ring_free_count(ring) > punt_limits[index_of(punt)].ring_slots / 2;
  return may && rte_ring_sp_enqueue(ring, packet) == 0;
}

// What neighbours say, by what it is worth: strangers' noise must neither keep the answers from the
// gateway that it waits for, nor what known neighbours ask it. Policers first, then the table.
Punter::Lane Punter::lane_of(const FibSnapshot& fib, const Burst& burst, std::size_t i,
                             std::uint64_t now) noexcept {
  const PuntClass punt = burst.punt_class[i];
  const VpcIndex vpc = burst.in_vpc[i];
  const auto of_all = [&] { return Lane{punt, grant(punt, vpc, now)}; };
  if (punt != PuntClass::arp && punt != PuntClass::nd) return of_all();
  const NeighbourMessage said = punt == PuntClass::arp
                                    ? read_arp(burst.packet[i], burst.ip_offset[i])
                                    : read_nd(burst.packet[i], burst.ip_offset[i]);
  if (said.kind == NeighbourMessage::Kind::other) return of_all();
  if (said.kind == NeighbourMessage::Kind::answer) {
    const Grant granted = grant(PuntClass::answer, vpc, now);
    if (granted != Grant::none && fib.neighbours->awaits(vpc, said.address))
      return {PuntClass::answer, granted};
  }
  TokenBucket& source = bucket_of(vpc, said.mac);
  if (!source.has_token(source_rate_, now)) return of_all();
  const Grant granted = grant(PuntClass::known, vpc, now);
  if (granted == Grant::none || !fib.neighbours->has_answered(vpc, said.address, said.mac))
    return of_all();
  source.take(source_rate_, now);
  return {PuntClass::known, granted};
}

void Punter::write_note(const Burst& burst, std::size_t i, PuntClass punt, VpcIndex vpc) noexcept {
  note_of(burst.packet[i]) = {
      .punt = punt,
      .inject = InjectKind::rewalk,
      .in_vpc = burst.in_vpc[i],
      .vpc = vpc,
      .tunnel = burst.in_tunnel[i],
      .whole_frame = burst.whole_frames,
      .ip_offset = burst.ip_offset[i],
  };
}

void Punter::punt(const FibSnapshot& fib, Burst& burst) noexcept {
  if (burst.punted.size() == 0) return;
  const std::uint64_t now = rte_rdtsc();
  for (const std::size_t i : burst.punted) punt_one(fib, burst, i, now);
}

void Punter::punt_one(const FibSnapshot& fib, Burst& burst, std::size_t i,
                      std::uint64_t now) noexcept {
  const auto [punt, granted] = lane_of(fib, burst, i, now);
  if (granted == Grant::none) return burst.drop(i, DropReason::punt_policed);
  take_tokens(punt, burst.in_vpc[i], granted, now);
  write_note(burst, i, punt, burst.out_vpc[i]);
  note_of(burst.packet[i]).address = burst.punt_address[i];
  if (!enqueue(punt, burst.packet[i], granted)) return burst.drop(i, DropReason::punt_queue_full);
  bump(counters_.vpc(burst.in_vpc[i]).punted);
}

void Punter::report_moves(const Burst& burst) noexcept {
  if (burst.moved.size() == 0) return;
  const std::uint64_t now = rte_rdtsc();
  for (const std::size_t i : burst.moved) {
    if (!moves_by_vpc_[burst.in_vpc[i].value].try_take(move_rate_, now)) continue;
    const auto* frame = rte_pktmbuf_mtod(burst.packet[i], const std::uint8_t*);
    MacMove move{burst.in_vpc[i], burst.in_tunnel[i], source_of(frame)};
    rte_ring_sp_enqueue_elem(rings_.moves(), &move,
                             sizeof move);  // full: the next frame tells again
  }
}

void Punter::drop(const FibSnapshot& fib, Burst& burst) noexcept {
  if (burst.dropped.size() == 0) return;
  const std::uint64_t now = rte_rdtsc();
  for (const std::size_t i : burst.dropped) {
    InterfaceCounters& counters = counters_.owner(burst.in_vpc[i], burst.port);
    bump(counters, burst.reason[i]);
    if (deserves_icmp_error(burst.reason[i])) {
      if (hand_over_for_icmp_error(fib, burst, i, now)) continue;
      bump(counters.icmp_suppressed);
    }
    rte_pktmbuf_free(burst.packet[i]);
  }
}

// The cheapest question first, since a flood of drops comes this way: the policer, then the header.
// That the source is one host (RFC 1812 §4.3.2.7, RFC 4443 §2.4(e)) parse and F1 have seen to.
Punter::Grant Punter::grant_answer(const FibSnapshot& fib, const Burst& burst, std::size_t i,
                                   std::uint64_t now) const noexcept {
  const VpcIndex vpc = burst.in_vpc[i];
  if (burst.from_gateway || fib.vpcs[vpc.value].kind == LinkKind::underlay) return Grant::none;
  const Grant granted = grant(PuntClass::icmp_error, vpc, now);
  if (granted == Grant::none) return granted;
  const View ip = view_at(burst.packet[i], burst.ip_offset[i]);
  return may_answer_with_icmp_error(ip.bytes, ip.readable) ? granted : Grant::none;
}

bool Punter::hand_over_for_icmp_error(const FibSnapshot& fib, const Burst& burst, std::size_t i,
                                      std::uint64_t now) noexcept {
  const Grant granted = grant_answer(fib, burst, i, now);
  if (granted == Grant::none) return false;
  rte_mbuf* packet = burst.packet[i];
  const VpcIndex vpc = burst.in_vpc[i];
  take_tokens(PuntClass::icmp_error, vpc, granted, now);
  write_note(burst, i, PuntClass::icmp_error, vpc);
  PacketNote& note = note_of(packet);
  note.reason = burst.reason[i];
  if (note.reason == DropReason::mtu_exceeded) note.mtu = burst.out_mtu[i];
  return enqueue(PuntClass::icmp_error, packet, granted);
}

}  // namespace bgw::dataplane
