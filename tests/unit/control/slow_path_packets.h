// Packets and frames for tests of the slow path, built byte by byte and apart from the code under
// test.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/model.h"
#include "control/packets/addresses.h"
#include "control/packets/arp.h"
#include "dataplane/published/types.h"

namespace bgw::test {

using ByteVector = std::vector<std::uint8_t>;

inline std::uint32_t ip(const std::string& text) {
  return config::IpAddress::parse(text).value().v4_host_order();
}
// Of either family, as notes and neighbours have it.
inline dataplane::MappedAddress addr(const std::string& text) {
  return control::to_address(config::IpAddress::parse(text).value());
}
inline dataplane::Mac mac(std::uint8_t last) {
  return {{0x02, 0, 0, 0, 0, last}};
}
inline config::InterfaceAddress interface_address(const std::string& address, std::uint8_t length) {
  return {config::IpAddress::parse(address).value(), length};
}

inline void put16(ByteVector& bytes, std::size_t at, unsigned value) {
  bytes.at(at) = static_cast<std::uint8_t>(value >> 8);
  bytes.at(at + 1) = static_cast<std::uint8_t>(value);
}
inline void put32(ByteVector& bytes, std::size_t at, std::uint32_t value) {
  put16(bytes, at, value >> 16);
  put16(bytes, at + 2, value & 0xffff);
}
inline unsigned get16(const ByteVector& bytes, std::size_t at) {
  return static_cast<unsigned>(bytes.at(at) << 8 | bytes.at(at + 1));
}
inline std::uint32_t get32(const ByteVector& bytes, std::size_t at) {
  return get16(bytes, at) << 16 | get16(bytes, at + 2);
}

// One's complement sum of 16-bit words (RFC 1071), the slow way; 0xffff over what is correct.
inline unsigned ones_sum(const ByteVector& bytes, std::size_t from, std::size_t to) {
  unsigned sum = 0;
  for (std::size_t i = from; i < to; ++i) {
    sum += i % 2 == from % 2 ? unsigned{bytes.at(i)} << 8 : bytes.at(i);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return sum;
}
inline bool checksum_right(const ByteVector& bytes, std::size_t from, std::size_t to) {
  return ones_sum(bytes, from, to) == 0xffff;
}

struct PacketFields {
  std::string source = "10.1.1.5";
  std::string destination = "10.2.1.9";
  std::uint8_t protocol = 17;
  std::uint8_t ttl = 64;
  std::uint8_t tos = 0;
  bool dont_fragment = false;
  bool more_fragments = false;
  unsigned offset_units = 0;
  ByteVector options;  // a multiple of 4 bytes
};

inline ByteVector ipv4_packet(const PacketFields& f, const ByteVector& payload) {
  const std::size_t header = 20 + f.options.size();
  ByteVector p(header);
  p[0] = static_cast<std::uint8_t>(0x40 | header / 4);
  p[1] = f.tos;
  put16(p, 2, static_cast<unsigned>(header + payload.size()));
  put16(p, 4, 0x1234);
  put16(p, 6,
        (f.dont_fragment ? 0x4000u : 0u) | (f.more_fragments ? 0x2000u : 0u) | f.offset_units);
  p[8] = f.ttl;
  p[9] = f.protocol;
  put32(p, 12, ip(f.source));
  put32(p, 16, ip(f.destination));
  std::copy(f.options.begin(), f.options.end(), p.begin() + 20);
  put16(p, 10, ~ones_sum(p, 0, header) & 0xffff);
  p.insert(p.end(), payload.begin(), payload.end());
  return p;
}

inline ByteVector icmp_bytes(std::uint8_t type, std::uint8_t code, std::uint32_t rest,
                             const ByteVector& body) {
  ByteVector m(8);
  m[0] = type;
  m[1] = code;
  put32(m, 4, rest);
  m.insert(m.end(), body.begin(), body.end());
  put16(m, 2, ~ones_sum(m, 0, m.size()) & 0xffff);
  return m;
}

inline ByteVector icmp_packet(PacketFields f, std::uint8_t type, std::uint8_t code = 0,
                              std::uint32_t rest = 0, const ByteVector& body = {}) {
  f.protocol = 1;
  return ipv4_packet(f, icmp_bytes(type, code, rest, body));
}

// A UDP packet as far as anybody here looks into it.
inline ByteVector udp_packet(PacketFields f = {}, std::size_t payload_bytes = 8) {
  f.protocol = 17;
  return ipv4_packet(f, ByteVector(payload_bytes, 0xab));
}

inline ByteVector ethernet(const ByteVector& packet,
                           const dataplane::Mac& destination = mac(0xfe)) {
  ByteVector frame(destination.bytes.begin(), destination.bytes.end());
  const auto source = mac(0x77);
  frame.insert(frame.end(), source.bytes.begin(), source.bytes.end());
  frame.insert(frame.end(), {0x08, 0x00});
  frame.insert(frame.end(), packet.begin(), packet.end());
  return frame;
}

// 42 bytes, as hosts send it.
inline ByteVector arp_frame(unsigned operation, const dataplane::Mac& sender_mac,
                            const std::string& sender, const std::string& target,
                            const dataplane::Mac& target_mac = {}) {
  ByteVector f(42);
  const auto broadcast = dataplane::Mac::broadcast();
  std::copy(broadcast.bytes.begin(), broadcast.bytes.end(), f.begin());
  std::copy(sender_mac.bytes.begin(), sender_mac.bytes.end(), f.begin() + 6);
  put16(f, 12, 0x0806);
  put16(f, 14, 1);
  put16(f, 16, 0x0800);
  put16(f, 18, 0x0604);
  put16(f, 20, operation);
  std::copy(sender_mac.bytes.begin(), sender_mac.bytes.end(), f.begin() + 22);
  put32(f, 28, ip(sender));
  std::copy(target_mac.bytes.begin(), target_mac.bytes.end(), f.begin() + 32);
  put32(f, 38, ip(target));
  return f;
}

}  // namespace bgw::test
