#include "dataplane/device/device_checks.h"

#include <gtest/gtest.h>

namespace bgw::dataplane {
namespace {

TEST(AfPacketMtu, is_what_fits_a_frame) {
  EXPECT_EQ(af_packet_mtu("net_af_packet0,iface=lo"), 2048 - 80);
  EXPECT_EQ(af_packet_mtu("net_af_packet0,iface=lo,framesz=1024,framecnt=64"), 1024 - 80);
  EXPECT_EQ(af_packet_mtu("net_af_packet0,iface=bgw-none"), 2048 - 80);
}

TEST(AfPacketMtu, says_nothing_of_other_devices) {
  EXPECT_EQ(af_packet_mtu("net_tap0,iface=lo"), std::nullopt);
}

}  // namespace
}  // namespace bgw::dataplane
