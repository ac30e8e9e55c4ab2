// What of a FIB other threads ask for: a value that stands for one moment.
#pragma once

#include <string>

#include "control/fib/family_tables.h"
#include "control/fib/fib_indices.h"
#include "control/fib/shared_map.h"
#include "dataplane/published/types.h"
#include "lpm/lpm.h"

namespace bgw::control {

struct FibOccupancy {
  std::size_t vpcs = 0, tables = 0, groups = 0, address_hops = 0, tunnels = 0;
  std::size_t routes = 0;  // in all tables of the FIB
  lpm::Arena::Occupancy arena;
};

// By family.
struct TableUses {
  TableUse v4;
  TableUse v6;
};

// No name has a slash; an outside interface's outside_name() stands for a VPC.
inline std::string attachment_name(const std::string& gateway, const std::string& vpc) {
  return gateway + "/" + vpc;
}

// Immutable once it is handed out.
struct FibView {
  SharedMap<std::string, dataplane::VpcIndex>
      vpcs;  // underlays, by underlay_name(), outside interfaces
  SharedMap<std::string, dataplane::AttachmentIndex> attachments;  // by attachment_name()
  SharedMap<TunnelKey, dataplane::TunnelIndex> tunnels;
  SharedMap<std::string, TableUses> tables;  // "bgw-1", "vpc-a/main" or "vpc-a: sources"
  FibOccupancy occupancy;
};

}  // namespace bgw::control
