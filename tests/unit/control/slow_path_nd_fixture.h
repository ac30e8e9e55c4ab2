// VPC a with IPv6, its probes and announcements done and forgotten.
#pragma once

#include "slow_path_fixture.h"
#include "slow_path_packets_v6.h"

namespace bgw::test {

inline SlowPathVpc config6_a() {
  auto a = config_a();
  a.addresses = {interface_address("10.1.1.1", 24), interface_address("2001:db8:1::1", 64),
                 interface_address("2001:db8:11::1", 120)};
  return a;
}
inline SlowPathVpc config6_b() {
  auto b = config_b();
  b.addresses = {interface_address("2001:db8:2::1", 64)};
  return b;
}
inline const std::string link_local_a = "fe80::ff:fe00:fe";  // of own_mac_a, 02:00:00:00:00:fe

class SlowPath6Test : public SlowPathTest {
 protected:
  void SetUp() override {
    start({});
    configure({config6_a(), config6_b()});
    settle();
  }
  // Past all that is said when an interface comes up.
  void settle() {
    for (int i = 0; i < 40; ++i) after(1s);
    io->injected.clear();
  }

  void punt_nd(VpcIndex vpc, const ByteVector& packet, const dataplane::Mac& source = mac(5),
               std::uint16_t tunnel = 0) {
    queue(PuntClass::nd, ethernet6(packet, source),
          {.in_vpc = vpc, .vpc = vpc, .tunnel = dataplane::TunnelIndex{tunnel}, .ip_offset = 14});
    poll();
  }
  void solicit(const NdFields& fields, const dataplane::Mac& source = mac(5)) {
    punt_nd(vpc_a, neighbour_packet(135, fields), source);
  }
  void queue_solicitation_of(const std::string& target) {
    queue(PuntClass::nd, ethernet6(neighbour_packet(135, {.target = target}), mac(5)),
          {.in_vpc = vpc_a, .vpc = vpc_a, .ip_offset = 14});
  }
  void advertise(const NdFields& fields, const dataplane::Mac& source = mac(5)) {
    punt_nd(vpc_a, neighbour_packet(136, fields), source);
  }
  void solicit_router(const std::string& source, const ByteVector& options = {},
                      VpcIndex vpc = vpc_a) {
    punt_nd(vpc, icmp6_packet({.source = source, .destination = "ff02::2", .hop_limit = 255}, 133,
                              0, 0, options));
  }
  // A packet from VPC b that needs a neighbour in VPC a.
  void need(const std::string& neighbour, const ByteVector& packet = udp6_packet()) {
    queue(PuntClass::glean, ethernet6(packet),
          {.in_vpc = vpc_b, .vpc = vpc_a, .address = addr(neighbour), .ip_offset = 14});
    poll();
  }
  std::optional<control::NeighbourEntry> neighbour(const std::string& address) const {
    for (const auto& entry : slow->neighbours()) {
      if (entry.address.to_string() == address) return entry;
    }
    return std::nullopt;
  }
  // ICMPv6 of that type among the frames sent.
  std::vector<ByteVector> frames(unsigned type) const {
    std::vector<ByteVector> found;
    for (const auto& i : injected(InjectKind::frame)) {
      if (get16(i.bytes, 12) == 0x86dd && i.bytes.at(54) == type) found.push_back(i.bytes);
    }
    return found;
  }
};

inline ByteVector packet_of(const ByteVector& frame) {
  return {frame.begin() + 14, frame.end()};
}
inline std::string mac_at(const ByteVector& frame, std::size_t at) {
  dataplane::Mac found;
  std::copy_n(frame.begin() + static_cast<std::ptrdiff_t>(at), 6, found.bytes.begin());
  return found.to_string();
}

}  // namespace bgw::test
