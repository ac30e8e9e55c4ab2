#include "dataplane/device/kernel_interface.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string_view>
#include <thread>

#include "dataplane/device/descriptor.h"
#include "dataplane/device/rtnetlink.h"

namespace bgw::dataplane {

namespace {

namespace fs = std::filesystem;

// Of an interface of the calling thread's network namespace; false when it hasn't got that.
template <typename Command>
bool ethtool(const std::string& interface, Command& command) {
  const Descriptor socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  ifreq request{};
  if (!socket || interface.size() >= sizeof request.ifr_name) return false;
  std::memcpy(request.ifr_name, interface.data(), interface.size());
  request.ifr_data = reinterpret_cast<char*>(&command);
  return ioctl(socket.get(), SIOCETHTOOL, &request) == 0;
}

bool is_on(const std::string& interface, std::uint32_t command, std::uint32_t mask = 1) {
  ethtool_value value{.cmd = command, .data = 0};
  return ethtool(interface, value) && (value.data & mask) != 0;
}

bool is_veth(const std::string& interface) {
  ethtool_drvinfo info{};
  info.cmd = ETHTOOL_GDRVINFO;
  return ethtool(interface, info) && std::string_view{info.driver} == "veth";
}

std::string name_of(unsigned index) {
  char name[IF_NAMESIZE] = "";
  return if_indextoname(index, name) == nullptr ? std::string{} : name;
}

// Calls `look` in a network namespace, on a thread that goes afterwards. False: it may not enter.
template <typename Look>
bool inside(const Descriptor& network_namespace, Look look) {
  bool entered = false;
  std::thread([&] {
    entered = setns(network_namespace.get(), CLONE_NEWNET) == 0;
    if (entered) look();
  }).join();
  return entered;
}

// The other end of a veth pair, as far as it can be found.
struct Peer {
  std::string name;               // empty: it is out of sight
  std::string network_namespace;  // empty: this one
  bool unfinished_checksums = false;

  std::string command() const {
    const auto prefix =
        network_namespace.empty() ? "" : fmt::format("ip netns exec {} ", network_namespace);
    return fmt::format("`{}ethtool -K {} tx off`", prefix, name);
  }
};

Peer find_peer(const VethLink& link) {
  Peer peer;
  const auto look = [&] {
    peer.name = name_of(link.peer_index);
    peer.unfinished_checksums = !peer.name.empty() && is_on(peer.name, ETHTOOL_GTXCSUM);
  };
  if (!link.peer_namespace) {
    look();
    return peer;
  }
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator{"/run/netns", failed}) {
    const Descriptor there{open(entry.path().c_str(), O_RDONLY | O_CLOEXEC)};
    if (!there || namespace_id(there) != link.peer_namespace || !inside(there, look)) continue;
    peer.network_namespace = entry.path().filename();
    return peer;
  }
  return peer;
}

OffloadFindings check_veth(const std::string& interface) {
  constexpr const char* why = "leaves checksums of TCP and UDP to a NIC that isn't there";
  const auto link = veth_link(if_nametoindex(interface.c_str()));
  const Peer peer = link ? find_peer(*link) : Peer{};
  if (peer.name.empty())
    return {.refusal = {},
            .warning = fmt::format("the other end of the veth {} is in a network namespace out of "
                                   "sight; unless its offloads are off, TCP and UDP from there "
                                   "fail: there, `ethtool -K INTERFACE tx off`",
                                   interface)};
  if (!peer.unfinished_checksums) return {};
  return {.refusal = fmt::format("the other end of the veth {}, {}, {}, and they would fail: {}",
                                 interface, peer.name, why, peer.command()),
          .warning = {}};
}

}  // namespace

OffloadFindings check_offloads(const std::string& driver, const std::string& interface) {
  const bool packets = driver.starts_with("net_af_packet");
  if ((!packets && !driver.starts_with("net_af_xdp")) || if_nametoindex(interface.c_str()) == 0)
    return {};
  const bool joins =
      packets && (is_on(interface, ETHTOOL_GGRO) || is_on(interface, ETHTOOL_GFLAGS, ETH_FLAG_LRO));
  if (joins)
    return {.refusal = fmt::format("the kernel joins received TCP segments of {} to packets larger "
                                   "than any frame: `ethtool -K {} gro off lro off`",
                                   interface, interface),
            .warning = {}};
  return is_veth(interface) ? check_veth(interface) : OffloadFindings{};
}

}  // namespace bgw::dataplane
