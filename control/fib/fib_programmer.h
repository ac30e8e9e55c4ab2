// From RIB to the FIB snapshot that workers take: names become indices, plans become tables.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <tl/expected.hpp>

#include "config/valid_model.h"
#include "control/fib/family_tables.h"
#include "control/fib/index_pool.h"
#include "control/packets/addresses.h"
#include "control/routes/fib_plan.h"
#include "control/routes/rib.h"
#include "dataplane/published/fib.h"
#include "lpm/lpm.h"

namespace bgw::control {

// A next hop by address, and a VTEP by way of an underlay, as keys of their indices.
struct AddressHopKey {
  dataplane::VpcIndex vpc;
  config::IpAddress address;
  friend bool operator==(const AddressHopKey&, const AddressHopKey&) = default;
};
struct TunnelKey {
  std::string underlay;
  config::IpAddress remote;
  friend bool operator==(const TunnelKey&, const TunnelKey&) = default;
};

}  // namespace bgw::control

template <>
struct std::hash<bgw::control::AddressHopKey> {
  std::size_t operator()(const bgw::control::AddressHopKey& key) const noexcept {
    return std::hash<bgw::config::IpAddress>{}(key.address) * 31 + key.vpc.value;
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

// What a commit needs to know of one open port.
struct ProgrammedPort {
  dataplane::PortId id;
  dataplane::Mac mac;
};
using ProgrammedPorts = std::unordered_map<std::string, ProgrammedPort>;  // by configured name

// Owns the memory of all tables and every index that they hold. A commit calls prepare(), then
// either abandon(), which leaves everything as it was, or published(), and reclaim() once no worker
// uses what ran before. Control thread only. Must outlive the workers.
class FibProgrammer {
 public:
  struct Limits {
    std::uint32_t vpcs = 8192;
    std::uint32_t tables = dataplane::NextHop::max_index + 1;
    std::uint32_t groups = dataplane::NextHop::max_index + 1;
    std::uint32_t address_hops = dataplane::NextHop::max_index + 1;
    std::uint32_t tunnels = dataplane::Link::max_tunnel + 1;
    std::size_t routes_per_table = 2'000'000;  // one tenant must not fill the arena of all
  };
  struct Occupancy {
    std::size_t vpcs = 0, tables = 0, groups = 0, address_hops = 0, tunnels = 0;
    std::size_t routes = 0;  // in all tables of the FIB
    lpm::Arena::Occupancy arena;
  };
  struct TableOccupancy {
    std::string name;  // "bgw-1", "vpc-a/main" or "vpc-a: sources"
    std::size_t routes = 0;
    std::size_t arena_bytes = 0;
    std::size_t rib_bytes = 0;
  };

  // Throws std::system_error when the address space for tables can't be reserved.
  FibProgrammer(const dataplane::NeighbourTable* neighbours, const dataplane::FdbTable* fdb,
                lpm::Arena::Options arena, Limits limits);

  // Builds what differs from the running tables beside them and shares the rest. Every port that
  // the model binds must be in `ports`. The error says which limit was met; nothing has changed
  // then. `rx_queues` is left to the caller.
  tl::expected<std::unique_ptr<dataplane::FibSnapshot>, std::string> prepare(
      const config::ValidModel& model, const Rib& rib, const ProgrammedPorts& ports,
      std::uint64_t generation);
  void abandon();
  // What was prepared is in force; what it replaced is kept until reclaim().
  void published();
  // The VPC slots that the next reclaim() would free.
  std::vector<dataplane::VpcIndex> retired_vpcs() const;
  // After a grace period: frees what no snapshot in use refers to. The VPC slots that the next
  // prepare() may give out again.
  std::vector<dataplane::VpcIndex> reclaim();

  std::optional<dataplane::VpcIndex> vpc_index(const std::string& name) const;
  std::optional<dataplane::VpcIndex> underlay_index(const std::string& name) const;
  std::optional<dataplane::TunnelIndex> tunnel_index(const std::string& underlay,
                                                     const config::IpAddress& remote) const;
  Occupancy occupancy() const;
  std::vector<TableOccupancy> table_occupancy() const;  // by name

 private:
  using GroupKey = std::u32string;  // the members' values

  tl::expected<void, std::string> assign_indices(const config::ValidModel& model);
  tl::expected<void, std::string> build_tables(const config::ValidModel& model, const Rib& rib);
  tl::expected<void, std::string> build_vpc(const config::Vpc& vpc, const Rib& rib,
                                            const VpcRoutes& routes);
  tl::expected<void, std::string> build_sources(const std::string& key,
                                                const std::vector<SourceEntry>& sources,
                                                const std::string& owner);
  tl::expected<void, std::string> build_plan(const std::string& key, const Plan& plan,
                                             dataplane::VpcIndex owner);
  template <typename Address>
  tl::expected<void, std::string> build_table(FamilyTables<Address>& tables, const std::string& key,
                                              std::vector<lpm::Route<Address>> routes);
  tl::expected<dataplane::NextHop, std::string> next_hop(const PlanEntry& entry,
                                                         dataplane::VpcIndex owner);
  tl::expected<dataplane::NextHop, std::string> next_hop(const PlanTarget& target,
                                                         dataplane::VpcIndex owner);

  // A slot with its tables, otherwise empty; `owner` is a VPC or an underlay_name().
  dataplane::VpcFib slot_of(const std::string& owner) const;
  // fib_assembly.cpp
  std::unique_ptr<dataplane::FibSnapshot> assemble(const config::ValidModel& model,
                                                   const ProgrammedPorts& ports,
                                                   std::uint64_t generation) const;
  void assemble_groups(dataplane::FibSnapshot& fib) const;
  void assemble_underlays(const config::ValidModel& model, const ProgrammedPorts& ports,
                          dataplane::FibSnapshot& fib) const;
  void assemble_vpc(const config::ValidModel& model, const config::Vpc& vpc,
                    const ProgrammedPorts& ports, dataplane::FibSnapshot& fib) const;
  void bind(const config::VlanBinding& vlan, const ProgrammedPorts& ports,
            dataplane::VpcIndex index, dataplane::FibSnapshot& fib) const;
  void bind(const config::ValidModel& model, const config::VxlanBinding& vxlan,
            dataplane::VpcIndex index, dataplane::FibSnapshot& fib) const;

  const dataplane::NeighbourTable* neighbours_;
  const dataplane::FdbTable* fdb_;
  lpm::Arena arena_;             // before the tables in it
  IndexPool<std::string> vpcs_;  // and underlays
  IndexPool<std::string> table_names_;
  IndexPool<GroupKey> groups_;
  IndexPool<AddressHopKey> address_hops_;
  IndexPool<TunnelKey> tunnels_;
  FamilyTables<lpm::Ipv4Address> v4_;
  FamilyTables<lpm::Ipv6Address> v6_;
};

// The largest IP packet of a VXLAN interface: what its `mtu` asks for, as far as tunnels over the
// underlay carry it (RFC 7348 §4.3: VTEPs do not fragment).
std::uint16_t vxlan_mtu(const config::Interface& interface, const config::Underlay& underlay);
// By what the FIB knows an underlay; no name has a blank.
std::string underlay_name(const std::string& underlay);
// How a VTEP is reached: itself on link, else the underlay's router.
config::IpAddress underlay_next_hop(const config::Underlay& underlay,
                                    const config::IpAddress& remote);

}  // namespace bgw::control
