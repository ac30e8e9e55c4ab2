// Where packets from the control thread enter the walk.
#pragma once

#include <rte_mbuf.h>

#include <span>

#include "dataplane/exchange/counter_block.h"
#include "dataplane/published/punt.h"
#include "dataplane/walk/burst.h"
#include "dataplane/walk/stage_classify.h"

namespace bgw::dataplane {

enum class Walk : std::uint8_t { held_frames, originated, none };

struct Injection {
  Walk walk;
  Entrance entrance;
  VpcIndex vpc;  // whose packet it is
  bool enters_like(const Injection& other) const noexcept {
    return walk == other.walk && entrance == other.entrance;
  }
};

inline Injection injection_of(rte_mbuf* packet) noexcept {
  const PacketNote& note = note_of(packet);
  switch (note.inject) {
    case InjectKind::rewalk:
      if (note.whole_frame) return {Walk::none, &InterfaceCounters::rewalked, note.in_vpc};
      return {note.ip_offset == 0 ? Walk::originated : Walk::held_frames,
              &InterfaceCounters::rewalked, note.in_vpc};
    case InjectKind::originate:
      return {Walk::originated, &InterfaceCounters::originated, note.vpc};
    case InjectKind::frame:
      break;
  }
  return {Walk::none, &InterfaceCounters::originated, note.vpc};
}

// Makes a burst of the packets that follow each other and enter like `first`; those whose VPC has
// gone or is down end here. Returns how many it took.
inline std::size_t take_run(const FibSnapshot& fib, std::span<rte_mbuf*> packets,
                            const Injection& first, Burst& burst, CounterBlock& counters) noexcept {
  burst.reset();
  std::size_t taken = 0;
  for (; taken < packets.size(); ++taken) {
    const Injection injection = injection_of(packets[taken]);
    if (!injection.enters_like(first)) break;
    if (is_up(fib, injection.vpc)) [[likely]] {
      burst.packet[burst.count] = packets[taken];
      burst.in_tunnel[burst.count] = note_of(packets[taken]).tunnel;
      burst.ip_offset[burst.count] = note_of(packets[taken]).ip_offset;
      burst.in_vpc[burst.count++] = injection.vpc;
    } else {
      bump(counters.vpc(injection.vpc).*injection.entrance);
      bump(counters.vpc(injection.vpc), DropReason::no_interface);
      rte_pktmbuf_free(packets[taken]);
    }
  }
  return taken;
}

}  // namespace bgw::dataplane
