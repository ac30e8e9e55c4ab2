// What devices may be, and what is said of those that can't.
#include "config/device.h"

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "config/loader.h"

namespace bgw::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string problem(std::string_view text) {
  const auto device = read_device(text, 3);
  return device ? "" : device.error();
}

TEST(Device, arguments_and_what_they_do) {
  const auto device = read_device("net_pcap0,rx_iface=eth1,tx_pcap=/tmp/x,infinite_rx=1", 0);
  ASSERT_TRUE(device) << device.error();
  EXPECT_EQ(device->name, "net_pcap0");
  EXPECT_EQ(device->driver, "net_pcap");
  ASSERT_EQ(device->arguments.size(), 3u);
  EXPECT_EQ(device->arguments[0].use, ArgumentUse::interface);
  EXPECT_EQ(device->arguments[1].use, ArgumentUse::writes);
  EXPECT_EQ(device->arguments[1].value, "/tmp/x");
  EXPECT_EQ(device->arguments[2].use, ArgumentUse::setting);
  EXPECT_THAT(kernel_interfaces(*device), ElementsAre("eth1"));
}

TEST(Device, what_is_right) {
  for (const auto* text :
       {"0000:3b:00.0", "0000:3B:00.1,dv_flow_en=1", "net_tap0", "net_tap_a,iface=vpc-a,mac=fixed",
        "eth_af_packet1,iface=eth1", "net_af_packet0,iface=eth1.100,framesz=16384,framecnt=64",
        "net_af_xdp0,iface=enp3s0f0np0,start_queue=0,queue_count=1", "net_null0,size=64,no-rx=1",
        "net_pcap0,iface=a,iface=b", "virtio_user0,path=/dev/vhost-net,iface=v0",
        "net_memif0,role=server,socket=/run/m.sock"}) {
    EXPECT_EQ(problem(text), "") << text;
  }
}

TEST(Device, name_of_a_kernel_interface) {
  for (const std::string name : {"eth1", "enp3s0f0np0", "vpc-a", "eth1.100", "lo", "dc0"}) {
    EXPECT_THAT(problem(name), HasSubstr(fmt::format("A kernel interface of that name is written "
                                                     "\"net_af_packet3,iface={}\"",
                                                     name)));
  }
  EXPECT_THAT(problem("eth1,qpairs=1"), HasSubstr("\"net_af_packet3,iface=eth1\""));
}

TEST(Device, what_is_wrong_and_what_to_write) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"3b:00.0", "without its domain: 0000:3b:00.0"},
      {"0000:3b:00.8", "neither a PCI address"},
      {"/dev/net/tun", "neither a PCI address"},
      {"net_afpacket0,iface=eth1", "did you mean 'net_af_packet'?"},
      {"net_nosuch0", "no driver known for 'net_nosuch0'; virtual devices are net_tap, net_tun"},
      {"net_failsafe0,exec(/bin/sh)", "no driver known for 'net_failsafe0'"},
      {"net_tap0,ifcae=a", "unknown argument 'ifcae' of net_tap; did you mean 'iface'?; known: "},
      {"net_tap0,", "unknown argument '' of net_tap"},
      {"net_tap0,iface", "argument 'iface' has no value"},
      {"net_tap0,iface=", "argument 'iface' has no value"},
      {"net_tap0,iface=a,iface=b", "argument 'iface' is given twice"},
      {"net_tap0,iface=../a", "iface='../a': a kernel interface's name"},
      {"net_tap0,iface=sixteen-letters1", "iface='sixteen-letters1': a kernel interface's name"},
      {"net_tap/a,iface=a", "the name before the first comma"},
      {"net_tap" + std::string(60, '0'), "has at most 63"},
  };
  for (const auto& [text, says] : cases) EXPECT_THAT(problem(text), HasSubstr(says)) << text;
}

std::string loaded(const std::vector<std::string>& devices) {
  std::string text = "version: 1\nregion: r\nports:\n";
  for (std::size_t i = 0; i < devices.size(); ++i) {
    text += fmt::format("  - {{name: p{}, device: \"{}\"}}\n", i, devices[i]);
  }
  const auto model = load(text, "f");
  return model ? "" : model.error().front().to_string();
}

// Two devices of one interface take each other's packets, whatever the driver and the wording.
TEST(Device, kernel_interface_of_two_ports) {
  for (const auto* second :
       {"net_af_packet1,iface=eth1", "eth_af_packet1,iface=eth1", "net_af_xdp0,iface=eth1",
        "net_af_packet1,blocksz=4096,iface=eth1", "net_pcap0,rx_iface=eth1,tx_iface=eth2",
        "net_pcap0,tx_iface=eth1", "net_pcap0,iface=eth2,iface=eth1", "net_tap0,remote=eth1",
        "net_tap0,iface=eth1", "virtio_user0,iface=eth1"}) {
    EXPECT_EQ(loaded({"net_af_packet0,iface=eth1", second}),
              "f:5:24: key 'device': kernel interface 'eth1' is already port 'p0'")
        << second;
  }
  EXPECT_EQ(loaded({"net_af_packet0,iface=eth1", "net_af_packet1,iface=eth2"}), "");
  EXPECT_EQ(loaded({"0000:3b:00.0", "0000:3B:00.0"}),
            "f:5:24: key 'device': '0000:3b:00.0' is already port 'p0'");
}

TEST(Counts, as_many_as_forwarding_has_room_for) {
  std::vector<std::string> devices;
  for (int i = 0; i < 32; ++i) devices.push_back(fmt::format("net_null{}", i));
  EXPECT_EQ(loaded(devices), "");
  devices.emplace_back("net_null32");
  EXPECT_EQ(loaded(devices), "f:36:5: key 'ports': there may be 32 ports, and these are 33");

  Model model{.region = "r"};
  const auto problems = [&] {
    std::string text;
    for (const auto& problem : find_problems(model)) text += problem.where + problem.message;
    return text;
  };
  for (int i = 0; i < 8192; ++i) {
    const auto name = fmt::format("v{}", i);
    const auto cidr = IpPrefix::parse(fmt::format("10.{}.{}.0/24", i / 256, i % 256)).value();
    model.vpcs.push_back(
        {.name = name, .region = "r", .cidrs = {cidr}, .route_tables = {{"main"}}});
  }
  EXPECT_EQ(problems(), "");
  model.ports.push_back({"p", "net_null0"});
  const InterfaceAddress own{IpAddress::parse("192.0.2.1").value(), 24};
  model.underlays.push_back({.name = "u", .binding = PortBinding{"p"}, .addresses = {own}});
  EXPECT_THAT(
      problems(),
      HasSubstr("vpcs[8191]key 'vpcs': there may be 8192 VPCs, underlays and outside interfaces"));
  model.vpcs.resize(8000);
  for (int i = 0; i < 20; ++i)
    model.gateways.push_back({.name = fmt::format("g{}", i), .region = "r"});
  for (int i = 0; i < 65'536; ++i) {
    model.attachments.push_back({.name = fmt::format("a{}", i),
                                 .gateway = fmt::format("g{}", i / 8000),
                                 .vpc = fmt::format("v{}", i % 8000)});
  }
  EXPECT_EQ(problems(), "");
  model.gateways.back().interfaces.push_back(
      {.name = "e", .binding = VlanBinding{"p", 7, {}}, .addresses = {own}});
  EXPECT_THAT(problems(), HasSubstr("there may be 65536 attachments and outside interfaces, and "
                                    "these are 65537"));
  model.attachments.pop_back();
  EXPECT_EQ(problems(), "");
}

}  // namespace
}  // namespace bgw::config
