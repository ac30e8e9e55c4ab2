#include "control/packets/ipv6_fragments.h"

#include <algorithm>

#include "control/packets/ipv6.h"

namespace bgw::control {
namespace {

constexpr std::size_t fragment_header_bytes = 8;

}  // namespace

std::vector<std::vector<std::uint8_t>> fragment_ipv6(Bytes packet, std::size_t mtu,
                                                     std::uint32_t identification) {
  if (packet.size() <= mtu) return {{packet.begin(), packet.end()}};
  const Bytes payload = packet.subspan(ipv6_header_bytes);
  const std::size_t room = (mtu - ipv6_header_bytes - fragment_header_bytes) & ~std::size_t{7};
  std::vector<std::vector<std::uint8_t>> fragments;
  for (std::size_t at = 0; at < payload.size(); at += room) {
    const Bytes part = payload.subspan(at, std::min(room, payload.size() - at));
    const bool more = at + part.size() < payload.size();
    std::vector<std::uint8_t> fragment(packet.begin(), packet.begin() + ipv6_header_bytes);
    fragment.resize(ipv6_header_bytes + fragment_header_bytes);
    const MutableBytes extension = MutableBytes(fragment).subspan(ipv6_header_bytes);
    extension[0] = packet[6];
    store16(extension, 2, static_cast<std::uint16_t>(at | (more ? 1 : 0)));
    store32(extension, 4, identification);
    fragment[6] = next_header_fragment;
    store16(fragment, 4, static_cast<std::uint16_t>(fragment_header_bytes + part.size()));
    fragment.insert(fragment.end(), part.begin(), part.end());
    fragments.push_back(std::move(fragment));
  }
  return fragments;
}

}  // namespace bgw::control
