// The forwarding rules F1–F5 and X2 walked over the programmed tables for one packet, on the
// control thread: what workers do with it as far as routes decide. Held against walk(), which reads
// the RIB.
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

#include "control/routes/walk.h"
#include "dataplane/published/fib.h"

namespace bgw::control {

struct FibOutcome {
  Verdict verdict = Verdict::drop;
  dataplane::VpcIndex vpc;                                       // deliver, self
  dataplane::MappedAddress neighbour;                            // deliver
  dataplane::DropReason reason = dataplane::DropReason::count_;  // drop
  friend auto operator<=>(const FibOutcome&, const FibOutcome&) = default;
};

// One outcome per ECMP member, each once, sorted. Both addresses are of one family. `fib` must be
// in force or not yet published.
std::vector<FibOutcome> fib_walk(const dataplane::FibSnapshot& fib, dataplane::VpcIndex from,
                                 const dataplane::MappedAddress& source,
                                 const dataplane::MappedAddress& destination);

}  // namespace bgw::control
