// RIBs spelled out, and what a difference makes of them.
#pragma once

#include <string>
#include <vector>

#include "control/routes/diff.h"

namespace bgw::test {

// Every table of a RIB with all its routes spelled out, keyed as in TableDiff, sorted by key.
struct ListedTable {
  std::string table;
  std::vector<control::Route> routes;
  friend bool operator==(const ListedTable&, const ListedTable&) = default;
};
std::vector<ListedTable> list_all(const control::Rib& rib);

// apply(list_all(before), diff(before, after)) == list_all(after) if all tables were compared.
std::vector<ListedTable> apply(std::vector<ListedTable> tables, const control::RibDiff& change);

}  // namespace bgw::test
