// What the kernel does to the packets of one of its network interfaces before net_af_packet or
// net_af_xdp sees them.
#pragma once

#include <optional>
#include <string>

namespace bgw::dataplane {

// Settings by which packets reach a device broken. Each is one line that ends in the command that
// sets it right.
struct OffloadFindings {
  std::optional<std::string> refusal;
  std::optional<std::string> warning;  // what this process can't look at
};

// `driver` as in "net_af_packet0"; nothing is found of other drivers and of interfaces that aren't
// there. Reads settings, in other network namespaces too, and changes none.
OffloadFindings check_offloads(const std::string& driver, const std::string& interface);

// DPDK's net_af_packet asks the kernel to put IPv4 fragments together before it delivers them, and
// has no option not to. This program leaves that request out (packet_fanout.cpp); false if it
// can't.
bool fragments_arrive_as_sent();

}  // namespace bgw::dataplane
