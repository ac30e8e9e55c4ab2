// Stage 4, source: F1. May this VPC send from this address, and by which route table does it go?
#pragma once

#include "dataplane/burst.h"

namespace bgw::dataplane {

inline void take_source_answer(Burst& burst, std::size_t i, NextHop answer) noexcept {
  switch (answer.kind()) {
    [[likely]] case NextHopKind::table
        : return burst.by_vpc_table.add(i, TableIndex{answer.index()}, burst.destination[i]);
    case NextHopKind::discard:
      return burst.drop(i, static_cast<DropReason>(answer.index()));
    default:
      return burst.drop(i, DropReason::source_spoofed);
  }
}

inline void check_sources(const FibSnapshot& fib, Burst& burst) noexcept {
  for (const std::size_t i : burst.ipv4)
    burst.by_source.add(i, fib.vpcs[burst.in_vpc[i].value].source_table, burst.source[i]);
  burst.by_source.run(fib);
  for (std::size_t k = 0; k < burst.by_source.size(); ++k)
    take_source_answer(burst, burst.by_source.position(k), burst.by_source.result(k));
}

// Packets of the gateway itself go by the VPC's main table.
inline void use_main_tables(const FibSnapshot& fib, Burst& burst) noexcept {
  for (const std::size_t i : burst.ipv4)
    burst.by_vpc_table.add(i, fib.vpcs[burst.in_vpc[i].value].main_table, burst.destination[i]);
}

}  // namespace bgw::dataplane
