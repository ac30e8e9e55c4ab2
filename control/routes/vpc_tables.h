// V1 for what a VPC's tables have of their own: local and static routes.
#pragma once

#include <vector>

#include "config/model.h"
#include "control/routes/rib.h"

namespace bgw::control {

// The VPC's CIDR that contains the prefix, or nullptr.
const config::IpPrefix* cidr_around(const config::Vpc& vpc, const config::IpPrefix& prefix);

// For VpcRoutes::tables.
std::vector<TableRoutes> compute_tables(const config::Vpc& vpc);

}  // namespace bgw::control
