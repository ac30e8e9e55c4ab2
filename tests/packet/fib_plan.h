// A FIB spelled out as routes, for tests to write down.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dataplane/published/fib.h"
#include "dataplane/published/neighbour_table.h"
#include "lpm/lpm.h"

namespace bgw::packet_test {

using namespace dataplane;  // NOLINT: the tests speak its language throughout

lpm::Ipv4Route route(const std::string& prefix, NextHop hop);
lpm::Ipv6Route route_v6(const std::string& prefix, NextHop hop);

// Tables that outlive the snapshots that show them.
struct BuiltTables {
  std::vector<lpm::Ipv4Table> v4;
  std::vector<lpm::Ipv6Table> v6;
};

// The FIB under construction; tables are spelled out as routes and built by publish().
struct FibPlan {
  std::vector<std::vector<lpm::Ipv4Route>> tables;
  std::vector<std::vector<lpm::Ipv6Route>> tables_v6;  // as many
  std::vector<VpcFib> vpcs;
  std::vector<Attachment> attachments;
  std::vector<EcmpGroup> groups;
  std::vector<AddressNextHop> address_hops;
  std::vector<Remote> remotes;
  std::vector<Tunnel> tunnels = std::vector<Tunnel>(1);
  std::vector<UnderlayFib> underlays;

  // Its tables go to `built`, which must outlive the snapshot's use. Ports and queues are left
  // open.
  std::unique_ptr<FibSnapshot> build(lpm::Arena& arena, const NeighbourTable& neighbours,
                                     BuiltTables& built) const;

  TableIndex table(std::vector<lpm::Ipv4Route> routes = {},
                   std::vector<lpm::Ipv6Route> routes_v6 = {});
  // By the attachment of both: from the VPC into the gateway, or the other way.
  NextHop cross(TableIndex gateway, VpcIndex vpc);
  NextHop group(std::vector<NextHop> members);
  NextHop via(VpcIndex vpc, const std::string& address);
  std::vector<lpm::Ipv4Route>& main_of(VpcIndex vpc) {
    return tables[vpcs[vpc.value].main_table.value];
  }
  std::vector<lpm::Ipv4Route>& sources_of(VpcIndex vpc) {
    return tables[vpcs[vpc.value].source_table.value];
  }
  std::vector<lpm::Ipv6Route>& main_v6_of(VpcIndex vpc) {
    return tables_v6[vpcs[vpc.value].main_table.value];
  }
  std::vector<lpm::Ipv6Route>& sources_v6_of(VpcIndex vpc) {
    return tables_v6[vpcs[vpc.value].source_table.value];
  }
};

}  // namespace bgw::packet_test
