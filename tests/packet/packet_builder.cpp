#include "tests/packet/packet_builder.h"

#include <arpa/inet.h>

#include <stdexcept>

namespace bgw::packet_test {

namespace {
void put16(Bytes& bytes, std::uint32_t value) {
  bytes.push_back(static_cast<std::uint8_t>(value >> 8));
  bytes.push_back(static_cast<std::uint8_t>(value));
}
void put32(Bytes& bytes, std::uint32_t value) {
  put16(bytes, value >> 16);
  put16(bytes, value & 0xffff);
}
void put(Bytes& bytes, std::span<const std::uint8_t> more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}
}  // namespace

std::uint32_t ip(const std::string& dotted) {
  in_addr address{};
  if (inet_pton(AF_INET, dotted.c_str(), &address) != 1) throw std::invalid_argument(dotted);
  return ntohl(address.s_addr);
}

dataplane::MappedAddress ip6(const std::string& text) {
  Bytes bytes(16);
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1)
    throw std::invalid_argument("not an IPv6 address: " + text);
  const auto half = [&](std::size_t at) {
    std::uint64_t value = 0;
    for (std::size_t i = at; i < at + 8; ++i) value = value << 8 | bytes[i];
    return value;
  };
  return dataplane::MappedAddress::v6(half(0), half(8));
}

dataplane::MappedAddress any_ip(const std::string& text) {
  return text.find(':') == std::string::npos ? dataplane::MappedAddress::v4(ip(text)) : ip6(text);
}

Mac mac(std::uint8_t last, std::uint8_t group) {
  return {{0x02, 0, 0, 0, group, last}};
}

std::uint16_t internet_checksum(std::span<const std::uint8_t> bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    const std::uint32_t low = i + 1 < bytes.size() ? bytes[i + 1] : 0u;
    sum += std::uint32_t{bytes[i]} << 8 | low;
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<std::uint16_t>(~sum);
}

void fix_checksum(Bytes& frame, std::size_t ip_offset) {
  const std::size_t header = (frame[ip_offset] & 0xfu) * 4u;
  frame[ip_offset + 10] = frame[ip_offset + 11] = 0;
  const std::uint16_t sum = internet_checksum(std::span{frame}.subspan(ip_offset, header));
  frame[ip_offset + 10] = static_cast<std::uint8_t>(sum >> 8);
  frame[ip_offset + 11] = static_cast<std::uint8_t>(sum);
}

Bytes ipv4(const Ipv4& packet) {
  const std::size_t header = 20 + packet.options.size();
  Bytes bytes{static_cast<std::uint8_t>(0x40 | header / 4), packet.tos};
  put16(bytes, static_cast<std::uint32_t>(header + packet.payload.size()));
  put16(bytes, packet.id);
  put16(bytes, packet.flags_fragment);
  bytes.push_back(packet.ttl);
  bytes.push_back(packet.protocol);
  put16(bytes, 0);
  put32(bytes, ip(packet.source));
  put32(bytes, ip(packet.destination));
  put(bytes, packet.options);
  fix_checksum(bytes, 0);
  put(bytes, packet.payload);
  return bytes;
}

Bytes ipv6(const Ipv6& packet) {
  Bytes bytes;
  put32(bytes, 0x60000000u | std::uint32_t{packet.traffic_class} << 20 | packet.flow_label);
  put16(bytes, static_cast<std::uint32_t>(packet.payload.size()));
  bytes.push_back(packet.next_header);
  bytes.push_back(packet.hop_limit);
  for (const std::string& text : {packet.source, packet.destination}) {
    const dataplane::MappedAddress address = ip6(text);
    for (const std::uint64_t half : {address.hi, address.lo}) {
      put32(bytes, static_cast<std::uint32_t>(half >> 32));
      put32(bytes, static_cast<std::uint32_t>(half));
    }
  }
  put(bytes, packet.payload);
  return bytes;
}

Bytes extension(std::uint8_t next_header, Bytes bytes) {
  bytes.resize((bytes.size() + 2 + 7) / 8 * 8 - 2);
  Bytes header{next_header, static_cast<std::uint8_t>((bytes.size() + 2) / 8 - 1)};
  put(header, bytes);
  return header;
}

Bytes fragment_header(std::uint8_t next_header, std::uint16_t offset_flags) {
  Bytes header{next_header, 0};
  put16(header, offset_flags);
  put32(header, 0xdeadbeef);
  return header;
}

Bytes ethernet(const Mac& destination, const Mac& source, std::uint16_t type,
               const Bytes& payload) {
  Bytes frame;
  put(frame, destination.bytes);
  put(frame, source.bytes);
  put16(frame, type);
  put(frame, payload);
  return frame;
}

Bytes ports(std::uint16_t source, std::uint16_t destination, std::size_t bytes) {
  Bytes payload;
  put16(payload, source);
  put16(payload, destination);
  payload.resize(bytes, 0xa5);
  return payload;
}

Bytes icmp_echo(std::uint16_t id, std::uint16_t sequence, std::uint8_t type) {
  Bytes message{type, 0, 0, 0};
  put16(message, id);
  put16(message, sequence);
  message.resize(24, 0x33);
  const std::uint16_t sum = internet_checksum(message);
  message[2] = static_cast<std::uint8_t>(sum >> 8);
  message[3] = static_cast<std::uint8_t>(sum);
  return message;
}

Bytes icmp(std::uint8_t type, std::uint8_t code) {
  Bytes message{type, code, 0, 0};
  message.resize(36, 0);
  const std::uint16_t sum = internet_checksum(message);
  message[2] = static_cast<std::uint8_t>(sum >> 8);
  message[3] = static_cast<std::uint8_t>(sum);
  return message;
}

Bytes arp_request(const Mac& sender, const std::string& sender_ip, const std::string& target_ip) {
  Bytes arp{0, 1, 8, 0, 6, 4, 0, 1};
  put(arp, sender.bytes);
  put32(arp, ip(sender_ip));
  put(arp, Mac{}.bytes);
  put32(arp, ip(target_ip));
  return ethernet(Mac::broadcast(), sender, 0x0806, arp);
}

Bytes as_forwarded_v6(Bytes frame, const Mac& destination, const Mac& source) {
  for (std::size_t i = 0; i < 6; ++i) {
    frame[i] = destination.bytes[i];
    frame[6 + i] = source.bytes[i];
  }
  --frame[14 + 7];
  frame.resize(14u + 40u + (std::size_t{frame[18]} << 8 | frame[19]));
  return frame;
}

Bytes as_forwarded(Bytes frame, const Mac& destination, const Mac& source) {
  for (std::size_t i = 0; i < 6; ++i) {
    frame[i] = destination.bytes[i];
    frame[6 + i] = source.bytes[i];
  }
  --frame[14 + 8];
  fix_checksum(frame);
  frame.resize(14u + (std::size_t{frame[16]} << 8 | frame[17]));
  return frame;
}

}  // namespace bgw::packet_test
