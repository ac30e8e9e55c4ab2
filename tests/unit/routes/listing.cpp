#include "listing.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace bgw::test {

using namespace control;  // NOLINT: what is listed is all theirs

std::vector<ListedTable> list_all(const Rib& rib) {
  std::vector<ListedTable> tables;
  for (const GatewayRoutes& gateway : rib.gateways) {
    tables.push_back({gateway.name, {gateway.routes.begin(), gateway.routes.end()}});
  }
  for (const VpcRoutes& vpc : rib.vpcs) {
    for (const TableRoutes& table : vpc.tables) {
      tables.push_back({vpc.name + "/" + table.name, list_table(rib, vpc, table)});
    }
  }
  std::ranges::sort(tables, {}, &ListedTable::table);
  return tables;
}

std::vector<ListedTable> apply(std::vector<ListedTable> tables, const RibDiff& change) {
  std::map<std::string, std::vector<Route>> by_name;
  for (ListedTable& table : tables) by_name.emplace(table.table, std::move(table.routes));
  for (const std::string& name : change.created) by_name.emplace(name, std::vector<Route>{});

  for (const TableDiff& diff : change.tables) {
    std::vector<Route>& routes = by_name[diff.table];
    std::vector<Route> kept;
    std::ranges::set_difference(routes, diff.removed, std::back_inserter(kept), listed_before);
    routes.clear();
    std::ranges::merge(kept, diff.added, std::back_inserter(routes), listed_before);
  }
  for (const std::string& name : change.deleted) by_name.erase(name);

  std::vector<ListedTable> result;
  for (auto& [name, routes] : by_name) result.push_back({name, std::move(routes)});
  return result;
}

}  // namespace bgw::test
