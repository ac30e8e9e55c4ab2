#include <gtest/gtest.h>

#include "dataplane/exchange/counter_block.h"
#include "dataplane/published/token_bucket.h"
#include "dataplane/walk/flow_hash.h"

namespace bgw::dataplane {
namespace {

unsigned take_all(TokenBucket& bucket, const BucketRate& rate, std::uint64_t now) {
  unsigned taken = 0;
  for (; bucket.has_token(rate, now); ++taken) bucket.take(rate, now);
  return taken;
}

TEST(TokenBucket, P35_burst_then_rate) {
  constexpr BucketRate rate = BucketRate::of(1000, 50, 1'000'000);  // a token per 1000 ticks
  TokenBucket bucket;
  std::uint64_t now = 12'345;
  EXPECT_EQ(take_all(bucket, rate, now), 50u);
  EXPECT_EQ(take_all(bucket, rate, now + 999), 0u);
  EXPECT_EQ(take_all(bucket, rate, now + 1000), 1u);
  EXPECT_EQ(take_all(bucket, rate, now + 11'000), 10u);
  EXPECT_EQ(take_all(bucket, rate, now + 10'000'000), 50u) << "no more than a burst is saved";
}

TEST(TokenBucket, over_ten_seconds_the_rate_holds) {
  constexpr BucketRate rate = BucketRate::of(1000, 50, 1'000'000);
  TokenBucket bucket;
  unsigned taken = 0;
  for (std::uint64_t now = 1'000'000; now < 11'000'000; now += 10)
    taken += take_all(bucket, rate, now);
  EXPECT_GE(taken, 10'000u);
  EXPECT_LE(taken, 10'050u);
}

TEST(TokenBucket, of_a_rate_of_zero_there_is_no_token) {
  constexpr BucketRate rate = BucketRate::of(0, 50, 1'000'000);
  TokenBucket bucket;
  EXPECT_FALSE(bucket.try_take(rate, 0));
  EXPECT_FALSE(bucket.try_take(rate, 1'000'000'000));
}

TEST(CounterBlock, readers_sum_what_the_writer_counted) {
  CounterBlock block{4, 2, 3};
  bump(block.vpc(VpcIndex{3}).rx_packets, 5);
  bump(block.vpc(VpcIndex{3}), DropReason::no_route);
  bump(block.owner(no_vpc, PortId{1}), DropReason::unknown_vlan);
  bump(block.owner(VpcIndex{0}, PortId{1}).tx_bytes, 60);
  InterfaceCounters sum = block.read_vpc(VpcIndex{3});
  sum += block.read_vpc(VpcIndex{3});
  EXPECT_EQ(sum.rx_packets, 10u);
  EXPECT_EQ(sum.drops[static_cast<std::size_t>(DropReason::no_route)], 2u);
  EXPECT_EQ(sum.total_drops(), 2u);
  EXPECT_EQ(block.read_port(PortId{1}).total_drops(), 1u);
  EXPECT_EQ(block.read_vpc(VpcIndex{0}).tx_bytes, 60u);
  bump(block.attachment(AttachmentIndex{1}).to_vpc_bytes, 40);
  bump(block.attachment(AttachmentIndex{2}).to_gateway_packets);
  EXPECT_EQ(block.read_attachment(AttachmentIndex{1}), (AttachmentCounters{.to_vpc_bytes = 40}));
  block.zero(AttachmentIndex{1});
  EXPECT_EQ(block.read_attachment(AttachmentIndex{1}), AttachmentCounters{});
  EXPECT_EQ(block.read_attachment(AttachmentIndex{2}),
            (AttachmentCounters{.to_gateway_packets = 1}));
  block.zero(VpcIndex{3});
  EXPECT_EQ(block.read_vpc(VpcIndex{3}).rx_packets, 0u);
  EXPECT_EQ(block.read_vpc(VpcIndex{3}).total_drops(), 0u);
  EXPECT_EQ(block.read_vpc(VpcIndex{0}).tx_bytes, 60u);
}

TEST(FlowHash, P21_never_reads_beyond_the_packet) {
  // UDP whose ports are cut off: addresses decide, so both lengths agree.
  const std::uint8_t header[20] = {0x45, 0, 0,  20, 0, 0, 0,  0, 64, 17,
                                   0,    0, 10, 0,  0, 1, 10, 0, 0,  2};
  std::uint8_t with_rest[24] = {};
  std::copy(std::begin(header), std::end(header), with_rest);
  with_rest[20] = 0x77;
  EXPECT_EQ(flow_hash(header, 20), flow_hash(with_rest, 23));
  EXPECT_NE(flow_hash(header, 20), flow_hash(with_rest, 24));
}

}  // namespace
}  // namespace bgw::dataplane
