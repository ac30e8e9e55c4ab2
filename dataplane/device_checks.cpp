#include "dataplane/device_checks.h"

#include <fmt/format.h>
#include <linux/capability.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>

namespace bgw::dataplane {

namespace {

namespace fs = std::filesystem;

tl::expected<void, std::string> check_pci(const std::string& address) {
  const fs::path device = fs::path{"/sys/bus/pci/devices"} / address;
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

}  // namespace

tl::expected<void, std::string> check_device(const std::string& device) {
  static const std::regex pci{"[0-9a-fA-F]{4}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\\.[0-7]"};
  static const std::regex vdev{"(net|eth|virtio)_?[a-z_]*[0-9]*[A-Za-z0-9_]*"};
  const std::string name = device.substr(0, device.find(','));
  if (std::regex_match(name, pci)) return check_pci(name);
  if (!std::regex_match(name, vdev))
    return tl::unexpected(std::string{
        "neither a PCI address (0000:3b:00.0) nor a virtual device (net_tap0,iface=vpc-a)"});
  return name.starts_with("net_tap") ? check_tap(device) : tl::expected<void, std::string>{};
}

}  // namespace bgw::dataplane
