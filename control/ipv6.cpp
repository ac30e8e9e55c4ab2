#include "control/ipv6.h"

#include "control/addresses.h"

namespace bgw::control {

using dataplane::Address;
using dataplane::Mac;

Mac multicast_mac(const Address& group) {
  Mac mac{{0x33, 0x33}};
  for (unsigned i = 0; i < 4; ++i) {
    mac.bytes[2 + i] = static_cast<std::uint8_t>(group.lo >> (24 - 8 * i));
  }
  return mac;
}

Address link_local_address(const Mac& mac) {
  const auto at = [&](std::size_t i) { return std::uint64_t{mac.bytes[i]}; };
  return Address::v6(0xfe80ull << 48, (at(0) ^ 2) << 56 | at(1) << 48 | at(2) << 40 |
                                          0xfffeull << 24 | at(3) << 16 | at(4) << 8 | at(5));
}

bool is_ipv6_host_in(const config::InterfaceAddress& interface, const Address& address) {
  if (interface.address.is_v4() || address.is_v4()) return false;
  const auto prefix = interface.on_link();
  return prefix.contains(to_config(address)) &&
         (interface.length >= 127 || to_address(prefix.address) != address);
}

}  // namespace bgw::control
