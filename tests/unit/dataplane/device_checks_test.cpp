#include "dataplane/device/device_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/device/kernel_interface.h"

namespace bgw::dataplane {
namespace {

TEST(AfPacketMtu, is_what_fits_a_frame) {
  EXPECT_EQ(af_packet_mtu("net_af_packet0,iface=lo"), 2048 - 80);
  EXPECT_EQ(af_packet_mtu("net_af_packet0,iface=lo,framesz=1024,framecnt=64"), 1024 - 80);
  EXPECT_EQ(af_packet_mtu("net_af_packet0,iface=bgw-none"), 2048 - 80);
}

// The driver counts frames through, the kernel begins each block anew.
TEST(AfPacket, frames_fit_blocks_blocks_fit_pages_and_a_frame_fits_a_buffer) {
  const auto refusal = [](const char* arguments, std::uint32_t buffer_bytes) {
    const auto checked =
        check_device(std::string("net_af_packet0,iface=bgw-none") + arguments, buffer_bytes);
    return checked ? std::string{} : checked.error();
  };
  EXPECT_EQ(refusal("", 2048), "");
  EXPECT_EQ(refusal(",framesz=9216,blocksz=36864", 9216), "");
  EXPECT_THAT(refusal(",framesz=9216,blocksz=36864", 2048),
              testing::HasSubstr("bgwd --packet-buffer-bytes 9216"));
  EXPECT_THAT(refusal(",framesz=9216,blocksz=12288", 9216), testing::HasSubstr("multiple"));
  EXPECT_THAT(refusal(",framesz=9216", 9216), testing::HasSubstr("multiple"));
  EXPECT_THAT(refusal(",framesz=512,blocksz=5120", 2048), testing::HasSubstr("page size"));
  EXPECT_THAT(refusal(",framesz=0", 2048), testing::HasSubstr("multiple"));
}

TEST(KernelInterface, says_nothing_of_other_devices_and_of_what_is_not_there) {
  for (const char* driver : {"net_tap0", "net_af_packet0"}) {
    const auto found = check_offloads(driver, "bgw-none");
    EXPECT_FALSE(found.refusal || found.warning);
  }
  EXPECT_FALSE(check_offloads("net_tap0", "lo").refusal);
}

// The kernel keeps 256 bytes of each buffer.
TEST(AfXdp, carries_what_is_left_of_a_buffer_that_fits_a_page) {
  EXPECT_EQ(af_xdp_mtu("net_af_xdp0,iface=lo", 2048), 1774);
  EXPECT_EQ(af_xdp_mtu("net_af_packet0,iface=lo", 2048), std::nullopt);
  EXPECT_TRUE(check_device("net_af_xdp0,iface=lo", 3072));
  EXPECT_THAT(check_device("net_af_xdp0,iface=lo", 9216).error(),
              testing::HasSubstr("--packet-buffer-bytes 3072"));
}

TEST(KernelInterface, fragments_arrive_as_sent) {
  EXPECT_TRUE(fragments_arrive_as_sent());
}

TEST(AfPacketMtu, says_nothing_of_other_devices) {
  EXPECT_EQ(af_packet_mtu("net_tap0,iface=lo"), std::nullopt);
}

}  // namespace
}  // namespace bgw::dataplane
