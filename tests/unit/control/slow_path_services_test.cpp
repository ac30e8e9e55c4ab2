// What is for the gateway itself goes to the service that has the protocol and port.
#include "control/slow_path/local_services.h"
#include "slow_path_nd_fixture.h"

namespace bgw::test {
namespace {

using control::LocalPacket;

struct Recorder final : control::LocalService {
  struct Seen {
    std::string source, destination;
    VpcIndex vpc, in_vpc;
    unsigned hop_limit, protocol;
    std::optional<std::uint16_t> port;
    std::size_t bytes;
  };
  std::optional<DropReason> serve(const LocalPacket& packet, SlowPath::Clock::time_point) override {
    seen.push_back({packet.source.to_string(), packet.destination.to_string(), packet.vpc,
                    packet.packet.note().in_vpc, packet.hop_limit, packet.protocol, packet.port,
                    control::network_bytes(packet.packet).size()});
    return refusal;
  }
  std::optional<DropReason> refusal;
  std::vector<Seen> seen;
};

class ServicesTest : public SlowPath6Test {
 protected:
  static ByteVector ports(unsigned to) {
    ByteVector upper(8);
    put16(upper, 0, 40000);
    put16(upper, 2, to);
    return upper;
  }
  static ByteVector packet(std::uint8_t protocol, unsigned to) {
    return ipv4_packet(
        {.source = "10.1.1.5", .destination = "10.1.1.1", .protocol = protocol, .ttl = 255},
        ports(to));
  }
  static ByteVector packet6(std::uint8_t protocol, unsigned to) {
    return ipv6_packet(
        {.source = "2001:db8:1::5", .destination = "2001:db8:1::1", .next_header = protocol},
        ports(to));
  }
  void punt(const ByteVector& packet) { punt_local(vpc_a, vpc_a, packet); }
  std::size_t errors() const { return slow->counters(vpc_a).icmp_sent; }

  Recorder service;
};

TEST_F(ServicesTest, gets_its_port_of_both_families_and_no_other) {
  ASSERT_TRUE(slow->local_services().add({6, 179}, service));
  punt(packet(6, 179));
  punt(packet6(6, 179));
  EXPECT_EQ(slow->counters(vpc_a).consumed, 2u);
  EXPECT_EQ(errors(), 0u);
  for (const auto& other : {packet(6, 180), packet(17, 179), packet6(6, 178)}) punt(other);
  EXPECT_EQ(drops(vpc_a, DropReason::port_unreachable), 3u);
  EXPECT_EQ(errors(), 3u);
  ASSERT_EQ(service.seen.size(), 2u);
  const auto& v4 = service.seen[0];
  EXPECT_EQ(v4.source, "10.1.1.5");
  EXPECT_EQ(v4.destination, "10.1.1.1");
  EXPECT_EQ(v4.vpc, vpc_a);
  EXPECT_EQ(v4.in_vpc, vpc_a);
  EXPECT_EQ(v4.hop_limit, 255u);
  EXPECT_EQ(v4.protocol, 6u);
  EXPECT_EQ(v4.port, 179);
  EXPECT_EQ(v4.bytes, 28u);
  EXPECT_EQ(service.seen[1].source, "2001:db8:1::5");
}

TEST_F(ServicesTest, of_a_whole_protocol_gets_what_no_other_has_a_port_for) {
  Recorder bfd;
  ASSERT_TRUE(slow->local_services().add({17, std::nullopt}, service));
  ASSERT_TRUE(slow->local_services().add({17, 3784}, bfd));
  punt(packet(17, 3784));
  punt(packet(17, 3785));
  punt(ipv4_packet({.source = "10.1.1.5", .destination = "10.1.1.1", .protocol = 17},
                   ByteVector(3)));  // cut short: it has no port
  EXPECT_EQ(bfd.seen.size(), 1u);
  EXPECT_EQ(service.seen.size(), 2u);
  EXPECT_EQ(service.seen[1].port, std::nullopt);
}

TEST_F(ServicesTest, an_endpoint_has_one) {
  Recorder other;
  EXPECT_TRUE(slow->local_services().add({6, 179}, service));
  EXPECT_FALSE(slow->local_services().add({6, 179}, other));
  EXPECT_FALSE(slow->local_services().add({1, std::nullopt}, other)) << "ICMP is served already";
  EXPECT_FALSE(slow->local_services().add({58, std::nullopt}, other));
  punt(packet(6, 179));
  EXPECT_EQ(service.seen.size(), 1u);
}

TEST_F(ServicesTest, what_it_refuses_is_dropped_for_its_reason_and_answered_where_that_is_due) {
  ASSERT_TRUE(slow->local_services().add({6, 179}, service));
  service.refusal = DropReason::port_unreachable;
  punt(packet(6, 179));
  EXPECT_EQ(errors(), 1u);
  service.refusal = DropReason::martian_source;
  punt(packet(6, 179));
  EXPECT_EQ(errors(), 1u);
  EXPECT_EQ(drops(vpc_a, DropReason::port_unreachable), 1u);
  EXPECT_EQ(drops(vpc_a, DropReason::martian_source), 1u);
  EXPECT_EQ(slow->counters(vpc_a).consumed, 0u);
}

TEST_F(ServicesTest, sees_whole_packets_only_and_those_that_are_for_the_gateway) {
  ASSERT_TRUE(slow->local_services().add({17, 3784}, service));
  punt(ipv4_packet({.source = "10.1.1.5", .destination = "10.1.1.1", .more_fragments = true},
                   ports(3784)));
  EXPECT_TRUE(service.seen.empty());
  punt(ipv4_packet({.source = "10.1.1.5", .destination = "10.1.1.1", .offset_units = 1},
                   ByteVector(4)));
  ASSERT_EQ(service.seen.size(), 1u);
  EXPECT_EQ(service.seen[0].bytes, 32u);
  punt(ipv4_packet({.source = "10.1.1.5", .destination = "10.1.1.9"}, ports(3784)));
  punt(ipv4_packet({.source = "224.0.0.5", .destination = "10.1.1.1"}, ports(3784)));
  EXPECT_EQ(service.seen.size(), 1u);
}

}  // namespace
}  // namespace bgw::test
