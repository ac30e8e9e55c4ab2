// How large a packet each tunnel's path carries, as far as that is less than its underlay's MTU.
// Changes in place beside a FIB, as neighbours do.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "dataplane/published/neighbour_table.h"
#include "dataplane/published/types.h"

namespace bgw::dataplane {

class PathMtus {
 public:
  static constexpr std::uint16_t unlimited = UINT16_MAX;

  PathMtus() : limits_(std::make_unique<std::atomic<std::uint16_t>[]>(count)) {
    for (std::size_t i = 0; i < count; ++i) limits_[i].store(unlimited, std::memory_order_relaxed);
  }

  // The largest IP packet inside, in bytes. Any thread; the tunnel is one of a FIB.
  std::uint16_t of(TunnelIndex tunnel) const noexcept {
    return limits_[tunnel.value].load(std::memory_order_relaxed);
  }
  // Control thread. A packet that is being forwarded meanwhile may still go by the limit before.
  void set(TunnelIndex tunnel, std::uint16_t limit) noexcept {
    limits_[tunnel.value].store(limit, std::memory_order_relaxed);
  }

 private:
  static constexpr std::size_t count = std::size_t{Link::max_tunnel} + 1;
  std::unique_ptr<std::atomic<std::uint16_t>[]> limits_;
};

}  // namespace bgw::dataplane
