// What can be said about a device before DPDK touches it.
#pragma once

#include <string>

#include <tl/expected.hpp>

namespace bgw::dataplane {

// `device` as in the configuration: "0000:3b:00.0" or "net_tap0,iface=vpc-a". The error says what
// is wrong and what to do.
tl::expected<void, std::string> check_device(const std::string& device);

}  // namespace bgw::dataplane
