// From RIB to the FIB snapshot that workers take: names become indices, plans become tables.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <tl/expected.hpp>

#include "config/model.h"
#include "control/fib_plan.h"
#include "control/index_pool.h"
#include "control/rib.h"
#include "dataplane/fib.h"
#include "lpm/lpm.h"

namespace bgw::control {

struct RouteChanges;

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
    std::size_t routes_per_table = 2'000'000;  // one tenant must not fill the arena of all
  };
  struct Occupancy {
    std::size_t vpcs = 0, tables = 0, groups = 0, address_hops = 0;
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
  FibProgrammer(const dataplane::NeighbourTable* neighbours, lpm::Arena::Options arena,
                Limits limits);

  // Builds what differs from the running tables beside them and shares the rest. Every port that
  // the model binds must be in `ports`. The error says which limit was met; nothing has changed
  // then. `rx_queues` is left to the caller.
  tl::expected<std::unique_ptr<dataplane::FibSnapshot>, std::string> prepare(
      const config::Model& model, const Rib& rib, const ProgrammedPorts& ports,
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
  Occupancy occupancy() const;
  std::vector<TableOccupancy> table_occupancy() const;  // by name

 private:
  struct Built {
    std::vector<lpm::Ipv4Route> routes;     // what the table holds, by prefix
    std::shared_ptr<lpm::Ipv4Table> table;  // shared by its versions
    lpm::Ipv4Descriptor descriptor;         // of the version that holds them
  };
  using Tables = std::vector<std::shared_ptr<const Built>>;  // by TableIndex
  using GroupKey = std::u32string;                           // the members' values
  using OpenVersions = std::vector<std::shared_ptr<lpm::Ipv4Table>>;

  tl::expected<void, std::string> assign_indices(const config::Model& model);
  tl::expected<void, std::string> build_tables(const config::Model& model, const Rib& rib);
  tl::expected<void, std::string> build_vpc(const config::Vpc& vpc, const Rib& rib,
                                            const VpcRoutes& routes);
  tl::expected<void, std::string> build_plan(const std::string& key, const Plan& plan,
                                             dataplane::VpcIndex owner);
  tl::expected<void, std::string> build_table(const std::string& key,
                                              std::vector<lpm::Ipv4Route> routes);
  tl::expected<dataplane::NextHop, std::string> next_hop(const PlanEntry& entry,
                                                         dataplane::VpcIndex owner);
  tl::expected<dataplane::NextHop, std::string> next_hop(const PlanTarget& target,
                                                         dataplane::VpcIndex owner);
  tl::expected<Built, lpm::Error> build_beside(std::vector<lpm::Ipv4Route> routes);
  tl::expected<Built, lpm::Error> build_version(const Built& running,
                                                std::vector<lpm::Ipv4Route> routes,
                                                const RouteChanges& changes);
  std::unique_ptr<dataplane::FibSnapshot> assemble(const config::Model& model,
                                                   const ProgrammedPorts& ports,
                                                   std::uint64_t generation) const;

  const dataplane::NeighbourTable* neighbours_;
  std::size_t routes_per_table_;
  lpm::Arena arena_;  // before the tables in it
  IndexPool<std::string> vpcs_;
  IndexPool<std::string> table_names_;
  IndexPool<GroupKey> groups_;
  IndexPool<std::uint64_t> address_hops_;  // VpcIndex in the upper half, address in the lower
  Tables running_;
  Tables next_;
  std::vector<Tables> replaced_;  // workers may still read these
  OpenVersions opened_;           // by prepare()
  OpenVersions published_;        // in force, while workers may still read the version before
};

}  // namespace bgw::control
