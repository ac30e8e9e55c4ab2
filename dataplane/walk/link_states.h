// Which ports' links are known to be down: told by the control thread, asked when a device takes no
// more.
#pragma once

#include <rte_config.h>

#include <array>
#include <atomic>

#include "dataplane/published/types.h"

namespace bgw::dataplane {

// One writer, any readers. A reader may notice a change late.
class LinkStates {
 public:
  bool is_down(PortId port) const noexcept {
    return down_[port.value].load(std::memory_order_relaxed);
  }
  void set_down(PortId port, bool down) noexcept {
    down_[port.value].store(down, std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<bool>, RTE_MAX_ETHPORTS> down_{};
};

}  // namespace bgw::dataplane
