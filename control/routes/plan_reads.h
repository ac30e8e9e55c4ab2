// What of the gateways' tables the plan of a VPC's table rests on, so that a change leads to the
// plans that may be others by it, and to no more.
#pragma once

#include <compare>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "config/ip.h"
#include "control/routes/gateway_difference.h"
#include "control/routes/route_update.h"

namespace bgw::control {

// A look at a gateway's valid routes: at those inside a prefix or equal to it, or at those that
// contain it and aren't equal.
struct PlanRead {
  enum class Where : std::uint8_t { inside, around };
  std::string gateway;
  Where where = Where::inside;
  config::IpPrefix prefix;
  friend auto operator<=>(const PlanRead&, const PlanRead&) = default;
};

struct PlanReads {
  std::vector<PlanRead> routes;
  std::vector<GatewayPair> differences;  // of Rib::differences
};

struct TableName {
  std::string vpc;
  std::string table;
  friend auto operator<=>(const TableName&, const TableName&) = default;
};
using TableNames = std::set<TableName>;

// Which tables have looked where.
class PlanIndex {
 public:
  // What the table's plan rests on now, instead of before; nothing when it is gone.
  void put(const TableName& table, PlanReads reads);
  // The tables whose plans may be others after the changes.
  TableNames affected_by(const RouteChanges& changes) const;

 private:
  using ByPrefix = std::map<config::IpPrefix, TableNames>;
  struct OfGateway {
    ByPrefix inside;
    ByPrefix around;
    ByPrefix& of(PlanRead::Where where) {
      return where == PlanRead::Where::inside ? inside : around;
    }
  };
  void add(const TableName& table, const PlanReads& reads);
  void remove(const TableName& table, const PlanReads& reads);

  std::map<TableName, PlanReads> reads_;
  std::map<std::string, OfGateway, std::less<>> gateways_;
  std::map<GatewayPair, TableNames> differences_;
};

}  // namespace bgw::control
