// The bounded rings between one worker and the control thread, one producer and one consumer each.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/exchange/punt_limits.h"
#include "dataplane/published/punt.h"

struct rte_ring;

namespace bgw::dataplane {

inline constexpr std::uint32_t inject_ring_slots = 4096;
inline constexpr std::uint32_t move_ring_slots = 1024;

class WorkerRings {
 public:
  // Needs EAL. Throws std::runtime_error when there is no memory. `worker` makes the names unique.
  explicit WorkerRings(unsigned worker);
  ~WorkerRings();  // frees the packets that are left
  WorkerRings(const WorkerRings&) = delete;
  WorkerRings& operator=(const WorkerRings&) = delete;

  rte_ring* punt(PuntClass punt) const { return punt_[static_cast<std::size_t>(punt)]; }
  rte_ring* inject() const { return inject_; }
  rte_ring* moves() const { return moves_; }  // of MacMove, by value

 private:
  void free_all();
  std::array<rte_ring*, punt_class_count> punt_{};
  rte_ring* inject_ = nullptr;
  rte_ring* moves_ = nullptr;
};

}  // namespace bgw::dataplane
