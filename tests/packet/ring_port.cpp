#include "tests/packet/ring_port.h"

#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include <stdexcept>

namespace bgw::packet_test {

RingPort make_ring_port(const std::string& name, rte_mempool* pool) {
  const unsigned flags = RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ;
  RingPort port;
  port.to_worker = rte_ring_create((name + "_in").c_str(), 4096, 0, flags);
  port.from_worker = rte_ring_create((name + "_out").c_str(), tx_ring_slots, 0, flags);
  if (port.to_worker == nullptr || port.from_worker == nullptr)
    throw std::runtime_error("no rings");
  const int id = rte_eth_from_rings(name.c_str(), &port.to_worker, 1, &port.from_worker, 1, 0);
  if (id < 0) throw std::runtime_error("no ring port");
  port.id = dataplane::PortId{static_cast<std::uint16_t>(id)};
  const rte_eth_conf conf{};
  if (rte_eth_dev_configure(port.id.value, 1, 1, &conf) != 0 ||
      rte_eth_rx_queue_setup(port.id.value, 0, 64, 0, nullptr, pool) != 0 ||
      rte_eth_tx_queue_setup(port.id.value, 0, 64, 0, nullptr) != 0 ||
      rte_eth_dev_start(port.id.value) != 0)
    throw std::runtime_error("a ring port does not start");
  return port;
}

}  // namespace bgw::packet_test
