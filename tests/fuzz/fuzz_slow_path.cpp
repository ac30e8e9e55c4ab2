// What the slow path reads of foreign bytes: ARP and ND, IP and ICMP packets of both families and
// their quotations; and a whole SlowPath, with a VPC on a wire, one over VXLAN and its underlay,
// that is given them as punts. It must not crash, what it builds must be well formed, and it leaves
// by tunnels only where there are some.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <vector>

#include "control/packets/arp.h"
#include "control/packets/icmp.h"
#include "control/packets/icmp6.h"
#include "control/packets/ipv4.h"
#include "control/packets/ipv6.h"
#include "control/packets/nd.h"
#include "control/slow_path/packet_io.h"
#include "control/slow_path/slow_path.h"

namespace {

using namespace bgw;
using control::Bytes;
using dataplane::DropReason;
using dataplane::PuntClass;
using dataplane::TunnelIndex;
using dataplane::VpcIndex;

void require(bool condition) {
  if (!condition) std::abort();
}

// A packet that we send: consistent lengths and right checksums, or nothing.
void require_well_formed(Bytes packet) {
  if (!packet.empty() && packet[0] >> 4 == 6) {
    const auto header = control::parse_ipv6_packet(packet);
    require(header && header->total_bytes() == packet.size());
    require(control::parse_icmp6(packet).has_value());
    return;
  }
  const auto header = control::parse_ipv4_packet(packet);
  require(header && header->total_bytes == packet.size());
  require(control::internet_checksum(packet.first(header->header_bytes)) == 0);
  require(control::parse_icmp(packet).has_value());
}

class FuzzPacket final : public control::Packet {
 public:
  FuzzPacket(Bytes content, dataplane::PacketNote packet_note)
      : content_(content.begin(), content.end()), note_(packet_note) {}
  Bytes bytes() override { return content_; }
  dataplane::PacketNote& note() override { return note_; }

 private:
  std::vector<std::uint8_t> content_;
  dataplane::PacketNote note_;
};

struct FuzzIo final : control::PacketIo {
  void take_punts(PuntClass punt_class, std::size_t max,
                  std::vector<control::PacketPtr>& packets) override {
    while (max-- > 0 && !punts.empty() && punts.front()->note().punt == punt_class) {
      packets.push_back(std::move(punts.front()));
      punts.pop_front();
    }
  }
  void take_mac_moves(std::vector<dataplane::MacMove>& taken) override {
    taken.insert(taken.end(), moves.begin(), moves.end());
    moves.clear();
  }
  control::PacketPtr make(Bytes bytes) override {
    return std::make_unique<FuzzPacket>(bytes, dataplane::PacketNote{});
  }
  bool inject(control::PacketPtr& packet) override {
    const auto& note = packet->note();
    if (note.inject == dataplane::InjectKind::originate) {
      require_well_formed(packet->bytes());
    } else if (note.inject == dataplane::InjectKind::frame && !note.whole_frame) {
      require(packet->bytes().size() >= 14);
      // By a tunnel into a VXLAN VPC, and by none into any other.
      const bool by_tunnel = note.tunnel != dataplane::no_tunnel;
      require(by_tunnel == (note.vpc == VpcIndex{1}));
    }
    packet.reset();
    return true;
  }
  void limit_path(dataplane::TunnelIndex, std::uint16_t largest) override {
    require(largest >= 576);
  }
  bool grace_period() override { return true; }

