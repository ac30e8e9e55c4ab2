#include "control/arp.h"

#include <algorithm>

namespace bgw::control {
namespace {

constexpr std::size_t ethernet_bytes = 14;
constexpr std::size_t arp_bytes = 28;
constexpr std::uint16_t ethertype_arp = 0x0806;
constexpr std::uint16_t ethertype_ipv4 = 0x0800;
constexpr std::uint16_t hardware_ethernet = 1;
constexpr std::uint16_t address_lengths = 0x0604;  // 6 bytes of MAC, 4 of IPv4

// Offsets in the frame.
constexpr std::size_t at_ethertype = 12;
constexpr std::size_t at_hardware = 14;
constexpr std::size_t at_protocol = 16;
constexpr std::size_t at_lengths = 18;
constexpr std::size_t at_operation = 20;
constexpr std::size_t at_sender_mac = 22;
constexpr std::size_t at_sender = 28;
constexpr std::size_t at_target_mac = 32;
constexpr std::size_t at_target = 38;

dataplane::Mac load_mac(Bytes bytes, std::size_t at) {
  dataplane::Mac mac;
  std::ranges::copy(bytes.subspan(at, mac.bytes.size()), mac.bytes.begin());
  return mac;
}

void store_mac(MutableBytes bytes, std::size_t at, const dataplane::Mac& mac) {
  std::ranges::copy(mac.bytes, bytes.subspan(at).begin());
}

}  // namespace

std::optional<ArpMessage> parse_arp(Bytes frame) {
  if (frame.size() < ethernet_bytes + arp_bytes) return std::nullopt;
  if (load16(frame, at_ethertype) != ethertype_arp ||
      load16(frame, at_hardware) != hardware_ethernet ||
      load16(frame, at_protocol) != ethertype_ipv4 ||
      load16(frame, at_lengths) != address_lengths) {
    return std::nullopt;
  }
  const auto operation = static_cast<ArpOperation>(load16(frame, at_operation));
  if (operation != ArpOperation::request && operation != ArpOperation::reply) return std::nullopt;
  return ArpMessage{operation, load_mac(frame, at_sender_mac), load32(frame, at_sender),
                    load_mac(frame, at_target_mac), load32(frame, at_target)};
}

ArpFrame write_arp(const dataplane::Mac& destination, const ArpMessage& message) {
  ArpFrame frame{};
  store_mac(frame, 0, destination);
  store_mac(frame, 6, message.sender_mac);
  store16(frame, at_ethertype, ethertype_arp);
  store16(frame, at_hardware, hardware_ethernet);
  store16(frame, at_protocol, ethertype_ipv4);
  store16(frame, at_lengths, address_lengths);
  store16(frame, at_operation, static_cast<std::uint16_t>(message.operation));
  store_mac(frame, at_sender_mac, message.sender_mac);
  store32(frame, at_sender, message.sender);
  store_mac(frame, at_target_mac, message.target_mac);
  store32(frame, at_target, message.target);
  return frame;
}

}  // namespace bgw::control
