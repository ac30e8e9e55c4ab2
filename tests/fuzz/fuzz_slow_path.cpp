// What the slow path reads of foreign bytes: ARP frames, IPv4 and ICMP packets and their
// quotations; and a whole SlowPath that is given them as punts. It must not crash, and what it
// builds must be well formed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <vector>

#include "control/arp.h"
#include "control/icmp.h"
#include "control/ipv4.h"
#include "control/packet_io.h"
#include "control/slow_path.h"

namespace {

using namespace bgw;
using control::Bytes;
using dataplane::DropReason;
using dataplane::PuntClass;
using dataplane::VpcIndex;

void require(bool condition) {
  if (!condition) std::abort();
}

// A packet that we send: consistent lengths and right checksums, or nothing.
void require_well_formed(Bytes packet) {
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
  control::PacketPtr make(Bytes bytes) override {
    return std::make_unique<FuzzPacket>(bytes, dataplane::PacketNote{});
  }
  bool inject(control::PacketPtr& packet) override {
    if (packet->note().inject == dataplane::InjectKind::originate) {
      require_well_formed(packet->bytes());
    }
    packet.reset();
    return true;
  }
  bool grace_period() override { return true; }

  std::deque<control::PacketPtr> punts;
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

// The first bytes choose the note, the rest is the packet.
void punt(Bytes input) {
  static dataplane::NeighbourTable table{64};
  static FuzzIo* io = nullptr;
  static auto now = control::SlowPath::Clock::time_point{};
  static const auto slow_path = [] {
    auto owned = std::make_unique<FuzzIo>();
    io = owned.get();
    auto made = std::make_unique<control::SlowPath>(
        std::move(owned), table, control::SlowPath::Options{.neighbours_per_vpc = 8});
    made->configure(
        {{VpcIndex{0}, "a", true, {{2, 0, 0, 0, 0, 1}}, 1500, {gateway_address(0x0a010101)}}});
    return made;
  }();
  if (input.size() < 4) return;
  const auto punt_class =
      static_cast<PuntClass>(input[0] % static_cast<unsigned>(PuntClass::count_));
  const auto reason = static_cast<DropReason>(input[1] % dataplane::drop_reason_count);
  const std::uint16_t ip_offset = (input[2] & 1) != 0 ? 14 : 0;
  const dataplane::PacketNote note{.punt = punt_class,
                                   .reason = reason,
                                   .in_vpc = VpcIndex{0},
                                   .vpc = VpcIndex{0},
                                   .address = dataplane::Address::v4(0x0a010100u + input[3]),
                                   .mtu = 1400,
                                   .ip_offset = ip_offset};
  io->punts.push_back(std::make_unique<FuzzPacket>(input.subspan(4), note));
  now += std::chrono::milliseconds{input[2]};
  slow_path->poll(now);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input(data, size);
  read_spans(input);
  punt(input);
  return 0;
}
