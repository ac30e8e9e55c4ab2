// Stage 5, lookup: F2 in the VPC's table, F3 in a gateway's, policy, F4 in the table of the VPC
// that it is delivered into, or F5 on the way outside. Each step looks up only the packets that the
// step before sent on.
#pragma once

#include "dataplane/walk/burst.h"
#include "dataplane/walk/stage_classify.h"
#include "dataplane/walk/stage_parse.h"
#include "dataplane/walk/stage_policy.h"

namespace bgw::dataplane {

// A member of an ECMP group for this packet's flow. A packet can meet a group in several steps,
// which use different bits, so that one choice does not decide the next.
inline NextHop choose_member(const FibSnapshot& fib, Burst& burst, std::size_t i, NextHop hop,
                             unsigned step) noexcept {
  const EcmpGroup& group = fib.groups[hop.index()];
  const std::uint64_t bits = (flow_hash_of(burst, i) >> (20 * step)) & 0xfffff;
  return group.count == 0 ? NextHop{} : group.members[bits * group.count >> 20];
}

// What all steps do alike: the packet reached its neighbour, the gateway itself, or its end. `vpc`
// is the VPC whose table answered.
template <typename Family>
inline void take_local_answer(const FibSnapshot& fib, Burst& burst, std::size_t i, VpcIndex vpc,
                              NextHop hop) noexcept {
  Routed<Family>& routed = burst.routed<Family>();
  switch (hop.kind()) {
    [[likely]] case NextHopKind::on_link : burst.out_vpc[i] = vpc;
    routed.next_address[i] = routed.destination[i];
    return routed.adjacent.add(i);
    case NextHopKind::neighbour:
      burst.out_vpc[i] = fib.address_hops[hop.index()].vpc;
      routed.next_address[i] = Family::key(fib.address_hops[hop.index()].address);
      return routed.adjacent.add(i);
    case NextHopKind::self:
      return burst.punt(i, PuntClass::local, vpc, Family::address(routed.destination[i]));
    case NextHopKind::discard:
      return burst.drop(i, static_cast<DropReason>(hop.index()));
    default:
      return burst.drop(i, DropReason::no_route);
  }
}

// F4: into a VPC, by its main table.
template <typename Family>
inline void enter_vpc(const FibSnapshot& fib, Burst& burst, std::size_t i, VpcIndex vpc) noexcept {
  if (!is_up(fib, vpc)) [[unlikely]]
    return burst.drop(i, DropReason::no_route);
  burst.out_vpc[i] = vpc;
  Routed<Family>& routed = burst.routed<Family>();
  routed.by_delivery_table.add(i, fib.vpcs[vpc.value].main_table, routed.destination[i]);
}

// To a router outside, unless the packet comes from outside (F5).
template <typename Family>
inline void leave_gateway(const FibSnapshot& fib, Burst& burst, std::size_t i,
                          const AddressNextHop& router) noexcept {
  if (fib.vpcs[burst.in_vpc[i].value].outside && !burst.from_gateway)
    return burst.drop(i, DropReason::edge_to_edge);
  if (!is_up(fib, router.vpc) || !fib.vpcs[router.vpc.value].outside) [[unlikely]]
    return burst.drop(i, DropReason::no_route);
  burst.out_vpc[i] = router.vpc;
  burst.out_attachment[i] = fib.vpcs[router.vpc.value].attachment;
  Routed<Family>& routed = burst.routed<Family>();
  routed.next_address[i] = Family::key(router.address);
  routed.leaving.add(i);
}

template <typename Family>
inline void take_vpc_answer(const FibSnapshot& fib, Burst& burst, std::size_t i,
                            NextHop hop) noexcept {
  if (hop.kind() == NextHopKind::group) [[unlikely]]
    hop = choose_member(fib, burst, i, hop, 0);
  Routed<Family>& routed = burst.routed<Family>();
  if (hop.kind() == NextHopKind::attachment) {
    burst.in_attachment[i] = AttachmentIndex{hop.index()};
    return routed.by_gateway_table.add(i, fib.attachments[hop.index()].gateway,
                                       routed.destination[i]);
  }
  take_local_answer<Family>(fib, burst, i, burst.in_vpc[i], hop);
}

// A gateway's table leads into VPCs, outside, or ends. It belongs to no VPC, so nothing is local to
// it: what is on link or an own address there would be in a VPC that the rules don't lead to.
template <typename Family>
inline void take_gateway_answer(const FibSnapshot& fib, Burst& burst, std::size_t i,
                                NextHop hop) noexcept {
  if (hop.kind() == NextHopKind::group) [[unlikely]]
    hop = choose_member(fib, burst, i, hop, 1);
  switch (hop.kind()) {
    [[likely]] case NextHopKind::attachment : burst.out_attachment[i] =
        AttachmentIndex{hop.index()};
    return enter_vpc<Family>(fib, burst, i, fib.attachments[hop.index()].vpc);
    case NextHopKind::neighbour:
      return leave_gateway<Family>(fib, burst, i, fib.address_hops[hop.index()]);
    case NextHopKind::discard:
      return burst.drop(i, static_cast<DropReason>(hop.index()));
    case NextHopKind::table:
      return burst.drop(i, DropReason::routing_loop);
    default:
      return burst.drop(i, DropReason::no_route);
  }
}

template <typename Family>
inline void take_delivery_answer(const FibSnapshot& fib, Burst& burst, std::size_t i,
                                 NextHop hop) noexcept {
  if (hop.kind() == NextHopKind::group) [[unlikely]]
    hop = choose_member(fib, burst, i, hop, 2);
  if (hop.kind() == NextHopKind::table || hop.kind() == NextHopKind::attachment) [[unlikely]]
    return burst.drop(i, DropReason::routing_loop);
  take_local_answer<Family>(fib, burst, i, burst.out_vpc[i], hop);
}

using TakeAnswer = void(const FibSnapshot&, Burst&, std::size_t, NextHop);

// One step for all packets that reached it.
template <TakeAnswer take_answer, typename Family>
void look_up(const FibSnapshot& fib, Burst& burst, Lookups<Family>& lookups) noexcept {
  if (lookups.size() == 0) return;
  lookups.run(fib);
  for (std::size_t k = 0; k < lookups.size(); ++k)
    take_answer(fib, burst, lookups.position(k), lookups.result(k));
}

template <typename Family>
void look_up_destinations(const FibSnapshot& fib, Burst& burst, CounterBlock& counters) noexcept {
  Routed<Family>& routed = burst.routed<Family>();
  look_up<take_vpc_answer<Family>>(fib, burst, routed.by_vpc_table);
  look_up<take_gateway_answer<Family>>(fib, burst, routed.by_gateway_table);
  apply_policies(fib, burst, routed.by_delivery_table, counters);
  apply_policies(fib, burst, routed.leaving, counters);
  for (const std::size_t i : routed.leaving) routed.adjacent.add(i);
  look_up<take_delivery_answer<Family>>(fib, burst, routed.by_delivery_table);
}

}  // namespace bgw::dataplane
