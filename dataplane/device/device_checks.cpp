#include "dataplane/device/device_checks.h"

#include <fmt/format.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>

#include "dataplane/device/kernel_interface.h"

namespace bgw::dataplane {

namespace {

namespace fs = std::filesystem;

bool is_pci(const std::string& name) {
  static const std::regex pci{"[0-9a-fA-F]{4}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\\.[0-7]"};
  return std::regex_match(name, pci);
}

// The kernel writes addresses in lower case.
fs::path pci_directory(std::string address) {
  std::ranges::transform(address, address.begin(), [](unsigned char c) { return std::tolower(c); });
  return fs::path{"/sys/bus/pci/devices"} / address;
}

tl::expected<void, std::string> check_pci(const std::string& address) {
  const fs::path device = pci_directory(address);
  std::error_code failed;
  if (!fs::exists(device, failed))
    return tl::unexpected(
        fmt::format("there is no PCI device {}: `dpdk-devbind.py -s` lists them", address));
  const std::string driver = fs::read_symlink(device / "driver", failed).filename();
  // Mellanox devices are driven beside their kernel driver.
  for (const char* usable : {"vfio-pci", "uio_pci_generic", "igb_uio", "mlx4_core", "mlx5_core"})
    if (driver == usable) return {};
  return tl::unexpected(fmt::format("the device is bound to {}: `dpdk-devbind.py -b vfio-pci {}`",
                                    driver.empty() ? "no driver" : driver, address));
}

// Whether the kernel lets this process make network interfaces.
bool may_administer_network() {
  std::ifstream status{"/proc/self/status"};
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with("CapEff:")) continue;
    return (std::stoull(line.substr(7), nullptr, 16) >> CAP_NET_ADMIN & 1) != 0;
  }
  return true;  // unknown: the attempt will tell
}

// The kernel lets a second process, or a second port, join a TAP and take a share of its packets.
tl::expected<void, std::string> check_tap(const std::string& device) {
  if (access("/dev/net/tun", R_OK | W_OK) != 0 || !may_administer_network())
    return tl::unexpected(std::string{
        "no permission to make a TAP device (/dev/net/tun, CAP_NET_ADMIN): run as root"});
  static const std::regex iface{",iface=([^,/]+)"};
  std::smatch match;
  std::error_code failed;
  if (std::regex_search(device, match, iface) &&
      fs::exists(fs::path{"/sys/class/net"} / match[1].str(), failed))
    return tl::unexpected(
        fmt::format("the interface {} exists already: choose another name, or stop who uses it",
                    match[1].str()));
  return {};
}

std::uint32_t number(const std::optional<std::string>& text, std::uint32_t otherwise) {
  std::uint32_t value = otherwise;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

constexpr std::uint32_t default_frame = 2048;  // of net_af_packet, bytes

std::uint32_t frame_bytes_of(const std::string& device) {
  return number(device_argument(device, "framesz"), default_frame);
}

// The driver lays frames out one behind the other, the kernel by blocks.
tl::expected<void, std::string> check_af_packet(const std::string& device,
                                                std::uint32_t buffer_bytes) {
  const auto page = static_cast<std::uint32_t>(sysconf(_SC_PAGESIZE));
  const std::uint32_t frame = frame_bytes_of(device);
  const std::uint32_t block = number(device_argument(device, "blocksz"), page);
  if (frame == 0 || block % frame != 0 || block % page != 0)
    return tl::unexpected(fmt::format(
        "blocksz {} must be a multiple of framesz {} and of the page size {}, for packets of 9,000 "
        "bytes framesz=9216,blocksz=36864",
        block, frame, page));
  constexpr std::uint32_t before_packet = TPACKET2_HDRLEN - sizeof(sockaddr_ll);
  const std::uint32_t needed = frame > before_packet ? frame - before_packet : 0;
  if (needed > buffer_bytes)
    return tl::unexpected(fmt::format(
        "framesz {} needs packet buffers of {} bytes, and they have {}: bgwd --packet-buffer-bytes "
        "{}",
        frame, needed, buffer_bytes, frame));
  if (!fragments_arrive_as_sent())
    return tl::unexpected(std::string{
        "DPDK's net_af_packet would lose IPv4 fragments, which this build can't prevent: use "
        "net_af_xdp"});
  return {};
}

// A buffer with all that precedes its packet must fit a page, or the driver gets no memory shared
// with the kernel.
tl::expected<void, std::string> check_af_xdp(std::uint32_t buffer_bytes) {
  constexpr std::uint32_t most = 3072;
  if (buffer_bytes <= most) return {};
  return tl::unexpected(fmt::format(
      "net_af_xdp can't use packet buffers of {} bytes: bgwd --packet-buffer-bytes {} at most, or "
      "net_af_packet",
      buffer_bytes, most));
}

}  // namespace

