// Devices: probed, configured, started, and given back.
#pragma once

#include <array>
#include <optional>
#include <string>

#include <rte_config.h>
#include <tl/expected.hpp>

#include "dataplane/dataplane.h"

struct rte_device;
struct rte_mempool;

namespace bgw::dataplane {

// The open ports. Control thread only.
class Ports {
 public:
  explicit Ports(unsigned workers) : workers_(workers) {}
  ~Ports();
  Ports(const Ports&) = delete;
  Ports& operator=(const Ports&) = delete;

  // Packets are received into buffers of `pool`, which outlives the port.
  tl::expected<PortInfo, std::string> open(const std::string& name, const std::string& device,
                                           rte_mempool* pool);
  void close(PortId port);
  tl::expected<PortInfo, std::string> info(PortId port) const;
  static PortStats stats(PortId port);

 private:
  struct OpenPort {
    PortInfo info;
    rte_device* device = nullptr;
  };
  unsigned workers_;
  std::array<std::optional<OpenPort>, RTE_MAX_ETHPORTS> ports_;
};

}  // namespace bgw::dataplane
