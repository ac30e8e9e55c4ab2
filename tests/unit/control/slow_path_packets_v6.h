// IPv6 packets and frames for tests of the slow path, built byte by byte.
#pragma once

#include <string>
#include <vector>

#include "slow_path_packets.h"

namespace bgw::test {

inline void put_address(ByteVector& bytes, std::size_t at, const std::string& text) {
  const auto address = config::IpAddress::parse(text).value();
  put32(bytes, at, static_cast<std::uint32_t>(address.hi >> 32));
  put32(bytes, at + 4, static_cast<std::uint32_t>(address.hi));
  put32(bytes, at + 8, static_cast<std::uint32_t>(address.lo >> 32));
  put32(bytes, at + 12, static_cast<std::uint32_t>(address.lo));
}
inline std::string get_address(const ByteVector& bytes, std::size_t at) {
  return config::IpAddress::v6(std::uint64_t{get32(bytes, at)} << 32 | get32(bytes, at + 4),
                               std::uint64_t{get32(bytes, at + 8)} << 32 | get32(bytes, at + 12))
      .to_string();
}

struct Fields6 {
  std::string source = "2001:db8:1::5";
  std::string destination = "2001:db8:2::9";
  std::uint8_t next_header = 17;
  std::uint8_t hop_limit = 64;
};

inline ByteVector ipv6_packet(const Fields6& f, const ByteVector& payload) {
  ByteVector p(40);
  p[0] = 0x60;
  put16(p, 4, static_cast<unsigned>(payload.size()));
  p[6] = f.next_header;
  p[7] = f.hop_limit;
  put_address(p, 8, f.source);
  put_address(p, 24, f.destination);
  p.insert(p.end(), payload.begin(), payload.end());
  return p;
}

inline ByteVector udp6_packet(const Fields6& f = {}, std::size_t payload_bytes = 8) {
  return ipv6_packet(f, ByteVector(payload_bytes, 0xab));
}

// The sum over pseudo-header and message (RFC 8200 §8.1): 0xffff when the checksum is right.
inline unsigned icmp6_sum(const ByteVector& packet, std::size_t icmp_at = 40) {
  ByteVector pseudo(packet.begin() + 8, packet.begin() + 40);
  pseudo.resize(40);
  put32(pseudo, 32, static_cast<std::uint32_t>(packet.size() - icmp_at));
  put32(pseudo, 36, 58);
  pseudo.insert(pseudo.end(), packet.begin() + static_cast<std::ptrdiff_t>(icmp_at), packet.end());
  return ones_sum(pseudo, 0, pseudo.size());
}

// `extensions` lie before the ICMPv6 message; f.next_header names the first of them, if there are
// any.
inline ByteVector icmp6_packet(Fields6 f, std::uint8_t type, std::uint8_t code, std::uint32_t rest,
                               const ByteVector& body = {}, const ByteVector& extensions = {}) {
  if (extensions.empty()) f.next_header = 58;
  ByteVector payload = extensions;
  const std::size_t icmp = payload.size();
  payload.resize(icmp + 8);
  payload[icmp] = type;
  payload[icmp + 1] = code;
  put32(payload, icmp + 4, rest);
  payload.insert(payload.end(), body.begin(), body.end());
  auto packet = ipv6_packet(f, payload);
  put16(packet, 40 + icmp + 2, ~icmp6_sum(packet, 40 + icmp) & 0xffff);
  return packet;
}

inline ByteVector ethernet6(const ByteVector& packet, const dataplane::Mac& source = mac(0x77),
                            const dataplane::Mac& destination = mac(0xfe)) {
  auto frame = ethernet(packet, destination);
  std::copy(source.bytes.begin(), source.bytes.end(), frame.begin() + 6);
  put16(frame, 12, 0x86dd);
  return frame;
}

inline ByteVector link_option(std::uint8_t type, const dataplane::Mac& link) {
  ByteVector option = {type, 1};
  option.insert(option.end(), link.bytes.begin(), link.bytes.end());
  return option;
}

struct NdFields {
  std::string source = "2001:db8:1::5";
  std::string destination = "2001:db8:1::1";
  std::string target = "2001:db8:1::1";
  std::uint32_t flags = 0;
  ByteVector options;
  std::uint8_t hop_limit = 255;
  std::uint8_t code = 0;
};

// A neighbour message: type 135 or 136.
inline ByteVector neighbour_packet(std::uint8_t type, const NdFields& f) {
  ByteVector body(16);
  put_address(body, 0, f.target);
  body.insert(body.end(), f.options.begin(), f.options.end());
  return icmp6_packet({.source = f.source, .destination = f.destination, .hop_limit = f.hop_limit},
                      type, f.code, f.flags, body);
}

inline constexpr std::uint32_t na_router = 0x80000000;
inline constexpr std::uint32_t na_solicited = 0x40000000;
inline constexpr std::uint32_t na_override = 0x20000000;

}  // namespace bgw::test
