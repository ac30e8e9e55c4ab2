// Packets as bytes, made plainly and apart from the code under test.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dataplane/published/types.h"

namespace bgw::packet_test {

using Bytes = std::vector<std::uint8_t>;
using dataplane::Mac;

std::uint32_t ip(const std::string& dotted);  // host order
dataplane::MappedAddress ip6(const std::string& text);
dataplane::MappedAddress any_ip(const std::string& text);  // of either family
Mac mac(std::uint8_t last, std::uint8_t group = 0);        // 02:00:00:00:<group>:<last>

// RFC 1071, word by word.
std::uint16_t internet_checksum(std::span<const std::uint8_t> bytes);

struct Ipv4 {
  std::string source = "10.1.0.10";
  std::string destination = "10.2.0.20";
  std::uint8_t protocol = 17;
  std::uint8_t ttl = 64;
  std::uint8_t tos = 0;
  std::uint16_t id = 0x1234;
  std::uint16_t flags_fragment = 0;  // 0x4000 DF, 0x2000 MF, offset in 8-byte units below
  Bytes options;                     // a multiple of 4
  Bytes payload = Bytes(26, 0x5a);
};
constexpr std::uint16_t dont_fragment = 0x4000;
constexpr std::uint16_t more_fragments = 0x2000;

struct Ipv6 {
  std::string source = "2001:db8:1::10";
  std::string destination = "2001:db8:2::20";
  std::uint8_t next_header = 17;
  std::uint8_t hop_limit = 64;
  std::uint8_t traffic_class = 0;
  std::uint32_t flow_label = 0x12345;
  Bytes payload = Bytes(26, 0x5a);
};
Bytes ipv6(const Ipv6& packet);
// An extension header with `bytes` behind its first two, padded to a multiple of 8.
Bytes extension(std::uint8_t next_header, Bytes bytes = Bytes(6));
Bytes fragment_header(std::uint8_t next_header, std::uint16_t offset_flags);

Bytes ipv4(const Ipv4& packet);  // with its checksum
// Makes the checksum right again after the header was tampered with.
void fix_checksum(Bytes& frame, std::size_t ip_offset = 14);

Bytes ethernet(const Mac& destination, const Mac& source, std::uint16_t type, const Bytes& payload);
Bytes ports(std::uint16_t source, std::uint16_t destination, std::size_t bytes = 20);  // TCP, UDP
Bytes icmp_echo(std::uint16_t id, std::uint16_t sequence = 1, std::uint8_t type = 8);
Bytes icmp(std::uint8_t type, std::uint8_t code = 0);
Bytes arp_request(const Mac& sender, const std::string& sender_ip, const std::string& target_ip);

// What a router makes of a frame: new MACs, TTL less by one, checksum computed anew, no padding.
Bytes as_forwarded_v6(Bytes frame, const Mac& destination, const Mac& source);
Bytes as_forwarded(Bytes frame, const Mac& destination, const Mac& source);

}  // namespace bgw::packet_test
