// What crosses a gateway is counted by the attachments that it crosses by, and nothing else is.
#include <gtest/gtest.h>

#include "tests/packet/lab.h"

namespace bgw::packet_test {
namespace {

std::uint64_t ipv4_bytes(const Bytes& frame) {
  return frame.size() - 14;
}

TEST(Attachments, count_what_enters_and_what_leaves_the_gateway) {
  TwoVpcs lab;
  const Bytes there = lab.from_a({});
  const Bytes back = lab.frame(lab.b, Ipv4{.source = "10.2.0.20", .destination = "10.1.0.10"});
  ASSERT_EQ(lab.receive(lab.a, std::vector<Bytes>{there, there, there}).sent.size(), 3u);
  ASSERT_EQ(lab.receive(lab.b, back).sent.size(), 1u);
  EXPECT_EQ(lab.crossings(lab.gateway, lab.a),
            (AttachmentCounters{.to_gateway_packets = 3,
                                .to_gateway_bytes = 3 * ipv4_bytes(there),
                                .to_vpc_packets = 1,
                                .to_vpc_bytes = ipv4_bytes(back)}));
  EXPECT_EQ(lab.crossings(lab.gateway, lab.b),
            (AttachmentCounters{.to_gateway_packets = 1,
                                .to_gateway_bytes = ipv4_bytes(back),
                                .to_vpc_packets = 3,
                                .to_vpc_bytes = 3 * ipv4_bytes(there)}));
}

TEST(Attachments, count_ipv6_too) {
  TwoVpcs lab;
  ASSERT_EQ(lab.receive(lab.a, lab.from_a_v6({})).sent.size(), 1u);
  EXPECT_EQ(lab.crossings(lab.gateway, lab.a).to_gateway_packets, 1u);
  EXPECT_EQ(lab.crossings(lab.gateway, lab.b).to_vpc_packets, 1u);
}

// Neither what stays in its VPC, nor what ends at the gateway or has no way there.
TEST(Attachments, count_nothing_else) {
  TwoVpcs lab;
  ASSERT_EQ(lab.receive(lab.a, lab.from_a({.destination = "10.1.0.11"})).sent.size(), 1u);
  for (const char* destination : {"10.1.0.1", "10.66.0.1", "10.99.0.1", "172.16.0.1"})
    EXPECT_TRUE(lab.receive(lab.a, lab.from_a({.destination = destination})).sent.empty());
  EXPECT_EQ(lab.crossings(lab.gateway, lab.a), AttachmentCounters{});
  EXPECT_EQ(lab.crossings(lab.gateway, lab.b), AttachmentCounters{});
}

// Packets of one burst by turns into two VPCs, so that no two that follow each other agree.
TEST(Attachments, tell_packets_of_one_burst_apart) {
  TwoVpcs lab;
  const VpcIndex c = lab.add_vpc("10.3.0.1/16");
  lab.add_neighbour(c, "10.3.0.30", mac(30, 3));
  lab.plan.tables[lab.gateway.value].push_back(
      route("10.3.0.0/16", lab.plan.cross(lab.gateway, c)));
  lab.publish();
  std::vector<Bytes> burst;
  for (int i = 0; i < 60; ++i)
    burst.push_back(lab.from_a({.destination = i % 3 == 0 ? "10.3.0.30" : "10.2.0.20"}));
  ASSERT_EQ(lab.receive(lab.a, burst).sent.size(), 60u);
  EXPECT_EQ(lab.crossings(lab.gateway, lab.a).to_gateway_packets, 60u);
  EXPECT_EQ(lab.crossings(lab.gateway, lab.b).to_vpc_packets, 40u);
  EXPECT_EQ(lab.crossings(lab.gateway, c).to_vpc_packets, 20u);
}

}  // namespace
}  // namespace bgw::packet_test
