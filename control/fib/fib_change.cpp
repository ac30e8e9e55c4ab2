#include "control/fib/fib_change.h"

namespace bgw::control {

FibChange everything(const config::ValidModel& before, const config::ValidModel& after,
                     const Rib& rib, std::uint64_t generation) {
  FibChange change{generation, before, after, {}, {}, {}};
  for (const auto& routes : rib.vpcs) {
    const auto& vpc = *after.vpcs().find(routes.name);
    change.sources.push_back({vpc.name, plan_source_table(vpc, routes)});
    for (const auto& table : routes.tables) {
      change.tables.push_back({vpc.name, table.name, plan_vpc_table(vpc, rib, routes, table)});
    }
  }
  for (const auto& gateway : rib.gateways) {
    change.gateways.push_back({gateway.name, true, plan_gateway_table(after, gateway), {}});
  }
  return change;
}

}  // namespace bgw::control
