// What a commit changes of the FIB, still in names.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "config/valid_model.h"
#include "control/routes/plan_changes.h"
#include "control/routes/rib.h"
#include "dataplane/published/types.h"

namespace bgw::control {

// From one configuration to the next. Objects that `before` and `after` share (the same pointer)
// are taken as unchanged, tables that are not listed as well; each table is listed once. Listed
// must be what may differ: of a VPC that is new or changed all its tables and its sources, of a new
// gateway the whole table. What is gone goes without being listed.
struct FibChange {
  std::uint64_t generation = 0;
  const config::ValidModel& before;  // what runs
  const config::ValidModel& after;
  std::vector<VpcTablePlan> tables;
  std::vector<VpcSourcePlan> sources;
  std::vector<GatewayTableChange> gateways;
};

// Calls visit(before, after) for each gateway whose interfaces outside differ; null for none.
template <typename Visit>
void for_each_other_outside(const FibChange& change, Visit visit) {
  config::for_each_difference(change.before.gateways(), change.after.gateways(),
                              [&](const auto& old, const auto& now) {
                                if (!old || !now || old->interfaces != now->interfaces)
                                  visit(old, now);
                              });
}

// Lists every table of `after`. `rib` must be as compute_routes() made it of `after`.
FibChange everything(const config::ValidModel& before, const config::ValidModel& after,
                     const Rib& rib, std::uint64_t generation);

// What a commit needs to know of one open port.
struct ProgrammedPort {
  dataplane::PortId id;
  dataplane::Mac mac;
  friend bool operator==(const ProgrammedPort&, const ProgrammedPort&) = default;
};
using ProgrammedPorts = std::unordered_map<std::string, ProgrammedPort>;  // by configured name

}  // namespace bgw::control
