// A FIB spelled out as routes, for tests to write down.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dataplane/fib.h"
#include "dataplane/neighbour_table.h"
#include "lpm/lpm.h"

namespace bgw::packet_test {

using namespace dataplane;  // NOLINT: the tests speak its language throughout

lpm::Ipv4Route route(const std::string& prefix, NextHop hop);

// The FIB under construction; tables are spelled out as routes and built by publish().
struct FibPlan {
  std::vector<std::vector<lpm::Ipv4Route>> tables;
  std::vector<VpcFib> vpcs;
  std::vector<EcmpGroup> groups;
  std::vector<AddressNextHop> address_hops;

  // Its tables go to `built`, which must outlive the snapshot's use. Ports and queues are left
  // open.
  std::unique_ptr<FibSnapshot> build(lpm::Arena& arena, const NeighbourTable& neighbours,
                                     std::vector<lpm::Ipv4Table>& built) const;

  TableIndex table(std::vector<lpm::Ipv4Route> routes = {});
  NextHop group(std::vector<NextHop> members);
  NextHop via(VpcIndex vpc, const std::string& address);
  std::vector<lpm::Ipv4Route>& main_of(VpcIndex vpc) {
    return tables[vpcs[vpc.value].main_table.value];
  }
  std::vector<lpm::Ipv4Route>& sources_of(VpcIndex vpc) {
    return tables[vpcs[vpc.value].source_table.value];
  }
};

}  // namespace bgw::packet_test
