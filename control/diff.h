// What differs between two RIBs, and how to get from one to the other.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "control/rib.h"

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
  // Tables that may differ too, but were not compared: too many routes. Sorted; usually none.
  std::vector<std::string> not_compared;
  bool empty() const {
    return created.empty() && deleted.empty() && tables.empty() && not_compared.empty();
  }
  friend bool operator==(const RibDiff&, const RibDiff&) = default;
};

// Every table of a RIB with all its routes spelled out, keyed as in TableDiff, sorted by key.
struct ListedTable {
  std::string table;
  std::vector<Route> routes;
  friend bool operator==(const ListedTable&, const ListedTable&) = default;
};
std::vector<ListedTable> list_all(const Rib& rib);

// Thousands of tables may each import thousands of routes, and all of them may change at once: in
// all at most `max_routes` are looked at to compare tables, those of gateways first. A table for
// which that doesn't suffice is left to `not_compared`. Besides that it takes time in proportion to
// the RIBs.
inline constexpr std::size_t compare_all = std::numeric_limits<std::size_t>::max();
RibDiff diff(const Rib& before, const Rib& after, std::size_t max_routes = compare_all);

// apply(list_all(before), diff(before, after)) == list_all(after) if all tables were compared.
std::vector<ListedTable> apply(std::vector<ListedTable> tables, const RibDiff& change);

}  // namespace bgw::control
