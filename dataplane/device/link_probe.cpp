#include "dataplane/device/link_probe.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <rte_ethdev.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

namespace bgw::dataplane {

namespace {

namespace fs = std::filesystem;

// Drivers whose frames go by a kernel interface that they don't watch.
bool goes_by_kernel(const std::string& driver) {
  return driver == "net_tap" || driver == "net_tun" || driver == "net_af_packet" ||
         driver == "net_af_xdp" || driver == "net_pcap";
}

// A copy of the descriptor that made the TAP of that name, of which the driver tells nobody.
int find_tap(const std::string& name) {
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd", failed)) {
    if (fs::read_symlink(entry.path(), failed) != "/dev/net/tun") continue;
    const std::string number = entry.path().filename();
    int descriptor = -1;
    std::from_chars(number.data(), number.data() + number.size(), descriptor);
    ifreq request{};
    if (ioctl(descriptor, TUNGETIFF, &request) != 0 || name != request.ifr_name) continue;
    return fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  }
  return -1;
}

}  // namespace

LinkProbe::LinkProbe(PortId port, const std::string& driver) : port_(port) {
  rte_eth_dev_info info{};
  char name[IF_NAMESIZE] = {};
  if (!goes_by_kernel(driver) || rte_eth_dev_info_get(port.value, &info) != 0 ||
      info.if_index == 0 || if_indextoname(info.if_index, name) == nullptr)
    return;
  interface_ = name;
  index_ = info.if_index;
  if (driver == "net_tap" || driver == "net_tun")
    tap_ = find_tap(interface_);
  else
    socket_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

LinkProbe::~LinkProbe() {
  if (tap_ >= 0) close(tap_);
  if (socket_ >= 0) close(socket_);
}

LinkState LinkProbe::state() const {
  if (tap_ >= 0) return tap_state();
  if (socket_ >= 0) return interface_state();
  rte_eth_link link{};
  if (rte_eth_link_get_nowait(port_.value, &link) != 0 || link.link_status != 0) return {true, {}};
  return {false, "the device has no link: look after cable, peer and transceiver"};
}

// The kernel takes what is written to a TAP exactly while its interface is up.
LinkState LinkProbe::tap_state() const {
  pollfd tap{tap_, POLLOUT, 0};
  if (poll(&tap, 1, 0) < 0 || (tap.revents & POLLOUT) != 0) return {true, {}};
  if ((tap.revents & POLLERR) != 0)
    return {false, fmt::format("the kernel's end of the TAP, {}, is gone: take the port out of the "
                               "configuration and in again",
                               interface_)};
  return {false,
          fmt::format("the kernel's end of the TAP is down: ip link set {} up, in its network "
                      "namespace",
                      interface_)};
}

LinkState LinkProbe::interface_state() const {
  ifreq request{};
  if (if_indextoname(index_, request.ifr_name) == nullptr)
    return {false,
            fmt::format("the kernel's interface {} is gone, or in another network namespace: take "
                        "the port out of the configuration and in again",
                        interface_)};
  if (ioctl(socket_, SIOCGIFFLAGS, &request) != 0) return {true, {}};
  if ((request.ifr_flags & IFF_UP) == 0)
    return {false, fmt::format("the kernel's interface is down: ip link set {} up", interface_)};
  if ((request.ifr_flags & IFF_RUNNING) == 0)
    return {false,
            fmt::format("the kernel's interface {} has no carrier: look after cable and peer",
                        interface_)};
  return {true, {}};
}

}  // namespace bgw::dataplane
