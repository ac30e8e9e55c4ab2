// Copies of packets on their way, for whoever looks into the gateway: what to copy, and what comes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dataplane/published/drop_reason.h"
#include "dataplane/published/types.h"

namespace bgw::dataplane {

enum class CaptureDirection : std::uint8_t {
  rx,    // came in by the VPC's interface
  tx,    // leaves by it
  drop,  // came in by it and ended here
};

struct CaptureFilter {
  VpcIndex vpc = no_vpc;              // no_vpc: any, and frames that no interface owns
  std::optional<MappedAddress> host;  // source or destination of an IP or ARP packet
  bool rx = true, tx = true, drop = true;
  std::uint16_t snaplen = 2048;  // bytes of a packet that are kept
};

// At the same time, in all.
inline constexpr std::size_t max_captures = 4;

// Names a running capture; not given out twice.
using CaptureId = Index<struct CaptureTag>;

struct CapturedPacket {
  std::uint64_t unix_ns = 0;
  VpcIndex vpc;  // no_vpc: no interface owned the frame
  CaptureDirection direction = CaptureDirection::rx;
  DropReason reason = DropReason::count_;  // drop: why
  bool starts_at_ip = false;               // it has no link header: the gateway's own
  std::uint32_t original_bytes = 0;        // of which
  std::span<const std::uint8_t> bytes{};   // these are kept; valid during the call that has them
};

}  // namespace bgw::dataplane
