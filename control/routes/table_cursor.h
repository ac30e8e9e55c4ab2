// list_table() a prefix at a time: with all imports spelled out a table may have millions of
// routes.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "control/routes/imports.h"
#include "control/routes/rib.h"

namespace bgw::control {

// Goes along what a VPC table imports and has of its own. Holds a place in each list, no routes.
class TableCursor {
 public:
  // All must outlive it.
  TableCursor(const Rib& rib, const VpcRoutes& vpc, const TableRoutes& table);

  // The routes of the next prefix that a gateway or the table has, in order of listing: none if the
  // table takes none of them. Nothing at the end. One after the other they are list_table().
  std::optional<std::vector<Route>> next();

 private:
  // A gateway's routes inside the ranges that are imported, which are disjoint and in order.
  struct Source {
    GatewayImport import;
    std::size_t range = 0;  // the one that is gone along
    RouteList::iterator at{}, end{};
  };
  static void enter(Source& source, std::size_t range);
  static void pass(Source& source, const config::IpPrefix& prefix);
  const config::IpPrefix* first() const;

  const VpcRoutes& vpc_;
  const TableRoutes& table_;
  std::vector<Source> sources_;
  std::vector<Route> own_;  // in order of listing
  std::size_t own_at_ = 0;
};

}  // namespace bgw::control
