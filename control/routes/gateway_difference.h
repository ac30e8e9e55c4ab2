// Which of their valid prefixes gateways have in common, where tables import the same range from
// several of them.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "control/routes/rib.h"

namespace bgw::control {

// What is compared for one RIB, so that it stays in proportion whatever is configured. Gateways are
// taken for different altogether where that does not suffice.
struct DifferenceLimits {
  std::size_t listed = 1000;            // prefixes, of two gateways in a range
  std::size_t listed_in_all = 1000000;  // prefixes
  std::size_t compared = 20000000;      // routes
};

// For Rib::differences.
std::vector<GatewayDifference> differences_of(const Rib& rib, DifferenceLimits limits = {});

// What is compared: two gateways, in order of name, and a range that tables import from both; how
// many times.
struct GatewayPair {
  std::string first, second;
  config::IpPrefix range;
  friend auto operator<=>(const GatewayPair&, const GatewayPair&) = default;
};
using GatewayPairs = std::map<GatewayPair, std::size_t>;

// Adds `times` for each pair that the table asks for, or takes away when it is -1.
void count_pairs(const Rib& rib, const TableRoutes& table, int times, GatewayPairs& pairs);
GatewayPairs pairs_of(const Rib& rib);

// As differences_of(rib) gives them, for pairs_of(rib). What is the same as in `before` is taken
// from there: `is_same(gateway, range)` says whether the gateway's valid prefixes in the range are.
using IsSame = std::function<bool(const std::string& gateway, const config::IpPrefix& range)>;
std::vector<GatewayDifference> update_differences(const Rib& before, const Rib& rib,
                                                  const GatewayPairs& pairs, const IsSame& is_same,
                                                  DifferenceLimits limits = {});

}  // namespace bgw::control
