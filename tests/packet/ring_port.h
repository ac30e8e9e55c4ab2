// Ports whose devices are two rings each, so that a test holds the other end.
#pragma once

#include <rte_ring.h>

#include <string>

#include "dataplane/published/types.h"

struct rte_mempool;

namespace bgw::packet_test {

struct RingPort {
  dataplane::PortId id;
  rte_ring* to_worker = nullptr;
  rte_ring* from_worker = nullptr;
};
constexpr unsigned tx_ring_slots = 256;

// One rx and one tx queue, started. Throws std::runtime_error. Lives as long as EAL.
RingPort make_ring_port(const std::string& name, rte_mempool* pool);

}  // namespace bgw::packet_test
