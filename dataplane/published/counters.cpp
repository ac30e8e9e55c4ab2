#include "dataplane/published/counters.h"

#include <numeric>

namespace bgw::dataplane {

InterfaceCounters& InterfaceCounters::operator+=(const InterfaceCounters& other) {
  rx_packets += other.rx_packets;
  rx_bytes += other.rx_bytes;
  rewalked += other.rewalked;
  originated += other.originated;
  undelivered += other.undelivered;
  forwarded += other.forwarded;
  punted += other.punted;
  tx_packets += other.tx_packets;
  tx_bytes += other.tx_bytes;
  icmp_suppressed += other.icmp_suppressed;
  for (std::size_t i = 0; i < drops.size(); ++i) drops[i] += other.drops[i];
  return *this;
}

std::uint64_t InterfaceCounters::total_drops() const {
  return std::accumulate(drops.begin(), drops.end(), std::uint64_t{0});
}

AttachmentCounters& AttachmentCounters::operator+=(const AttachmentCounters& other) {
  to_gateway_packets += other.to_gateway_packets;
  to_gateway_bytes += other.to_gateway_bytes;
  to_vpc_packets += other.to_vpc_packets;
  to_vpc_bytes += other.to_vpc_bytes;
  return *this;
}

}  // namespace bgw::dataplane
