// Devices: probed, configured, started, and given back.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <rte_config.h>
#include <tl/expected.hpp>

#include "dataplane/device/link_probe.h"
#include "dataplane/device/queue_balance.h"
#include "dataplane/published/dataplane.h"

struct rte_device;
struct rte_mempool;

namespace bgw::dataplane {

// The open ports. Control thread only.
class Ports {
 public:
  explicit Ports(unsigned workers) : workers_(workers), balance_(workers) {}
  ~Ports();
  Ports(const Ports&) = delete;
  Ports& operator=(const Ports&) = delete;

  // Packets are received into buffers of `pool`, which outlives the port.
  tl::expected<PortInfo, std::string> open(const std::string& name, const std::string& device,
                                           rte_mempool* pool);
  void close(PortId port);
  tl::expected<PortInfo, std::string> info(PortId port) const;
  static PortStats stats(PortId port);
  // Those whose link is not as it was looked at last.
  std::vector<Dataplane::LinkChange> look_at_links();
  // By worker, which queues of these ports it polls: the same ones while a port is open.
  std::vector<std::vector<RxQueue>> queues(std::span<const PortId> ports) const;

 private:
  struct OpenPort {
    PortInfo info;
    rte_device* device = nullptr;
    std::vector<unsigned> pollers;     // by rx queue, the worker's number
    std::vector<unsigned> interfaces;  // of the kernel, whose traffic it has
    std::unique_ptr<LinkProbe> link;
  };
  const OpenPort* port_on(const std::vector<unsigned>& interfaces) const;
  unsigned workers_;
  QueueBalance balance_;
  static_assert(max_open_ports <= RTE_MAX_ETHPORTS);
  std::array<std::optional<OpenPort>, RTE_MAX_ETHPORTS> ports_;
};

}  // namespace bgw::dataplane
