#include "control/packets/arp.h"

#include "control/packets/addresses.h"
#include "control/packets/ethernet.h"

namespace bgw::control {
namespace {

constexpr std::size_t arp_bytes = 28;
constexpr std::uint16_t hardware_ethernet = 1;
constexpr std::uint16_t address_lengths = 0x0604;  // 6 bytes of MAC, 4 of IPv4

// Offsets in the message.
constexpr std::size_t at_hardware = 0;
constexpr std::size_t at_protocol = 2;
constexpr std::size_t at_lengths = 4;
constexpr std::size_t at_operation = 6;
constexpr std::size_t at_sender_mac = 8;
constexpr std::size_t at_sender = 14;
constexpr std::size_t at_target_mac = 18;
constexpr std::size_t at_target = 24;

}  // namespace

std::optional<ArpMessage> parse_arp(Bytes bytes) {
  if (bytes.size() < arp_bytes) return std::nullopt;
  if (load16(bytes, at_hardware) != hardware_ethernet ||
      load16(bytes, at_protocol) != ethertype_ipv4 ||
      load16(bytes, at_lengths) != address_lengths) {
    return std::nullopt;
  }
  const auto operation = static_cast<ArpOperation>(load16(bytes, at_operation));
  if (operation != ArpOperation::request && operation != ArpOperation::reply) return std::nullopt;
  return ArpMessage{operation, load_mac(bytes, at_sender_mac), load32(bytes, at_sender),
                    load_mac(bytes, at_target_mac), load32(bytes, at_target)};
}

ArpFrame write_arp(const dataplane::Mac& destination, const ArpMessage& message) {
  ArpFrame frame{};
  store_mac(frame, 0, destination);
  store_mac(frame, 6, message.sender_mac);
  store16(frame, 12, ethertype_arp);
  const auto arp = MutableBytes(frame).subspan(ethernet_bytes);
  store16(arp, at_hardware, hardware_ethernet);
  store16(arp, at_protocol, ethertype_ipv4);
  store16(arp, at_lengths, address_lengths);
  store16(arp, at_operation, static_cast<std::uint16_t>(message.operation));
  store_mac(arp, at_sender_mac, message.sender_mac);
  store32(arp, at_sender, message.sender);
  store_mac(arp, at_target_mac, message.target_mac);
  store32(arp, at_target, message.target);
  return frame;
}

}  // namespace bgw::control
