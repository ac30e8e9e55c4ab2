// IPv4 packets cut to an MTU (RFC 791 §3.2, RFC 1812 §4.2.2.7).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

struct rte_mbuf;
struct rte_mempool;

namespace bgw::dataplane {

// As many as a packet of 65,535 bytes makes at an MTU of 576.
inline constexpr std::size_t max_fragments = 128;

// Makes fragments of at most `mtu` bytes of IP each. `packet` holds a valid IPv4 packet `ip_offset`
// bytes behind its data, link header and IP header in its first buffer, DF clear; what follows the
// packet is padding. It may be a fragment itself. Every fragment begins with a copy of the link
// header, is in one buffer if it fits, and has headroom for an outer header; its note is unset.
//
// Returns how many there are; `packet` is unchanged and still the caller's. 0 when a buffer is
// missing, `fragments` or `mtu` is too small, or offsets would pass 65,535: then there is none.
// Any thread; no heap.
std::size_t fragment_ipv4(const rte_mbuf* packet, std::uint32_t ip_offset, std::uint16_t mtu,
                          rte_mempool* pool, std::span<rte_mbuf*> fragments) noexcept;

}  // namespace bgw::dataplane
