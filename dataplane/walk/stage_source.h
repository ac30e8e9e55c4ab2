// Stage 4, source: F1, and X2 of what comes from outside. May this be sent from this address, and
// by which route table does it go?
#pragma once

#include "dataplane/walk/burst.h"

namespace bgw::dataplane {

template <typename Family>
inline void take_source_answer(Burst& burst, std::size_t i, NextHop answer) noexcept {
  Routed<Family>& routed = burst.routed<Family>();
  switch (answer.kind()) {
    [[likely]] case NextHopKind::table
        : return routed.by_vpc_table.add(i, TableIndex{answer.index()}, routed.destination[i]);
    case NextHopKind::discard:
      return burst.drop(i, static_cast<DropReason>(answer.index()));
    default:
      return burst.drop(i, DropReason::source_spoofed);
  }
}

// Does the gateway lead there into VPCs, or nowhere on purpose? Members of a group are all of one
// kind.
inline bool is_no_outside_source(const FibSnapshot& fib, NextHop hop) noexcept {
  if (hop.kind() == NextHopKind::group) hop = fib.groups[hop.index()].members[0];
  return hop.kind() == NextHopKind::attachment || hop.kind() == NextHopKind::discard;
}

// X2: what comes from outside is from no VPC, nor from what is black-holed (RFC 5635).
template <typename Family>
void check_outside_sources(const FibSnapshot& fib, Burst& burst) noexcept {
  Routed<Family>& routed = burst.routed<Family>();
  routed.by_gateway_source.run(fib);
  for (std::size_t k = 0; k < routed.by_gateway_source.size(); ++k) {
    const std::size_t i = routed.by_gateway_source.position(k);
    if (is_no_outside_source(fib, routed.by_gateway_source.result(k))) {
      burst.drop(i, DropReason::source_spoofed);
    } else {
      routed.by_source.add(i, fib.vpcs[burst.in_vpc[i].value].source_table, routed.source[i]);
    }
  }
}

template <typename Family>
inline void check_sources(const FibSnapshot& fib, Burst& burst) noexcept {
  Routed<Family>& routed = burst.routed<Family>();
  if (routed.packets.size() == 0) return;
  for (const std::size_t i : routed.packets) {
    const VpcFib& from = fib.vpcs[burst.in_vpc[i].value];
    if (from.outside) [[unlikely]] {
      routed.by_gateway_source.add(i, from.gateway, routed.source[i]);
    } else {
      routed.by_source.add(i, from.source_table, routed.source[i]);
    }
  }
  if (routed.by_gateway_source.size() > 0) [[unlikely]]
    check_outside_sources<Family>(fib, burst);
  routed.by_source.run(fib);
  for (std::size_t k = 0; k < routed.by_source.size(); ++k)
    take_source_answer<Family>(burst, routed.by_source.position(k), routed.by_source.result(k));
}

// Packets of the gateway itself go by the VPC's main table.
template <typename Family>
inline void use_main_tables(const FibSnapshot& fib, Burst& burst) noexcept {
  Routed<Family>& routed = burst.routed<Family>();
  for (const std::size_t i : routed.packets)
    routed.by_vpc_table.add(i, fib.vpcs[burst.in_vpc[i].value].main_table, routed.destination[i]);
}

}  // namespace bgw::dataplane
