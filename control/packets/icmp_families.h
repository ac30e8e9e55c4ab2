// ICMP of both families by the same names, for what does the same with either.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "control/packets/icmp.h"
#include "control/packets/icmp6.h"
#include "control/packets/ipv4.h"
#include "control/packets/ipv6.h"

namespace bgw::control {

// What must be known of a packet to the gateway, or about which an error is sent.
struct IcmpPacket {
  dataplane::MappedAddress source;
  dataplane::MappedAddress destination;
  std::uint8_t ttl = 0;
  bool from_one_host = false;
  std::optional<std::uint8_t> protocol;  // nothing of a fragment, or when headers are cut short
  std::optional<std::uint16_t> port;     // that it is to, of TCP and UDP
};

struct IcmpOfIpv4 {
  using Error = IcmpError;
  static constexpr std::uint8_t protocol = protocol_icmp;
  static constexpr std::uint8_t echo_request = icmp::echo_request;
  static constexpr std::uint8_t echo_reply = icmp::echo_reply;

  // Nothing when it isn't a whole packet.
  static std::optional<IcmpPacket> read(Bytes ip);
  static std::optional<IcmpMessage> parse(Bytes ip) { return parse_icmp(ip); }
  // From the address that was asked.
  static std::vector<std::uint8_t> build_echo_reply(Bytes request, const dataplane::MappedAddress&,
                                                    std::uint16_t ip_id) {
    return control::build_echo_reply(request, ip_id);
  }
  static std::optional<Echo> quoted_echo_request(Bytes quote) {
    return control::quoted_echo_request(quote);
  }
  static std::optional<Error> error_for(dataplane::DropReason reason, Bytes ip, std::uint16_t mtu) {
    return icmp_error_for(reason, ip, mtu);
  }
  static bool may_cause_error(Bytes ip, bool link_broadcast, const Error&,
                              std::span<const config::InterfaceAddress> on_link) {
    return may_cause_icmp_error(ip, link_broadcast, on_link);
  }
  static std::vector<std::uint8_t> build_error(Bytes ip, const Error& error,
                                               const dataplane::MappedAddress& from,
                                               std::uint16_t ip_id) {
    return build_icmp_error(ip, error, from.as_v4(), ip_id);
  }
  static std::string describe(std::uint8_t type, std::uint8_t code);
};

struct IcmpOfIpv6 {
  using Error = Icmp6Error;
  static constexpr std::uint8_t protocol = next_header_icmp;
  static constexpr std::uint8_t echo_request = icmp6::echo_request;
  static constexpr std::uint8_t echo_reply = icmp6::echo_reply;

  static std::optional<IcmpPacket> read(Bytes ip);
  static std::optional<IcmpMessage> parse(Bytes ip) { return parse_icmp6(ip); }
  static std::vector<std::uint8_t> build_echo_reply(Bytes request,
                                                    const dataplane::MappedAddress& source,
                                                    std::uint16_t) {
    return build_echo6_reply(request, source);
  }
  static std::optional<Echo> quoted_echo_request(Bytes quote) {
    return quoted_echo6_request(quote);
  }
  static std::optional<Error> error_for(dataplane::DropReason reason, Bytes ip, std::uint16_t mtu) {
    return icmp6_error_for(reason, ip, mtu);
  }
  static bool may_cause_error(Bytes ip, bool link_broadcast, const Error& error,
                              std::span<const config::InterfaceAddress> on_link) {
    return may_cause_icmp6_error(ip, link_broadcast, error, on_link);
  }
  static std::vector<std::uint8_t> build_error(Bytes ip, const Error& error,
                                               const dataplane::MappedAddress& from,
                                               std::uint16_t) {
    return build_icmp6_error(ip, error, from);
  }
  static std::string describe(std::uint8_t type, std::uint8_t code);
};

}  // namespace bgw::control
