#include "dataplane/device/ports.h"

#include <fmt/format.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "dataplane/device/device_checks.h"
#include "dataplane/device/eal_log.h"
#include "dataplane/device/kernel_interface.h"
#include "dataplane/device/port_setup.h"

namespace bgw::dataplane {

namespace {

// Gives a device back unless release() is called.
class ProbedDevice {
 public:
  ProbedDevice(PortId port, rte_device* device) : port_(port), device_(device) {}
  ~ProbedDevice() {
    if (device_ != nullptr) close_device(port_, device_);
  }
  ProbedDevice(const ProbedDevice&) = delete;
  ProbedDevice& operator=(const ProbedDevice&) = delete;
  rte_device* release() { return std::exchange(device_, nullptr); }

 private:
  PortId port_;
  rte_device* device_;
};

std::string with_cause(std::string message) {
  const std::string cause = first_eal_error();
  return cause.empty() ? message : fmt::format("{} ({})", message, cause);
}

tl::expected<PortId, std::string> probe(const std::string& device) {
  const std::string name = device.substr(0, device.find(','));
  std::uint16_t port = 0;
  if (rte_eth_dev_get_port_by_name(name.c_str(), &port) == 0)
    return tl::unexpected(
        fmt::format("{} is in use already: give each port a device of its own", name));
  if (rte_eth_dev_count_total() >= RTE_MAX_ETHPORTS)
    return tl::unexpected(
        fmt::format("at most {} ports can be open: take another away first", RTE_MAX_ETHPORTS));
  forget_eal_error();
  const int status = rte_dev_probe(device.c_str());
  if (status != 0) return tl::unexpected(with_cause(failure("DPDK can't open it", status)));
  if (rte_eth_dev_get_port_by_name(name.c_str(), &port) != 0)
    return tl::unexpected(fmt::format("{} is not a network device or has no driver", name));
  return PortId{port};
}

}  // namespace

Ports::~Ports() {
  for (auto& port : ports_) {
    if (!port) continue;
    port->link.reset();
    close_device(port->info.id, port->device);
  }
}

tl::expected<PortInfo, std::string> Ports::open(const std::string& name, const std::string& device,
                                                rte_mempool* pool) {
  const auto failed = [&](const std::string& why) {
    return tl::unexpected(fmt::format("port '{}' (device '{}'): {}", name, device, why));
  };
  const std::uint32_t buffer_bytes = rte_pktmbuf_data_room_size(pool) - RTE_PKTMBUF_HEADROOM;
  if (const auto usable = check_device(device, buffer_bytes); !usable)
    return failed(usable.error());
  const auto offloads = check_offloads(device, device_argument(device, "iface").value_or(""));
  if (offloads.refusal) return failed(*offloads.refusal);
  if (const auto* other = port_on(kernel_interfaces(device)))
    return failed(fmt::format(
        "its kernel interface is that of port '{}' (device '{}'): each port needs one of its own",
        other->info.name, other->info.device));
  const auto port = probe(device);
  if (!port) return failed(port.error());

  rte_eth_dev_info offered{};
  rte_eth_dev_info_get(port->value, &offered);
  ProbedDevice probed{*port, offered.device};
  forget_eal_error();
  const auto queues = set_up_port(*port, offered, workers_, pool);
  if (!queues) return failed(with_cause(queues.error()));

  OpenPort open{.info = {.id = *port,
                         .name = name,
                         .device = device,
                         .driver = offered.driver_name,
                         .mac = gateway_mac(*port, offered.driver_name),
                         .rx_queues = queues->rx,
                         .tx_queues = queues->tx,
                         .max_mtu = af_packet_mtu(device).value_or(std::min(
                             queues->mtu, af_xdp_mtu(device, buffer_bytes).value_or(UINT16_MAX))),
                         .warning = offloads.warning.value_or("")},
                .device = probed.release(),
                .pollers = balance_.place(queues->rx),
                .interfaces = kernel_interfaces(device),
                .link = std::make_unique<LinkProbe>(*port, offered.driver_name)};
  ports_[port->value] = std::move(open);
  return info(*port);
}

void Ports::close(PortId port) {
  if (port.value >= ports_.size() || !ports_[port.value]) return;
  ports_[port.value]->link.reset();  // it keeps a TAP
  close_device(port, ports_[port.value]->device);
  balance_.remove(ports_[port.value]->pollers);
  ports_[port.value].reset();
}

// Whoever has one of these interfaces already.
const Ports::OpenPort* Ports::port_on(const std::vector<unsigned>& interfaces) const {
  for (const auto& port : ports_)
    if (port && std::ranges::find_first_of(port->interfaces, interfaces) != port->interfaces.end())
      return &*port;
  return nullptr;
}

tl::expected<PortInfo, std::string> Ports::info(PortId port) const {
  if (port.value >= ports_.size() || !ports_[port.value])
    return tl::unexpected(fmt::format("there is no open port {}", port.value));
  return ports_[port.value]->info;
}

std::vector<Dataplane::LinkChange> Ports::look_at_links() {
  std::vector<Dataplane::LinkChange> changes;
  for (auto& port : ports_) {
    if (!port) continue;
    auto now = port->link->state();
    if (now == port->info.link) continue;
    port->info.link = now;
    changes.push_back({port->info.id, port->info.name, std::move(now)});
  }
  return changes;
}

std::vector<std::vector<RxQueue>> Ports::queues(std::span<const PortId> ports) const {
  std::vector<std::vector<RxQueue>> by_worker(workers_);
  for (const PortId port : ports) {
    if (port.value >= ports_.size() || !ports_[port.value]) continue;
    std::uint16_t queue = 0;
    for (const unsigned worker : ports_[port.value]->pollers)
      by_worker[worker].push_back({port, QueueId{queue++}});
  }
  return by_worker;
}

PortStats Ports::stats(PortId port) {
  rte_eth_stats s{};
  if (rte_eth_stats_get(port.value, &s) != 0) return {};
  return {.rx_packets = s.ipackets,
          .rx_bytes = s.ibytes,
          .tx_packets = s.opackets,
          .tx_bytes = s.obytes,
          .rx_missed = s.imissed,
          .rx_errors = s.ierrors,
          .rx_no_mbuf = s.rx_nombuf,
          .tx_errors = s.oerrors};
}

}  // namespace bgw::dataplane