  std::deque<control::PacketPtr> punts;
  std::vector<dataplane::MacMove> moves;
};

config::InterfaceAddress gateway_address(std::uint32_t address) {
  return {config::IpAddress::v4(address), 24};
}

void read_spans(Bytes input) {
  if (const auto arp = control::parse_arp(input)) {
    require(control::parse_arp(Bytes(control::write_arp(arp->target_mac, *arp)).subspan(14)) ==
            arp);
  }
  control::quoted_echo_request(input);
  const config::InterfaceAddress own[] = {gateway_address(0x0a010101)};
  if (!control::may_cause_icmp_error(input, false, own)) return;
  for (const DropReason reason : {DropReason::ttl_expired, DropReason::no_route,
                                  DropReason::mtu_exceeded, DropReason::port_unreachable}) {
    const auto error = control::icmp_error_for(reason, input, 1400);
    if (!error) continue;
    const auto packet = control::build_icmp_error(input, *error, 0x0a010101, 1);
    require(packet.size() <= control::icmp_error_max_bytes);
    require_well_formed(packet);
    require(!control::may_cause_icmp_error(packet, false, own));  // P28
  }
}

void read_spans6(Bytes input) {
  control::parse_nd(input);
  control::parse_icmp6(input);
  control::quoted_echo6_request(input);
  control::find_upper_layer(input);
  const config::InterfaceAddress own[] = {{config::IpAddress::v6(0x20010db800010000, 1), 64}};
  for (const DropReason reason : {DropReason::ttl_expired, DropReason::no_route,
                                  DropReason::mtu_exceeded, DropReason::port_unreachable}) {
    const auto error = control::icmp6_error_for(reason, input, 1400);
    if (!error || !control::may_cause_icmp6_error(input, false, *error, own)) continue;
    const auto packet = control::build_icmp6_error(
        input, *error, dataplane::MappedAddress::v6(0x20010db800010000, 1));
    require(packet.size() <= control::icmp6_error_max_bytes);
    require_well_formed(packet);
    require(!control::may_cause_icmp6_error(packet, false, *error, own));  // P28
  }
}

constexpr VpcIndex wire{0};
constexpr VpcIndex vxlan{1};
constexpr VpcIndex underlay{2};
constexpr TunnelIndex near{1};
constexpr TunnelIndex far{2};

void configure(control::SlowPath& slow_path) {
  const auto address = [](const char* text, std::uint8_t length) {
    return config::InterfaceAddress{config::IpAddress::parse(text).value(), length};
  };
  control::SlowPathVpc a{.index = wire, .name = "a", .mac = {{2, 0, 0, 0, 0, 1}}};
  a.addresses = {address("10.1.1.1", 24), address("2001:db8:1::1", 64)};
  a.autoconfiguration = true;
  control::SlowPathVpc b{.index = vxlan, .name = "b", .mac = {{2, 0, 0, 0, 0, 2}}};
  b.addresses = {address("10.2.1.1", 24), address("2001:db8:2::1", 64)};
  b.vxlan = true;
  b.flood = {near, far};
  control::SlowPathVpc dc{.index = underlay, .name = "dc", .mac = {{2, 0, 0, 0, 0, 3}}};
  dc.addresses = {address("192.0.2.1", 24), address("2001:db8:ff::1", 64)};
  dc.underlay = true;
  slow_path.configure(
      {.put = {a, b, dc},
       .tunnels_put = {{near, underlay, dataplane::MappedAddress::v4(0xc0000209)},
                       {far, underlay, dataplane::MappedAddress::v6(0x20010db800ff0000, 9)}}});
}

// Of either family, on a link of VPC a, VPC b or the underlay.
dataplane::MappedAddress near_address(std::uint8_t choice, std::uint8_t host) {
  constexpr std::uint32_t v4[] = {0x0a010100, 0x0a020100, 0xc0000200, 0x08080800};
  constexpr std::uint64_t v6[] = {0x20010db800010000, 0x20010db800020000, 0x20010db800ff0000,
                                  0xfe80000000000000};
  return (choice & 4) != 0 ? dataplane::MappedAddress::v6(v6[choice & 3], host)
                           : dataplane::MappedAddress::v4(v4[choice & 3] + host);
}

// The first bytes choose the note, the rest is the packet.
void punt(Bytes input) {
  constexpr std::size_t note_bytes = 6;
  static dataplane::NeighbourTable table{64};
  static dataplane::FdbTable fdb{64};
  static FuzzIo* io = nullptr;
  static auto now = control::SlowPath::Clock::time_point{};
  static const auto slow_path = [] {
    auto owned = std::make_unique<FuzzIo>();
    io = owned.get();
    auto made = std::make_unique<control::SlowPath>(
        std::move(owned), table, fdb, control::SlowPath::Options{.neighbours_per_vpc = 8});
    configure(*made);
    return made;
  }();
  if (input.size() < note_bytes) return;
  const auto punt_class =
      static_cast<PuntClass>(input[0] % static_cast<unsigned>(PuntClass::count_));
  const auto reason = static_cast<DropReason>(input[1] % dataplane::drop_reason_count);
  const std::uint16_t ip_offset = (input[2] & 1) != 0 ? 14 : 0;
  const dataplane::PacketNote note{.punt = punt_class,
                                   .reason = reason,
                                   .in_vpc = VpcIndex{input[4] % 4u},
                                   .vpc = VpcIndex{input[4] / 4 % 4u},
                                   .address = near_address(input[5], input[3]),
                                   .tunnel = TunnelIndex{static_cast<std::uint16_t>(input[4] / 64)},
                                   .mtu = 1400,
                                   .ip_offset = ip_offset};
  if ((input[2] & 2) != 0) {
    io->moves.push_back({note.vpc, note.tunnel, {{2, 0, 0, 0, 1, input[3]}}});
  }
  io->punts.push_back(std::make_unique<FuzzPacket>(input.subspan(note_bytes), note));
  now += std::chrono::milliseconds{input[2]} * ((input[5] & 128) != 0 ? 100 : 1);
  slow_path->poll(now);
  for (const VpcIndex other : {wire, underlay, VpcIndex{3}}) {  // I4
    require(fdb.find(other, {{2, 0, 0, 0, 1, input[3]}}) == dataplane::no_tunnel);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input(data, size);
  read_spans(input);
  read_spans6(input);
  punt(input);
  return 0;
}
