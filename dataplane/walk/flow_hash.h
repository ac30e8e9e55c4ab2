// Which of several equal paths a packet takes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "dataplane/published/ipv6_chain.h"
#include "dataplane/published/wire.h"

namespace bgw::dataplane {

// The finaliser of MurmurHash3 over both halves.
inline std::uint64_t mix_flow(std::uint64_t addresses, std::uint64_t flow) noexcept {
  std::uint64_t hash = addresses ^ (flow * 0x9e3779b97f4a7c15u);
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdu;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53u;
  return hash ^ (hash >> 33);
}

// What tells flows between the same addresses apart: protocol and ports, or the identifier of an
// echo. `bytes` follow `payload`.
inline std::uint64_t flow_of(std::uint8_t protocol, const std::uint8_t* payload,
                             std::size_t bytes) noexcept {
  const bool has_ports = protocol == protocol_tcp || protocol == protocol_udp;
  if (has_ports && bytes >= 4) return std::uint64_t{load<std::uint32_t>(payload)} << 8 | protocol;
  const bool echo =
      (protocol == protocol_icmp && bytes >= 6 && (payload[0] == 8 || payload[0] == 0)) ||
      (protocol == protocol_icmpv6 && bytes >= 6 && (payload[0] == 128 || payload[0] == 129));
  return echo ? std::uint64_t{load<std::uint16_t>(payload + 4)} << 8 | protocol : 0;
}

// Where what follows a packet's IP headers begins.
struct UpperLayer {
  std::uint16_t offset = 0;  // from the IP header; 0: nobody can say, or a later fragment's
  std::uint8_t protocol = 0;
  bool fragment = false;  // also a first one, whose offset is known
};

inline UpperLayer upper_layer_ipv4(const Ipv4Header& header) noexcept {
  const bool later = header.fragment_offset() != 0;
  return {.offset = static_cast<std::uint16_t>(later ? 0 : header.header_bytes()),
          .protocol = header.protocol,
          .fragment = header.is_fragment()};
}
// Of a header with `readable` bytes.
inline UpperLayer upper_layer_ipv6(const std::uint8_t* ip, std::size_t readable) noexcept {
  const Ipv6Upper upper = find_ipv6_upper(ip, readable);
  const bool known = upper.found && upper.offset <= std::min<std::size_t>(readable, UINT16_MAX);
  return {.offset = static_cast<std::uint16_t>(known ? upper.offset : 0),
          .protocol = upper.protocol,
          .fragment = upper.fragment()};
}

// Of a header that is whole.
inline UpperLayer upper_layer(const std::uint8_t* ip, std::size_t readable) noexcept {
  return ip[0] >> 4 == 6 ? upper_layer_ipv6(ip, readable) : upper_layer_ipv4(load<Ipv4Header>(ip));
}

// By addresses alone.
inline std::uint64_t addresses_of_ipv4(const std::uint8_t* ip) noexcept {
  const auto header = load<Ipv4Header>(ip);
  return std::uint64_t{header.source.to_host()} << 32 | header.destination.to_host();
}
inline std::uint64_t addresses_of_ipv6(const std::uint8_t* ip) noexcept {
  const auto header = load<Ipv6Header>(ip);
  std::uint64_t addresses = 0;
  for (const Be64 word :
       {header.source[0], header.source[1], header.destination[0], header.destination[1]})
    addresses = (addresses ^ word.raw()) * 0x9e3779b97f4a7c15u ^ addresses >> 29;
  return addresses;
}

// A hash over what identifies the packet's flow: addresses, protocol and ports for TCP and UDP,
// addresses and identifier for ICMP echo, addresses alone for all else, so that all fragments of a
// packet (the first has ports, the others don't) stay together. `ip` is a parsed header, `readable`
// bytes follow it. The same on all workers and at all times. Upper and lower half are independent.
inline std::uint64_t flow_hash(std::uint64_t addresses, const std::uint8_t* ip,
                               const UpperLayer& upper, std::size_t readable) noexcept {
  if (upper.fragment || upper.offset == 0) return mix_flow(addresses, 0);
  return mix_flow(addresses, flow_of(upper.protocol, ip + upper.offset, readable - upper.offset));
}
inline std::uint64_t flow_hash(const std::uint8_t* ip, const UpperLayer& upper,
                               std::size_t readable) noexcept {
  const std::uint64_t addresses = ip[0] >> 4 == 6 ? addresses_of_ipv6(ip) : addresses_of_ipv4(ip);
  return flow_hash(addresses, ip, upper, readable);
}

// The same of a header of which nothing is known but that it is whole.
inline std::uint64_t flow_hash_ipv4(const std::uint8_t* ip, std::size_t readable) noexcept {
  return flow_hash(addresses_of_ipv4(ip), ip, upper_layer_ipv4(load<Ipv4Header>(ip)), readable);
}
inline std::uint64_t flow_hash_ipv6(const std::uint8_t* ip, std::size_t readable) noexcept {
  return flow_hash(addresses_of_ipv6(ip), ip, upper_layer_ipv6(ip, readable), readable);
}
inline std::uint64_t flow_hash(const std::uint8_t* ip, std::size_t readable) noexcept {
  return ip[0] >> 4 == 6 ? flow_hash_ipv6(ip, readable) : flow_hash_ipv4(ip, readable);
}

}  // namespace bgw::dataplane
