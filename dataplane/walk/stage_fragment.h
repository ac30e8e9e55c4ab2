// Between forward and tx: IPv4 packets that are larger than their way out, cut to it.
#pragma once

#include <array>

#include "dataplane/exchange/captures.h"
#include "dataplane/walk/burst.h"
#include "dataplane/walk/fragment.h"
#include "dataplane/walk/stage_tx.h"

namespace bgw::dataplane {

class Fragmenter {
 public:
  Fragmenter(Transmitter& transmitter, const CaptureTap& tap)
      : transmitter_(transmitter), tap_(tap) {}

  // Sends the fragments of burst.to_fragment, all of a packet or the packet counts as dropped.
  void fragment(const FibSnapshot& fib, Burst& burst) noexcept;

 private:
  void fragment_one(const FibSnapshot& fib, Burst& burst, std::size_t i) noexcept;

  Transmitter& transmitter_;
  const CaptureTap& tap_;
  std::array<rte_mbuf*, max_fragments> fragments_;
};

}  // namespace bgw::dataplane
