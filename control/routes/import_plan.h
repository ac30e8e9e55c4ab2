// How imports become FIB entries: thousands of VPC tables may import a gateway's whole table, so a
// range is one entry wherever that is exact.
#pragma once

#include <vector>

#include "control/routes/fib_plan.h"
#include "control/routes/rib.h"

namespace bgw::control {

// The entries for what a table imports, in no particular order. None of them has the prefix of a
// local or valid static route of the table, unless as a range, where the static route prevails.
// What they rest on is added to `reads`, unless that is null.
std::vector<PlanEntry> plan_imports(const Rib& rib, const VpcRoutes& vpc, const TableRoutes& table,
                                    PlanReads* reads);

}  // namespace bgw::control
