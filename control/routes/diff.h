// What differs between two RIBs, and how to get from one to the other.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "control/routes/rib.h"

namespace bgw::control {

struct TableDiff {
  std::string table;  // "bgw-1" or "vpc-a/main"
  std::vector<Route> removed;
  std::vector<Route> added;  // a changed route is removed and added
  friend bool operator==(const TableDiff&, const TableDiff&) = default;
};

// Route by route for every table of either RIB, in listing order, imports spelled out; tables
// without a difference are left out; a table that exists in one RIB only is all added or all
// removed and named in `created` or `deleted` (it may be empty).
struct RibDiff {
  std::vector<std::string> created;
  std::vector<std::string> deleted;
  std::vector<TableDiff> tables;
  // Tables of VPCs that may differ too, but were not compared. Sorted; usually none.
  std::vector<std::string> not_compared;
  bool empty() const {
    return created.empty() && deleted.empty() && tables.empty() && not_compared.empty();
  }
  friend bool operator==(const RibDiff&, const RibDiff&) = default;
};

// Thousands of tables may each import thousands of routes, and all of them may change at once. What
// changes in gateways' tables is always listed; those of VPCs follow until `listed` routes are, and
// as long as no more than `compared` are looked at for it.
struct DiffLimits {
  std::size_t listed = std::numeric_limits<std::size_t>::max();
  std::size_t compared = std::numeric_limits<std::size_t>::max();
};
RibDiff diff(const Rib& before, const Rib& after, DiffLimits limits = {});

}  // namespace bgw::control
