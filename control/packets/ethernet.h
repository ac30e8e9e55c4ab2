// Untagged Ethernet frames, as the slow path sends them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "control/packets/addresses.h"
#include "control/packets/bytes.h"
#include "dataplane/published/types.h"

namespace bgw::control {

inline constexpr std::size_t ethernet_bytes = 14;
inline constexpr std::uint16_t ethertype_ipv4 = 0x0800;
inline constexpr std::uint16_t ethertype_arp = 0x0806;
inline constexpr std::uint16_t ethertype_ipv6 = 0x86dd;

inline std::vector<std::uint8_t> ethernet_frame(const dataplane::Mac& to,
                                                const dataplane::Mac& from, std::uint16_t ethertype,
                                                Bytes payload) {
  std::vector<std::uint8_t> frame(ethernet_bytes + payload.size());
  store_mac(frame, 0, to);
  store_mac(frame, 6, from);
  store16(frame, 12, ethertype);
  std::ranges::copy(payload, MutableBytes(frame).subspan(ethernet_bytes).begin());
  return frame;
}

}  // namespace bgw::control
