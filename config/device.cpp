#include "config/device.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/nearest.h"
#include "config/quoted.h"

namespace bgw::config {
namespace {

using Use = ArgumentUse;
struct KnownArgument {
  std::string_view key;
  Use use = Use::setting;
};
struct Driver {
  std::string_view name;
  std::string_view alias;  // DPDK's older name for it; may be empty
  std::span<const KnownArgument> arguments;
};

// Of DPDK 22.11.
constexpr KnownArgument tap[] = {{"iface", Use::interface}, {"remote", Use::interface}, {"mac"}};
constexpr KnownArgument tun[] = {{"iface", Use::interface}};
constexpr KnownArgument af_packet[] = {
    {"iface", Use::interface}, {"qpairs"}, {"blocksz"}, {"framesz"}, {"framecnt"},
    {"qdisc_bypass"}};
constexpr KnownArgument af_xdp[] = {
    {"iface", Use::interface}, {"start_queue"}, {"queue_count"}, {"shared_umem"},
    {"xdp_prog", Use::reads},  {"busy_budget"}, {"force_copy"}};
constexpr KnownArgument pcap[] = {{"rx_pcap", Use::reads},
                                  {"tx_pcap", Use::writes},
                                  {"rx_iface", Use::interface},
                                  {"rx_iface_in", Use::interface},
                                  {"tx_iface", Use::interface},
                                  {"iface", Use::interface},
                                  {"phy_mac"},
                                  {"infinite_rx"}};
constexpr KnownArgument null[] = {{"size"}, {"copy"}, {"no-rx"}};
constexpr KnownArgument ring[] = {{"nodeaction"}};
constexpr KnownArgument virtio_user[] = {{"path", Use::writes},
                                         {"mac"},
                                         {"cq"},
                                         {"queue_size"},
                                         {"queues"},
                                         {"server"},
                                         {"iface", Use::interface},
                                         {"mrg_rxbuf"},
                                         {"in_order"},
                                         {"packed_vq"},
                                         {"speed"},
                                         {"vectorized"}};
constexpr KnownArgument vhost[] = {{"iface", Use::writes}, {"queues"},           {"client"},
                                   {"iommu-support"},      {"postcopy-support"}, {"tso"},
                                   {"linear-buffer"},      {"ext-buffer"}};
constexpr KnownArgument memif[] = {
    {"id"},  {"role"},      {"bsize"}, {"rsize"}, {"socket", Use::writes}, {"socket-abstract"},
    {"mac"}, {"zero-copy"}, {"secret"}};

constexpr auto drivers = std::to_array<Driver>({{"net_tap", "eth_tap", tap},
                                                {"net_tun", "", tun},
                                                {"net_af_packet", "eth_af_packet", af_packet},
                                                {"net_af_xdp", "", af_xdp},
                                                {"net_pcap", "eth_pcap", pcap},
                                                {"net_null", "eth_null", null},
                                                {"net_ring", "eth_ring", ring},
                                                {"net_virtio_user", "virtio_user", virtio_user},
                                                {"net_vhost", "eth_vhost", vhost},
                                                {"net_memif", "", memif}});

constexpr std::size_t max_name = 63;            // RTE_DEV_NAME_MAX_LEN with its zero byte
constexpr std::size_t max_interface_name = 15;  // IFNAMSIZ likewise

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// "x" stands for a hexadecimal digit.
bool has_form(std::string_view text, std::string_view form) {
  return std::ranges::equal(text, form,
                            [](char c, char f) { return f == 'x' ? is_hex(c) : c == f; });
}
bool is_pci(std::string_view name) {
  return has_form(name, "xxxx:xx:xx.x") && name.back() <= '7';
}

// DPDK, too, takes what a device's name begins with.
const Driver* driver_of(std::string_view name) {
  const auto found = std::ranges::find_if(drivers, [&](const Driver& driver) {
    return name.starts_with(driver.name) ||
           (!driver.alias.empty() && name.starts_with(driver.alias));
  });
  return found == drivers.end() ? nullptr : &*found;
}

bool is_interface_name(std::string_view text) {
  return !text.empty() && text.size() <= max_interface_name && text != "." && text != ".." &&
         text.find_first_of("/: ") == std::string_view::npos;
}

std::string nearest_driver(std::string_view name) {
  // The number behind it is the device's.
  const auto driver = name.substr(0, name.find_last_not_of("0123456789") + 1);
  std::array<std::string_view, drivers.size()> names;
  std::ranges::transform(drivers, names.begin(), &Driver::name);
  return fmt::format("{}; virtual devices are {}", suggestion(driver, names),
                     fmt::join(names, ", "));
}

std::string no_device(std::string_view name, std::size_t position) {
  if (has_form(name, "xx:xx.x")) {
    return fmt::format("{} is a PCI address without its domain: 0000:{}", quoted(name), name);
  }
  if (name.starts_with("net_") || name.starts_with("eth_")) {
    return fmt::format("no driver known for {}{}", quoted(name), nearest_driver(name));
  }
  if (is_interface_name(name)) {
    return fmt::format(
        "{} is no device of DPDK. A kernel interface of that name is written "
        "\"net_af_packet{},iface={}\"; a NIC that DPDK drives itself by its PCI address, such as "
        "\"0000:3b:00.0\" (dpdk-devbind.py -s lists them)",
        quoted(name), position, name);
  }
  return fmt::format(
      "{} is neither a PCI address (\"0000:3b:00.0\") nor a virtual device "
      "(\"net_tap0,iface=vpc-a\")",
      quoted(name));
}

using Wrong = tl::unexpected<std::string>;

std::optional<std::string> wrong_argument(const Device& device, const DeviceArgument& argument) {
  const bool is_twice =
      std::ranges::count(device.arguments, argument.key, &DeviceArgument::key) > 0;
  // net_ring and net_pcap have one for each ring or queue.
  if (is_twice && device.driver != "net_ring" && device.driver != "net_pcap") {
    return fmt::format("argument {} is given twice", quoted(argument.key));
  }
  if (argument.value.empty()) return fmt::format("argument {} has no value", quoted(argument.key));
  if (argument.use == Use::interface && !is_interface_name(argument.value)) {
    return fmt::format("{}={}: a kernel interface's name has 1 to {} characters, no slash or colon",
                       argument.key, quoted(argument.value), max_interface_name);
  }
  return std::nullopt;
}

tl::expected<DeviceArgument, std::string> read_argument(const Driver& driver,
                                                        std::string_view text) {
  const auto equals = text.find('=');
  const auto key = text.substr(0, equals);
  const auto value = equals == std::string_view::npos ? "" : text.substr(equals + 1);
  const auto known = std::ranges::find(driver.arguments, key, &KnownArgument::key);
  if (known != driver.arguments.end()) return DeviceArgument{key, value, known->use};
  std::vector<std::string_view> keys;
  for (const auto& argument : driver.arguments) keys.push_back(argument.key);
  return Wrong(fmt::format("unknown argument {} of {}{}; known: {}", quoted(key), driver.name,
                           suggestion(key, keys), fmt::join(keys, ", ")));
}

tl::expected<Device, std::string> read_virtual(const Driver& driver, std::string_view name,
                                               std::string_view rest) {
  Device device{name, driver.name, {}};
  const auto is_word = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '_' || c == '-';
  };
  if (name.size() > max_name || !std::ranges::all_of(name, is_word)) {
    return Wrong(
        fmt::format("{}: the name before the first comma has at most {} of A-Z a-z 0-9 . _ -",
                    quoted(name), max_name));
  }
  while (!rest.empty()) {
    rest.remove_prefix(1);  // the comma
    const auto text = rest.substr(0, rest.find(','));
    rest.remove_prefix(text.size());
    auto argument = read_argument(driver, text);
    if (!argument) return Wrong(argument.error());
    if (auto wrong = wrong_argument(device, *argument)) return Wrong(std::move(*wrong));
    device.arguments.push_back(*argument);
  }
  return device;
}

}  // namespace

tl::expected<Device, std::string> read_device(std::string_view text, std::size_t position) {
  const auto name = text.substr(0, text.find(','));
  // What drivers of NICs take is theirs to check: none of it names files.
  if (is_pci(name)) return Device{name, {}, {}};
  const auto* driver = driver_of(name);
  if (driver == nullptr) return Wrong(no_device(name, position));
  return read_virtual(*driver, name, text.substr(name.size()));
}

std::string identity_of(const Device& device) {
  std::string name(device.name);
  if (!device.driver.empty()) return name;
  for (char& c : name) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  }
  return name;
}

std::vector<std::string_view> kernel_interfaces(const Device& device) {
  std::vector<std::string_view> interfaces;
  for (const auto& argument : device.arguments) {
    if (argument.use != Use::interface) continue;
    if (std::ranges::find(interfaces, argument.value) == interfaces.end()) {
      interfaces.push_back(argument.value);
    }
  }
  return interfaces;
}

}  // namespace bgw::config
