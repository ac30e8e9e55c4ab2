// Counters: written by one thread each, without locked instructions, summed by whoever reads.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/published/drop_reason.h"

namespace bgw::dataplane {

// The fates of packets that came in on one VPC interface (or, for frames that no interface owns, on
// one port), and what went out on it. For every interface, once its packets are through:
//   rx_packets + rewalked + originated + undelivered == forwarded + punted + sum(drops).
struct InterfaceCounters {
  std::uint64_t rx_packets = 0;
  std::uint64_t rx_bytes = 0;     // frames without FCS
  std::uint64_t rewalked = 0;     // held packets that the control thread gave back
  std::uint64_t originated = 0;   // packets and frames of the gateway itself
  std::uint64_t undelivered = 0;  // from anywhere, for here, not taken for lack of a link: dropped
  std::uint64_t forwarded = 0;    // came in here, sent somewhere, or undelivered there
  std::uint64_t punted = 0;       // came in here, handed to the control thread
  std::uint64_t tx_packets = 0;   // sent here, whoever they came from
  std::uint64_t tx_bytes = 0;
  std::uint64_t icmp_suppressed = 0;  // ICMP errors not sent for rate or rule; not a fate
  std::array<std::uint64_t, drop_reason_count> drops{};

  InterfaceCounters& operator+=(const InterfaceCounters& other);
  std::uint64_t total_drops() const;
};

// What crossed a gateway by one attachment: IP packets and their bytes, without link headers.
// Packets that are dropped later, in the VPC that they are delivered in, are among them.
struct AttachmentCounters {
  std::uint64_t to_gateway_packets = 0;  // from its VPC
  std::uint64_t to_gateway_bytes = 0;
  std::uint64_t to_vpc_packets = 0;
  std::uint64_t to_vpc_bytes = 0;

  AttachmentCounters& operator+=(const AttachmentCounters& other);
  friend bool operator==(const AttachmentCounters&, const AttachmentCounters&) = default;
};

}  // namespace bgw::dataplane
