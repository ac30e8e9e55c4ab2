// Blocks of a pcapng file (draft-ietf-opsawg-pcapng), little-endian, appended to a string.
//
// Not rte_pcapng: it writes to a descriptor, its interfaces are ports where ours are VPCs, and in
// DPDK 22.11 its packets take no comment.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "control/packets/bytes.h"

namespace bgw::control {

// Begins the file; interfaces are numbered from 0 in the order in which they are appended.
void append_pcapng_section(std::string& file, std::string_view application);

// Ethernet, times in nanoseconds.
void append_pcapng_interface(std::string& file, std::string_view name, std::uint32_t snaplen);

struct PcapngPacket {
  std::uint32_t interface = 0;
  std::uint64_t unix_ns = 0;
  std::uint32_t original_bytes = 0;
  Bytes head{};   // the packet is this,
  Bytes bytes{};  // then this
  bool outbound = false;
  std::string_view comment{};
};
void append_pcapng_packet(std::string& file, const PcapngPacket& packet);

}  // namespace bgw::control
