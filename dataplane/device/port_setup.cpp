#include "dataplane/device/port_setup.h"

#include <fmt/format.h>
#include <rte_dev.h>
#include <rte_errno.h>

#include <algorithm>
#include <cstring>

namespace bgw::dataplane {

namespace {

constexpr std::uint16_t ring_descriptors = 512;
constexpr std::uint32_t jumbo_mtu = 9600;  // the largest that a configuration may ask for
constexpr std::uint32_t link_overhead_bytes = RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN;

// The largest MTU up to jumbo_mtu that the device takes: in one buffer, or in several where it can
// receive and send packets that are spread over buffers.
std::uint32_t choose_mtu(const rte_eth_dev_info& offered, rte_mempool* pool, bool spread) {
  const std::uint32_t buffer = rte_pktmbuf_data_room_size(pool) - RTE_PKTMBUF_HEADROOM;
  std::uint32_t mtu = spread ? jumbo_mtu : std::min(jumbo_mtu, buffer - link_overhead_bytes);
  if (offered.max_mtu != 0) mtu = std::min<std::uint32_t>(mtu, offered.max_mtu);
  if (offered.max_rx_pktlen > link_overhead_bytes)
    mtu = std::min(mtu, offered.max_rx_pktlen - link_overhead_bytes);
  return std::max<std::uint32_t>(mtu, offered.min_mtu);
}

rte_eth_conf configuration(const rte_eth_dev_info& offered, std::uint16_t rx_queues,
                           rte_mempool* pool) {
  rte_eth_conf conf{};
  const bool spread = (offered.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER) != 0 &&
                      (offered.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS) != 0;
  conf.rxmode.mtu = choose_mtu(offered, pool, spread);
  if (spread) {
    conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_SCATTER;
    conf.txmode.offloads |= RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
  }
  // All packets are of one pool, and nobody else's.
  conf.txmode.offloads |= offered.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
  const std::uint64_t flows =
      offered.flow_type_rss_offloads & (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP);
  if (rx_queues > 1 && flows != 0) {
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rx_adv_conf.rss_conf.rss_hf = flows;
  }
  return conf;
}

tl::unexpected<std::string> failed(const char* what, int status) {
  return tl::unexpected(failure(what, status));
}

tl::expected<void, std::string> set_up_queues(PortId port, QueueCounts queues, rte_mempool* pool) {
  std::uint16_t rx_descriptors = ring_descriptors, tx_descriptors = ring_descriptors;
  int status = rte_eth_dev_adjust_nb_rx_tx_desc(port.value, &rx_descriptors, &tx_descriptors);
  if (status != 0) return failed("it refuses its queues' sizes", status);
  const auto socket = static_cast<unsigned>(rte_eth_dev_socket_id(port.value));
  for (std::uint16_t q = 0; q < queues.rx; ++q) {
    status = rte_eth_rx_queue_setup(port.value, q, rx_descriptors, socket, nullptr, pool);
    if (status != 0) return failed("its receive queue can't be set up", status);
  }
  for (std::uint16_t q = 0; q < queues.tx; ++q) {
    status = rte_eth_tx_queue_setup(port.value, q, tx_descriptors, socket, nullptr);
    if (status != 0) return failed("its transmit queue can't be set up", status);
  }
  return {};
}

}  // namespace

std::string failure(const char* what, int status) {
  return status == -1 ? what : fmt::format("{}: {}", what, rte_strerror(-status));
}

tl::expected<QueueCounts, std::string> set_up_port(PortId port, const rte_eth_dev_info& offered,
                                                   unsigned workers, rte_mempool* pool) {
  if (offered.max_rx_queues == 0) return tl::unexpected(std::string{"it has no receive queue"});
  if (offered.max_tx_queues < workers)
    return tl::unexpected(fmt::format(
        "it has {} transmit queue(s) where {} workers need one each: give it more, or run with "
        "--workers {}",
        offered.max_tx_queues, workers, std::max<std::uint16_t>(offered.max_tx_queues, 1)));
  QueueCounts queues{.rx = std::min(static_cast<std::uint16_t>(workers), offered.max_rx_queues),
                     .tx = static_cast<std::uint16_t>(workers)};
  const rte_eth_conf conf = configuration(offered, queues.rx, pool);
  queues.mtu = static_cast<std::uint16_t>(conf.rxmode.mtu);  // at most jumbo_mtu
  int status = rte_eth_dev_configure(port.value, queues.rx, queues.tx, &conf);
  if (status != 0) return failed("it refuses its configuration", status);
  if (const auto ready = set_up_queues(port, queues, pool); !ready)
    return tl::unexpected(ready.error());
  // Several VPCs' MACs may be in use on one port. Devices that can't be promiscuous (rings, files)
  // have no address filter either.
  rte_eth_promiscuous_enable(port.value);
  status = rte_eth_dev_start(port.value);
  if (status != 0) return failed("it can't be started", status);
  return queues;
}

void close_device(PortId port, rte_device* device) {
  rte_eth_dev_stop(port.value);
  rte_eth_dev_close(port.value);
  if (device != nullptr) rte_dev_remove(device);
}

Mac gateway_mac(PortId port, const std::string& driver) {
  rte_ether_addr address{};
  rte_eth_macaddr_get(port.value, &address);
  Mac mac;
  std::memcpy(mac.bytes.data(), address.addr_bytes, mac.bytes.size());
  const bool none = mac == Mac{};
  if (none) mac.bytes[5] = static_cast<std::uint8_t>(port.value);
  // Locally administered, unicast, and different from the device's whatever that is.
  if (none || driver == "net_tap")
    mac.bytes[0] = static_cast<std::uint8_t>(((mac.bytes[0] | 0x02) & 0xfe) ^ 0x04);
  return mac;
}

}  // namespace bgw::dataplane
