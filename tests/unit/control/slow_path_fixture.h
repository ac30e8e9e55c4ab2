// A SlowPath over a data plane made of vectors, with simulated time.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "control/slow_path/slow_path.h"
#include "slow_path_packets.h"

namespace bgw::test {

using control::SlowPath;
using control::SlowPathVpc;
using dataplane::DropReason;
using dataplane::InjectKind;
using dataplane::PuntClass;
using dataplane::VpcIndex;
using namespace std::chrono_literals;

class VectorPacket final : public control::Packet {
 public:
  explicit VectorPacket(ByteVector content, dataplane::PacketNote packet_note = {})
      : content_(std::move(content)), note_(packet_note) {
    ++alive;
  }
  ~VectorPacket() override { --alive; }
  control::Bytes bytes() override { return content_; }
  dataplane::PacketNote& note() override { return note_; }
  const ByteVector& content() const { return content_; }

  static inline int alive = 0;  // O4: packets are conserved

 private:
  ByteVector content_;
  dataplane::PacketNote note_;
};

struct Injected {
  ByteVector bytes;
  dataplane::PacketNote note;
};

struct FakeIo final : control::PacketIo {
  void take_punts(PuntClass punt_class, std::size_t max,
                  std::vector<control::PacketPtr>& packets) override {
    auto& queue = punts[static_cast<std::size_t>(punt_class)];
    for (; max > 0 && !queue.empty(); --max, queue.pop_front()) {
      packets.push_back(std::move(queue.front()));
    }
  }
  void take_mac_moves(std::vector<dataplane::MacMove>& taken) override {
    taken.insert(taken.end(), moves.begin(), moves.end());
    moves.clear();
  }
  control::PacketPtr make(control::Bytes bytes) override {
    if (no_buffers) return nullptr;
    return std::make_unique<VectorPacket>(ByteVector(bytes.begin(), bytes.end()));
  }
  bool inject(control::PacketPtr& packet) override {
    const auto& note = packet->note();
    const bool rewalk = note.inject == InjectKind::rewalk;
    if (injected.size() >= room || full.contains(rewalk ? note.in_vpc : note.vpc)) return false;
    injected.push_back({static_cast<VectorPacket&>(*packet).content(), packet->note()});
    packet.reset();
    return true;
  }
  void limit_path(dataplane::TunnelIndex tunnel, std::uint16_t largest) override {
    path_limits[tunnel] = largest;
  }
  bool grace_period() override {
    ++grace_periods;
    return true;
  }

  std::array<std::deque<control::PacketPtr>, static_cast<std::size_t>(PuntClass::count_)> punts;
  std::vector<dataplane::MacMove> moves;
  std::map<dataplane::TunnelIndex, std::uint16_t> path_limits;
  std::vector<Injected> injected;
  std::size_t room = SIZE_MAX;
  std::set<VpcIndex> full;  // the rings of their workers are
  bool no_buffers = false;
  int grace_periods = 0;
};

inline constexpr VpcIndex vpc_a{0};
inline constexpr VpcIndex vpc_b{1};
inline const dataplane::Mac own_mac_a = mac(0xfe);
inline const dataplane::Mac own_mac_b = mac(0xfd);

inline SlowPathVpc config_a() {
  return {vpc_a,     "a",  true,
          own_mac_a, 1500, {interface_address("10.1.1.1", 24), interface_address("10.1.2.1", 24)}};
}
inline SlowPathVpc config_b() {
  return {vpc_b, "b", true, own_mac_b, 1500, {interface_address("10.2.1.1", 24)}};
}

// VPCs a and b are up, their announcements done and forgotten.
class SlowPathTest : public ::testing::Test {
 protected:
  void SetUp() override { restart({}); }
  void restart(SlowPath::Options options) {
    start(options);
    configure({config_a(), config_b()});
    poll();
    after(2s);
    io->injected.clear();
  }
  void TearDown() override {
    slow.reset();
    EXPECT_EQ(VectorPacket::alive, 0);
  }

