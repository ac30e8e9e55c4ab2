#include "dataplane/exchange/worker_rings.h"

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <stdexcept>

#include "dataplane/published/fdb_table.h"

namespace bgw::dataplane {

namespace {
rte_ring* make_ring(const std::string& name, std::uint32_t slots,
                    std::size_t element_bytes = sizeof(rte_mbuf*)) {
  // One slot of a ring stays empty unless its size is exact.
  rte_ring* ring = rte_ring_create_elem(name.c_str(), static_cast<unsigned>(element_bytes), slots,
                                        static_cast<int>(rte_socket_id()),
                                        RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
  if (ring == nullptr)
    throw std::runtime_error(
        fmt::format("no memory for a worker's ring ({}): {}", name, rte_strerror(rte_errno)));
  return ring;
}

void free_ring(rte_ring* ring) {
  if (ring == nullptr) return;
  void* packet = nullptr;
  while (rte_ring_sc_dequeue(ring, &packet) == 0) rte_pktmbuf_free(static_cast<rte_mbuf*>(packet));
  rte_ring_free(ring);
}
}  // namespace

WorkerRings::WorkerRings(unsigned worker) {
  try {
    for (std::size_t c = 0; c < punt_class_count; ++c)
      punt_[c] = make_ring(fmt::format("bgw_punt_{}_{}", worker, c), punt_limits[c].ring_slots);
    inject_ = make_ring(fmt::format("bgw_inject_{}", worker), inject_ring_slots);
    moves_ = make_ring(fmt::format("bgw_moves_{}", worker), move_ring_slots, sizeof(MacMove));
  } catch (...) {
    free_all();
    throw;
  }
}

WorkerRings::~WorkerRings() {
  free_all();
}

void WorkerRings::free_all() {
  for (rte_ring* ring : punt_) free_ring(ring);
  free_ring(inject_);
  rte_ring_free(moves_);
}

}  // namespace bgw::dataplane