std::optional<std::uint16_t> af_xdp_mtu(const std::string& device, std::uint32_t buffer_bytes) {
  constexpr std::uint32_t kernels_headroom = 256;  // XDP_PACKET_HEADROOM
  constexpr std::uint32_t link_bytes = 18;         // Ethernet with a tag
  if (!device.starts_with("net_af_xdp")) return std::nullopt;
  return static_cast<std::uint16_t>(buffer_bytes - kernels_headroom - link_bytes);
}

std::optional<std::string> device_argument(const std::string& device, const std::string& name) {
  const std::regex assignment{"," + name + "=([^,]+)"};
  std::smatch match;
  if (!std::regex_search(device, match, assignment)) return std::nullopt;
  return match[1].str();
}

std::optional<std::uint16_t> af_packet_mtu(const std::string& device) {
  constexpr std::uint32_t largest = 9600;
  // Where the kernel puts the network header in a TPACKET_V2 frame.
  constexpr std::uint32_t frame_header = TPACKET_ALIGN(TPACKET2_HDRLEN + 16);
  if (!device.starts_with("net_af_packet")) return std::nullopt;
  const std::uint32_t frame = frame_bytes_of(device);
  std::uint32_t interface_mtu = largest;
  if (const auto iface = device_argument(device, "iface"))
    std::ifstream{fs::path{"/sys/class/net"} / *iface / "mtu"} >> interface_mtu;
  if (interface_mtu == 0) interface_mtu = largest;  // what a failed read leaves
  const std::uint32_t in_frame = frame > frame_header ? frame - frame_header : 0;
  return static_cast<std::uint16_t>(std::min({in_frame, interface_mtu, largest}));
}

std::vector<unsigned> kernel_interfaces(const std::string& device) {
  std::vector<unsigned> interfaces;
  const auto add = [&](const std::string& name) {
    if (const unsigned index = if_nametoindex(name.c_str()); index != 0)
      interfaces.push_back(index);
  };
  static const std::regex named{",(?:iface|remote|rx_iface|rx_iface_in|tx_iface)=([^,/]+)"};
  for (std::sregex_iterator match(device.begin(), device.end(), named), end; match != end; ++match)
    add((*match)[1].str());
  if (const std::string name = device.substr(0, device.find(',')); is_pci(name)) {
    std::error_code failed;
    const fs::path netdevs = pci_directory(name) / "net";
    for (const auto& netdev : fs::directory_iterator(netdevs, failed))
      add(netdev.path().filename());
  }
  return interfaces;
}

tl::expected<void, std::string> check_device(const std::string& device,
                                             std::uint32_t buffer_bytes) {
  static const std::regex vdev{"(net_|eth_|virtio_user)[A-Za-z0-9._-]+"};
  const std::string name = device.substr(0, device.find(','));
  if (is_pci(name)) return check_pci(name);
  if (!std::regex_match(name, vdev))
    return tl::unexpected(std::string{
        "neither a PCI address (0000:3b:00.0) nor a virtual device (net_tap0,iface=vpc-a, or for a "
        "kernel interface net_af_packet0,iface=eth1)"});
  if (name.starts_with("net_af_packet")) return check_af_packet(device, buffer_bytes);
  if (name.starts_with("net_af_xdp")) return check_af_xdp(buffer_bytes);
  return name.starts_with("net_tap") ? check_tap(device) : tl::expected<void, std::string>{};
}

}  // namespace bgw::dataplane
