#include "control/cli/capture_text.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <map>

#include <fmt/format.h>

namespace bgw::cli {
namespace {

constexpr std::uint32_t interface_block = 1, packet_block = 6;
constexpr std::uint16_t option_comment = 1, option_name = 2, option_flags = 2;
constexpr std::size_t interface_fixed_bytes = 8, packet_fixed_bytes = 20;
constexpr std::uint64_t ns_per_second = 1'000'000'000;

// Beyond the end there are zeros.
std::uint64_t number(std::string_view bytes, std::size_t at, std::size_t size, bool little_endian) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size && at + size <= bytes.size(); ++i) {
    const std::size_t from = little_endian ? at + size - 1 - i : at + i;
    value = value << 8 | static_cast<unsigned char>(bytes[from]);
  }
  return value;
}
std::uint32_t little(std::string_view bytes, std::size_t at, std::size_t size) {
  return static_cast<std::uint32_t>(number(bytes, at, size, true));
}
std::uint32_t big(std::string_view bytes, std::size_t at, std::size_t size) {
  return static_cast<std::uint32_t>(number(bytes, at, size, false));
}

std::string_view option(std::string_view options, std::uint16_t wanted) {
  while (options.size() >= 4) {
    const auto code = little(options, 0, 2);
    const std::size_t bytes = little(options, 2, 2);
    if (code == 0 || 4 + bytes > options.size()) break;
    if (code == wanted) return options.substr(4, bytes);
    options.remove_prefix(std::min(options.size(), 4 + (bytes + 3) / 4 * 4));
  }
  return {};
}

std::string address(std::string_view bytes, std::size_t at, int family) {
  std::array<char, INET6_ADDRSTRLEN> text;
  const std::size_t size = family == AF_INET ? 4 : 16;
  if (at + size > bytes.size()) return "?";
  return inet_ntop(family, bytes.data() + at, text.data(), text.size());
}

std::string protocol_text(unsigned protocol) {
  static const std::map<unsigned, const char*> names = {
      {1, "ICMP"}, {6, "TCP"}, {17, "UDP"}, {44, "fragment"}, {58, "ICMPv6"}};
  const auto found = names.find(protocol);
  return found == names.end() ? fmt::format("protocol {}", protocol) : found->second;
}

std::string ip_text(const std::string& source, const std::string& destination, unsigned protocol,
                    std::string_view payload) {
  if ((protocol == 6 || protocol == 17) && payload.size() >= 4) {
    return fmt::format("{}:{} > {}:{} {}", source, big(payload, 0, 2), destination,
                       big(payload, 2, 2), protocol_text(protocol));
  }
  return fmt::format("{} > {} {}", source, destination, protocol_text(protocol));
}

std::string ipv4_text(std::string_view ip) {
  if (ip.size() < 20) return "IPv4, cut short";
  const std::size_t header = (big(ip, 0, 1) & 0xf) * std::size_t{4};
  const auto offset = (big(ip, 6, 2) & 0x1fff) * 8;
  const bool fragment = (big(ip, 6, 2) & 0x3fff) != 0;
  const auto payload = offset == 0 ? ip.substr(std::min(header, ip.size())) : std::string_view{};
  auto text = ip_text(address(ip, 12, AF_INET), address(ip, 16, AF_INET), big(ip, 9, 1), payload);
  if (fragment) text += fmt::format(", fragment {} at {}", big(ip, 4, 2), offset);
  return text;
}

std::string ipv6_text(std::string_view ip) {
  if (ip.size() < 40) return "IPv6, cut short";
  return ip_text("[" + address(ip, 8, AF_INET6) + "]", "[" + address(ip, 24, AF_INET6) + "]",
                 big(ip, 6, 1), ip.substr(40));
}

std::string arp_text(std::string_view arp) {
  const auto sender = address(arp, 14, AF_INET), target = address(arp, 24, AF_INET);
  switch (big(arp, 6, 2)) {
    case 1:
      return fmt::format("ARP who has {}, asks {}", target, sender);
    case 2:
      return fmt::format("ARP {} answers {}", sender, target);
    default:
      return "ARP";
  }
}

std::string time_text(std::uint64_t unix_ns) {
  const auto seconds = static_cast<std::time_t>(unix_ns / ns_per_second);
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  return fmt::format("{:02}:{:02}:{:02}.{:06}", parts.tm_hour, parts.tm_min, parts.tm_sec,
                     unix_ns % ns_per_second / 1000);
}

}  // namespace

std::string describe_frame(std::string_view frame) {
  if (frame.size() < 14) return "cut short";
  std::size_t type_at = 12;
  std::string tags;
  while (big(frame, type_at, 2) == 0x8100 || big(frame, type_at, 2) == 0x88a8) {
    tags += fmt::format("VLAN {} ", big(frame, type_at + 2, 2) & 0xfff);
    type_at += 4;
  }
  const auto network = frame.substr(std::min(type_at + 2, frame.size()));
  switch (const auto type = big(frame, type_at, 2)) {
    case 0x0800:
      return tags + ipv4_text(network);
    case 0x86dd:
      return tags + ipv6_text(network);
    case 0x0806:
      return tags + arp_text(network);
    default:
      return tags + fmt::format("type 0x{:04x}", type);
  }
}

void CaptureText::read(std::string_view piece, std::string& lines) {
  while (piece.size() >= 12) {
    const std::size_t bytes = little(piece, 4, 4);
    if (bytes < 12 || bytes % 4 != 0 || bytes > piece.size()) return;
    const auto body = piece.substr(8, bytes - 12);
    const auto type = little(piece, 0, 4);
    if (type == interface_block && body.size() >= interface_fixed_bytes) {
      interfaces_.emplace_back(option(body.substr(interface_fixed_bytes), option_name));
    } else if (type == packet_block && body.size() >= packet_fixed_bytes) {
      read_packet(body, lines);
    }
    piece.remove_prefix(bytes);
  }
}

void CaptureText::read_packet(std::string_view body, std::string& lines) {
  const auto interface = little(body, 0, 4);
  const std::uint64_t unix_ns = std::uint64_t{little(body, 4, 4)} << 32 | little(body, 8, 4);
  const std::size_t kept = little(body, 12, 4);
  const auto original = little(body, 16, 4);
  const auto data = body.substr(packet_fixed_bytes);
  if (kept > data.size()) return;
  ++packets_;
  const auto options = data.substr(std::min(data.size(), (kept + 3) / 4 * 4));
  const auto comment = option(options, option_comment);
  const bool outbound = (little(option(options, option_flags), 0, 4) & 3) == 2;
  lines += fmt::format("{} {} {} {}, {} bytes", time_text(unix_ns),
                       interface < interfaces_.size() ? interfaces_[interface] : "?",
                       !comment.empty() ? "drop"
                       : outbound       ? "tx"
                                        : "rx",
                       describe_frame(data.substr(0, kept)), original);
  lines += comment.empty() ? std::string("\n") : fmt::format(" ({})\n", comment);
}

}  // namespace bgw::cli
