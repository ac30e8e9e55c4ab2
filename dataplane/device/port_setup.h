// Queues, offloads and MTU of one device.
#pragma once

#include <cstdint>
#include <string>

#include <rte_ethdev.h>
#include <tl/expected.hpp>

#include "dataplane/published/types.h"

namespace bgw::dataplane {

struct QueueCounts {
  std::uint16_t rx = 0;
  std::uint16_t tx = 0;
  std::uint16_t mtu = 0;  // that the device was configured for
};

// Configures and starts a probed device: a tx queue per worker, an rx queue per worker where it has
// them, receiving into `pool`.
tl::expected<QueueCounts, std::string> set_up_port(PortId port, const rte_eth_dev_info& offered,
                                                   unsigned workers, rte_mempool* pool);

// What failed, and why if the status that DPDK returned tells: -1 is what drivers return that have
// no number for it, not "operation not permitted".
std::string failure(const char* what, int status);

// Stops it, closes it and unplugs it, so that it can be probed again.
void close_device(PortId port, rte_device* device);

// The MAC by which the gateway is known on the port: the device's. Behind a net_tap device the
// kernel's end of the TAP has that one, so there another is derived from it.
Mac gateway_mac(PortId port, const std::string& driver);

}  // namespace bgw::dataplane