  void start(SlowPath::Options options) {
    slow.reset();
    auto owned = std::make_unique<FakeIo>();
    io = owned.get();
    slow = std::make_unique<SlowPath>(std::move(owned), table, fdb_table, options);
    served = {};
  }
  // These VPCs and tunnels and no others.
  void configure(std::vector<SlowPathVpc> vpcs, std::vector<control::SlowPathTunnel> tunnels = {}) {
    control::SlowPathSettings wanted{std::move(vpcs), std::move(tunnels)};
    slow->configure(control::change_between(served, wanted));
    served = std::move(wanted);
  }

  void poll() { slow->poll(now); }
  void after(std::chrono::milliseconds time) {
    now += time;
    poll();
  }

  void queue(PuntClass punt_class, ByteVector bytes, dataplane::PacketNote note) {
    note.punt = punt_class;
    io->punts[static_cast<std::size_t>(punt_class)].push_back(
        std::make_unique<VectorPacket>(std::move(bytes), note));
  }
  void punt_arp(VpcIndex vpc, ByteVector frame) {
    queue(PuntClass::arp, std::move(frame), {.in_vpc = vpc, .vpc = vpc, .ip_offset = 14});
    poll();
  }
  // A packet from VPC a (or the gateway itself) that needs a neighbour in VPC b.
  void punt_glean(const ByteVector& packet, const std::string& neighbour = "10.2.1.9",
                  VpcIndex in_vpc = vpc_a) {
    queue_glean(packet, neighbour, in_vpc);
    poll();
  }
  void queue_glean(const ByteVector& packet, const std::string& neighbour, VpcIndex in_vpc) {
    queue(PuntClass::glean, ethernet(packet),
          {.in_vpc = in_vpc, .vpc = vpc_b, .address = addr(neighbour), .ip_offset = 14});
  }
  void punt_local(VpcIndex in_vpc, VpcIndex vpc, const ByteVector& packet) {
    queue(PuntClass::local, ethernet(packet), {.in_vpc = in_vpc, .vpc = vpc, .ip_offset = 14});
    poll();
  }
  void punt_error(DropReason reason, const ByteVector& packet, std::uint16_t mtu = 0,
                  const dataplane::Mac& destination = own_mac_a) {
    queue(PuntClass::icmp_error, ethernet(packet, destination),
          {.reason = reason, .in_vpc = vpc_a, .vpc = vpc_a, .mtu = mtu, .ip_offset = 14});
    poll();
  }
  void answer_from_b(const std::string& neighbour, std::uint8_t mac_last = 9) {
    punt_arp(vpc_b, arp_frame(2, mac(mac_last), neighbour, "10.2.1.1", own_mac_b));
  }

  std::vector<Injected> take_injected() { return std::exchange(io->injected, {}); }
  std::vector<Injected> injected(InjectKind kind) const {
    std::vector<Injected> found;
    for (const auto& i : io->injected) {
      if (i.note.inject == kind) found.push_back(i);
    }
    return found;
  }
  // ARP requests sent into b.
  std::size_t requests() const { return injected(InjectKind::frame).size(); }
  std::uint64_t drops(VpcIndex vpc, DropReason reason) const {
    return slow->counters(vpc).drops[static_cast<std::size_t>(reason)];
  }
  bool usable(VpcIndex vpc, const std::string& address) const {
    return table.find(vpc, addr(address)).known();
  }

  dataplane::NeighbourTable table{524'288};
  dataplane::FdbTable fdb_table{8192};
  std::unique_ptr<SlowPath> slow;
  control::SlowPathSettings served;
  FakeIo* io = nullptr;
  SlowPath::Clock::time_point now{std::chrono::hours{1}};
};

// Of an ICMP packet without IP options.
inline unsigned icmp_type(const ByteVector& packet) {
  return packet.at(20);
}
inline unsigned icmp_code(const ByteVector& packet) {
  return packet.at(21);
}
inline std::uint32_t source_of(const ByteVector& packet) {
  return get32(packet, 12);
}
inline std::uint32_t destination_of(const ByteVector& packet) {
  return get32(packet, 16);
}

}  // namespace bgw::test
