// What routes lead to, as the values that tables hold.
#pragma once

#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "config/ip.h"
#include "control/fib/fib_indices.h"
#include "control/routes/fib_plan.h"
#include "dataplane/published/next_hop.h"
#include "lpm/lpm.h"

namespace bgw::control {

// The routes of one table, by family.
struct RouteSet {
  std::vector<lpm::Ipv4Route> v4;
  std::vector<lpm::Ipv6Route> v6;
  void add(const config::IpPrefix& prefix, dataplane::NextHop next_hop);
};

lpm::Ipv4Route v4_route(const config::IpPrefix& prefix, lpm::Value value);
lpm::Ipv6Route v6_route(const config::IpPrefix& prefix, lpm::Value value);

dataplane::DropReason drop_reason(NobodysSource source);

tl::unexpected<std::string> no_room_for(const char* what, std::uint32_t limit);

// A value is acquired with what it leads to, for the route that will hold it: FibIndices::let_go()
// is the other end. Names must have their indices already.
class HopWriter {
 public:
  // For a table of the VPC, or the table of the gateway.
  HopWriter(FibIndices& indices, dataplane::VpcIndex vpc) : indices_(indices), vpc_(vpc) {}
  HopWriter(FibIndices& indices, dataplane::TableIndex gateway)
      : indices_(indices), gateway_(gateway) {}

  using Result = tl::expected<dataplane::NextHop, std::string>;
  Result acquire(const config::IpPrefix& prefix, const std::vector<PlanTarget>& targets);
  tl::expected<RouteSet, std::string> acquire(const Plan& plan);

 private:
  Result acquire(const PlanTarget& target);
  Result acquire_group(const std::vector<PlanTarget>& targets);

  FibIndices& indices_;
  dataplane::VpcIndex vpc_;
  dataplane::TableIndex gateway_;
};

}  // namespace bgw::control
