// Kinds of IPv6 addresses.
#pragma once

#include <cstdint>

#include "dataplane/published/types.h"

namespace bgw::dataplane {

constexpr bool is_link_local(const MappedAddress& address) noexcept {
  return address.hi >> 54 == 0x3fa;
}
constexpr bool is_multicast_v6(const MappedAddress& address) noexcept {
  return address.hi >> 56 == 0xff;
}
// ::, ::1, IPv4-mapped and link-local: addresses of no host that a router could reach (RFC 4291
// §2.5.2, §2.5.3, §2.5.6; RFC 6890 §2.2.3).
constexpr bool is_martian_v6(const MappedAddress& address) noexcept {
  return (address.hi == 0 && (address.lo <= 1 || address.is_v4())) || is_link_local(address);
}
// Groups of a link: of all nodes, of routers, and those of addresses (RFC 4291 §2.7.1, §2.8).
constexpr bool is_all_nodes(const MappedAddress& group) noexcept {
  return group.hi == 0xff02000000000000 && group.lo == 1;
}
constexpr bool is_all_routers(const MappedAddress& group) noexcept {
  return group.hi == 0xff02000000000000 && group.lo == 2;
}
constexpr bool is_solicited_node(const MappedAddress& group) noexcept {
  return group.hi == 0xff02000000000000 && group.lo >> 24 == 0x1ff;
}
// The link-local address that a MAC makes (RFC 4291 appendix A).
inline MappedAddress link_local_of(const Mac& mac) noexcept {
  std::uint64_t id = 0;
  for (unsigned n = 0; n < 6; ++n) id = (n == 3 ? id << 16 | 0xfffe : id) << 8 | mac.bytes[n];
  return MappedAddress::v6(0xfe80000000000000, id ^ 0x0200000000000000);
}

}  // namespace bgw::dataplane
