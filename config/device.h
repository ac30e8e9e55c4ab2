// device
// What the device of a port says: a PCI address, or a virtual device of DPDK with arguments. Such a
// text makes a process with root's rights open interfaces and files, so all of it is known here.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace bgw::config {

// What an argument of a virtual device makes DPDK do with its value.
enum class ArgumentUse : unsigned char {
  setting,    // nothing outside of the device
  interface,  // take part in the traffic of a kernel interface, or make one
  reads,      // open a file
  writes,     // make or overwrite a file or a socket
};

struct DeviceArgument {
  std::string_view key;
  std::string_view value;
  ArgumentUse use;
};

// Refers to the text that it was read from.
struct Device {
  std::string_view name;    // the device's own: all up to the first comma
  std::string_view driver;  // "net_tap"; of PCI devices nothing
  std::vector<DeviceArgument> arguments;
};

// `text` as in the configuration; `position` among the ports is for the name of a device in an
// example. The error says what is wrong and what to write.
tl::expected<Device, std::string> read_device(std::string_view text, std::size_t position);

// By what it is known: its name, hexadecimal digits in lower case.
std::string identity_of(const Device& device);
// The kernel interfaces that it takes part in, each once.
std::vector<std::string_view> kernel_interfaces(const Device& device);

}  // namespace bgw::config
