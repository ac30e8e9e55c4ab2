// From what changes of routes to what changes of plans.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/valid_model.h"
#include "control/routes/fib_plan.h"
#include "control/routes/plan_reads.h"
#include "control/routes/route_update.h"

namespace bgw::control {

// All that a table of a VPC shall hold.
struct VpcTablePlan {
  std::string vpc;
  std::string table;
  Plan plan;
};
// The same for the choice of the table by the source (F1).
struct VpcSourcePlan {
  std::string vpc;
  std::vector<SourceEntry> sources;
};
// Of a gateway's table: all that it shall hold, or only what changes. No prefix is named twice.
struct GatewayTableChange {
  std::string gateway;
  bool whole = false;  // `put` is all there is, and `gone` is empty
  Plan put;
  std::vector<config::IpPrefix> gone;
};

struct PlanChanges {
  std::vector<VpcTablePlan> tables;
  std::vector<VpcSourcePlan> sources;
  std::vector<GatewayTableChange> gateways;
  // For the index, once these plans are in force; of tables that are gone too.
  std::vector<std::pair<TableName, PlanReads>> reads;
};

// The plans of all tables that may differ between two states: `index` says which of those that are
// in both, as if their VPCs were the same, have to be looked at.
PlanChanges plan_changes(const PlanIndex& index, const RouteState& before,
                         const config::ValidModel& model_before, const RouteUpdate& update,
                         const config::ValidModel& model);

// The same from nothing: every table of the state.
PlanChanges plan_everything(const RouteState& state, const config::ValidModel& model);

}  // namespace bgw::control
