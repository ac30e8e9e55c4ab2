// P58: what a device refuses while its link is down is a drop of the interface that is down.
#include <gtest/gtest.h>
#include <rte_ethdev.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "tests/packet/lab.h"

namespace bgw::packet_test {
namespace {

// The device of a port takes `takes` packets of each burst, and then fails as drivers of kernel
// devices do: with the kernel's errno.
class Refusal {
 public:
  Refusal(PortId port, std::uint16_t takes, int error) : port_(port), takes_(takes), error_(error) {
    callback_ = rte_eth_add_tx_callback(port.value, 0, refuse, this);
    EXPECT_NE(callback_, nullptr);
  }
  ~Refusal() { EXPECT_EQ(rte_eth_remove_tx_callback(port_.value, 0, callback_), 0); }
  Refusal(const Refusal&) = delete;
  Refusal& operator=(const Refusal&) = delete;

 private:
  static std::uint16_t refuse(std::uint16_t, std::uint16_t, rte_mbuf**, std::uint16_t count,
                              void* self) {
    auto& refusal = *static_cast<Refusal*>(self);
    const std::uint16_t taken = std::min(count, std::exchange(refusal.takes_, 0));
    if (taken < count && refusal.error_ != 0) errno = refusal.error_;
    return taken;
  }
  PortId port_;
  std::uint16_t takes_;
  int error_;
  const rte_eth_rxtx_callback* callback_;
};

struct LinkDown : testing::Test {
  // Eight packets from a to b, of which the device took `sent`.
  void expect_named_at_b(std::uint64_t sent) {
    const std::uint64_t lost = 8 - sent;
    EXPECT_EQ(lab.counters(lab.a).total_drops(), 0u);
    EXPECT_EQ(lab.counters(lab.a).forwarded, 8u);
    EXPECT_EQ(lab.counters(lab.b).undelivered, lost);
    EXPECT_EQ(lab.counters(lab.b).tx_packets, sent);
    EXPECT_EQ(lab.drops(lab.b, DropReason::link_down), lost);
    EXPECT_EQ(lab.counters(lab.b).total_drops(), lost);
    lab.expect_counters_add_up();
  }
  std::vector<Bytes> eight_packets() const {
    std::vector<Bytes> frames;
    for (int i = 0; i < 4; ++i) {
      frames.push_back(lab.from_a({}));
      frames.push_back(lab.from_a_v6({}));
    }
    return frames;
  }
  TwoVpcs lab;
};

TEST_F(LinkDown, P58_the_kernels_errors_name_the_interface_that_is_down) {
  std::uint64_t named = 0;
  for (const int error : {EIO, EBADFD, ENETDOWN, ENXIO}) {
    const Refusal refusal{lab.port_id_of(lab.b), 0, error};
    EXPECT_TRUE(lab.receive(lab.a, eight_packets()).sent.empty());
    EXPECT_EQ(lab.drops(lab.b, DropReason::link_down), named += 8) << error;
  }
  EXPECT_EQ(lab.counters(lab.a).total_drops(), 0u);
  lab.expect_counters_add_up();
}

TEST_F(LinkDown, P58_what_was_taken_before_it_went_down_is_sent) {
  const Refusal refusal{lab.port_id_of(lab.b), 3, EIO};
  EXPECT_EQ(lab.receive(lab.a, eight_packets()).sent.size(), 3u);
  expect_named_at_b(3);
}

// As a NIC does, whose queue fills and whose driver asks no kernel.
TEST_F(LinkDown, P58_a_queue_that_is_full_while_the_link_is_known_to_be_down) {
  lab.set_link(lab.b, false);
  lab.fill_transmit_queue(lab.b);
  lab.receive(lab.a, eight_packets());
  expect_named_at_b(0);
}

// A link that has just come up may be known as down for a while.
TEST_F(LinkDown, P58_nothing_is_lost_to_what_is_out_of_date) {
  lab.set_link(lab.b, false);
  EXPECT_EQ(lab.receive(lab.a, eight_packets()).sent.size(), 8u);
  expect_named_at_b(8);
}

TEST_F(LinkDown, P58_a_full_queue_with_the_link_up_is_the_senders) {
  lab.set_link(lab.b, false);
  lab.set_link(lab.b, true);
  std::uint64_t named = 0;
  for (const int error : {0, EAGAIN, ENOBUFS}) {
    errno = EIO;  // of some call before
    const Refusal refusal{lab.port_id_of(lab.b), 0, error};
    lab.receive(lab.a, eight_packets());
    EXPECT_EQ(lab.drops(lab.a, DropReason::tx_queue_full), named += 8) << error;
  }
  EXPECT_EQ(lab.counters(lab.b).undelivered, 0u);
  lab.expect_counters_add_up();
}

TEST_F(LinkDown, P58_fragments_and_the_gateways_own_packets) {
  lab.plan.vpcs[lab.b.value].mtu = 600;
  lab.publish();
  {
    const Refusal refusal{lab.port_id_of(lab.b), 1, EIO};
    lab.receive(lab.a, lab.from_a({.payload = Bytes(1400)}));
  }
  EXPECT_EQ(lab.counters(lab.a).forwarded, 1u);
  EXPECT_EQ(lab.counters(lab.a).total_drops(), 0u);
  EXPECT_EQ(lab.counters(lab.b).tx_packets, 1u);
  EXPECT_EQ(lab.drops(lab.b, DropReason::link_down), 1u);
  lab.expect_counters_add_up();
  const Refusal refusal{lab.port_id_of(lab.b), 0, EIO};
  lab.inject(ethernet(lab.host_b, lab.mac_of(lab.b), 0x0806, Bytes(46)), Lab::frame_note(lab.b));
  EXPECT_EQ(lab.drops(lab.b, DropReason::link_down), 2u);
  lab.expect_counters_add_up();
}

}  // namespace
}  // namespace bgw::packet_test
