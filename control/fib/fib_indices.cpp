#include "control/fib/fib_indices.h"

namespace bgw::control {
namespace {

// Table 0 stays empty, so that a slot without a table answers "no route".
constexpr std::uint32_t first_table = 1;
constexpr std::uint32_t first_tunnel = dataplane::no_tunnel.value + 1;

}  // namespace

std::string gateway_key(const std::string& gateway) {
  return gateway;
}
std::string table_key(const std::string& vpc, const std::string& table) {
  return vpc + "/" + table;
}
std::string source_key(const std::string& vpc) {
  return vpc + ": sources";
}
std::string underlay_name(const std::string& underlay) {
  return underlay + " (underlay)";
}

std::string outside_name(const std::string& gateway, const std::string& interface) {
  return gateway + "/" + interface;
}

FibIndices::FibIndices(const FibLimits& limits)
    : vpcs(0, limits.vpcs),
      tables(first_table, limits.tables),
      attachments(0, limits.attachments),
      groups(0, limits.groups),
      address_hops(0, limits.address_hops),
      tunnels(first_tunnel, limits.tunnels) {}

void FibIndices::abandon() noexcept {
  vpcs.abandon();
  tables.abandon();
  attachments.abandon();
  groups.abandon();
  address_hops.abandon();
  tunnels.abandon();
}

void FibIndices::reserve() {
  std::size_t members = 0;
  groups.for_each_ending([&](const GroupKey& key, std::uint32_t) { members += key.size(); });
  address_hops.reserve(members);
}

void FibIndices::keep() {
  vpcs.keep();
  tables.keep();
  attachments.keep();
  groups.keep([&](const GroupKey& members) {
    for (const auto value : members) let_go(dataplane::NextHop{value});
  });
  address_hops.keep();
  tunnels.keep();
}

std::vector<dataplane::VpcIndex> FibIndices::reclaim() {
  tables.reclaim();
  attachments.reclaim();
  groups.reclaim();
  address_hops.reclaim();
  tunnels.reclaim();
  std::vector<dataplane::VpcIndex> slots;
  for (const auto index : vpcs.reclaim()) slots.emplace_back(index);
  return slots;
}

void FibIndices::let_go(dataplane::NextHop value) {
  if (value.kind() == dataplane::NextHopKind::group) groups.release(value.index());
  if (value.kind() == dataplane::NextHopKind::neighbour) address_hops.release(value.index());
}

}  // namespace bgw::control
