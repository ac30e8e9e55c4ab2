// V1–V4: what a VPC route table takes from the gateways' valid tables.
#pragma once

#include <span>
#include <vector>

#include "config/model.h"
#include "control/routes/rib.h"

namespace bgw::control {

// All that a table imports from one gateway: ranges of which none contains another, sorted.
struct GatewayImport {
  const GatewayRoutes* gateway = nullptr;
  std::vector<config::IpPrefix> ranges;
};
// In the order in which the table's propagations first name the gateways.
std::vector<GatewayImport> imports_of(const Rib& rib, const TableRoutes& table);

// The gateways that a table imports exactly this range from, in order. None if it imports from any
// of them a range that overlaps this one otherwise.
std::vector<const GatewayRoutes*> gateways_sharing(const std::vector<GatewayImport>& imports,
                                                   const config::IpPrefix& range);

// A gateway's route that a table imports, before V1 and V2 decide about it.
struct ImportCandidate {
  config::IpPrefix prefix;
  const GatewayRoutes* gateway = nullptr;
};
// The candidates inside one range (V3, V4), appended to `candidates` in order of prefix.
void append_candidates(const GatewayRoutes& gateway, const config::IpPrefix& range,
                       const VpcRoutes& vpc, std::vector<ImportCandidate>& candidates);
// The same for one prefix of a range.
void append_candidate_at(const GatewayRoutes& gateway, const config::IpPrefix& prefix,
                         const VpcRoutes& vpc, std::vector<ImportCandidate>& candidates);

// The imported routes that candidates become in a table (V1, V2), in no particular order. For one
// prefix, candidates come in the order of imports_of(); prefixes in any order.
std::vector<Route> decide_imports(const TableRoutes& table,
                                  std::vector<ImportCandidate> candidates);

}  // namespace bgw::control
