// What can be said about a device before DPDK touches it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace bgw::dataplane {

// `device` as in the configuration: "0000:3b:00.0" or "net_tap0,iface=vpc-a". The error says what
// is wrong and what to do.
// `buffer_bytes`: of one packet buffer.
tl::expected<void, std::string> check_device(const std::string& device, std::uint32_t buffer_bytes);

// The largest IP packet that a net_af_xdp device carries in such buffers, of which the kernel keeps
// a part. Nothing for other devices.
std::optional<std::uint16_t> af_xdp_mtu(const std::string& device, std::uint32_t buffer_bytes);

// The value of `name=` among the arguments of a device.
std::optional<std::string> device_argument(const std::string& device, const std::string& name);

// The kernel interfaces in whose traffic the device takes part, by the kernel's numbers: those that
// a virtual device's arguments name, by whatever name, or that a NIC has beside DPDK.
std::vector<unsigned> kernel_interfaces(const std::string& device);

// The largest IP packet that a net_af_packet device carries, which its driver does not tell: it
// fits a frame of the ring that is shared with the kernel (framesz=), and the interface. Nothing
// for other devices.
std::optional<std::uint16_t> af_packet_mtu(const std::string& device);

}  // namespace bgw::dataplane
