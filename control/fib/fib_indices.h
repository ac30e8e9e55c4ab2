// Every index that tables and snapshots hold, by what it stands for.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "config/ip.h"
#include "config/ranges.h"
#include "config/valid_model.h"
#include "control/fib/index_pool.h"
#include "dataplane/published/fib.h"

namespace bgw::control {

// A next hop by address, and a VTEP by way of an underlay, as keys of their indices.
struct AddressHopKey {
  dataplane::VpcIndex vpc;
  config::IpAddress address;
  friend bool operator==(const AddressHopKey&, const AddressHopKey&) = default;
};
// A gateway, by its table, and a VPC: there is at most one attachment of both.
struct AttachmentKey {
  dataplane::TableIndex gateway;
  dataplane::VpcIndex vpc;
  friend bool operator==(const AttachmentKey&, const AttachmentKey&) = default;
};
struct TunnelKey {
  std::string underlay;
  config::IpAddress remote;
  friend bool operator==(const TunnelKey&, const TunnelKey&) = default;
};
using GroupKey = std::u32string;  // the members' values

}  // namespace bgw::control

template <>
struct std::hash<bgw::control::AddressHopKey> {
  std::size_t operator()(const bgw::control::AddressHopKey& key) const noexcept {
    return std::hash<bgw::config::IpAddress>{}(key.address) * 31 + key.vpc.value;
  }
};
template <>
struct std::hash<bgw::control::AttachmentKey> {
  std::size_t operator()(const bgw::control::AttachmentKey& key) const noexcept {
    return std::hash<std::uint64_t>{}(std::uint64_t{key.gateway.value} << 32 | key.vpc.value);
  }
};
template <>
struct std::hash<bgw::control::TunnelKey> {
  std::size_t operator()(const bgw::control::TunnelKey& key) const noexcept {
    return std::hash<bgw::config::IpAddress>{}(key.remote) * 31 +
           std::hash<std::string>{}(key.underlay);
  }
};

namespace bgw::control {

// How many of each there may be.
struct FibLimits {
  std::uint32_t vpcs = config::max_vpcs;
  std::uint32_t tables = dataplane::NextHop::max_index + 1;
  std::uint32_t attachments = config::max_attachments;
  std::uint32_t groups = dataplane::NextHop::max_index + 1;
  std::uint32_t address_hops = dataplane::NextHop::max_index + 1;
  std::uint32_t tunnels = dataplane::Link::max_tunnel + 1;
  static_assert(config::max_tables < dataplane::NextHop::max_index);
  static_assert(config::max_vteps <= dataplane::Link::max_tunnel);
  std::size_t routes_per_table = 2'000'000;  // one tenant must not fill the arena of all
};

// By what the FIB knows tables, and an underlay or a gateway's interface ("bgw-1/edge-a") among
// VPCs; no name has a blank or a slash.
std::string gateway_key(const std::string& gateway);
std::string table_key(const std::string& vpc, const std::string& table);
std::string source_key(const std::string& vpc);
std::string underlay_name(const std::string& underlay);
std::string outside_name(const std::string& gateway, const std::string& interface);

// Calls visit(outside_name(), interface) for each of the model's.
template <typename Visit>
void for_each_outside(const config::ValidModel& model, Visit visit) {
  for (const auto& gateway : model.gateways()) {
    for (const auto& interface : gateway.interfaces)
      visit(outside_name(gateway.name, interface.name), interface);
  }
}

// Names are in use as long as the configuration has them; groups as long as a route leads to them;
// addresses as long as a route or a group does; tunnels as long as an interface has the remote.
class FibIndices {
 public:
  explicit FibIndices(const FibLimits& limits);

  // The end of a commit, or of a batch of updates in place.
  void abandon() noexcept;
  // So that keep() can't fail.
  void reserve();
  void keep();
  // The VPC slots that became free.
  std::vector<dataplane::VpcIndex> reclaim();

  // A value that a route or a group no longer has.
  void let_go(dataplane::NextHop value);

  IndexPool<std::string> vpcs;  // underlays, and outside interfaces
  IndexPool<std::string> tables;
  IndexPool<AttachmentKey> attachments;
  IndexPool<GroupKey> groups;
  IndexPool<AddressHopKey> address_hops;
  IndexPool<TunnelKey> tunnels;
};

}  // namespace bgw::control
