// Who reaches whom (R of control/ROUTES.md): which destinations packets from a VPC's subnets reach
// in which other VPC, by F1–F4. Worked out per route table and per gateway, so that thousands of
// VPCs, all of which reach all others, cost what their tables cost; pairs are put together when
// they are asked for. Made of plans, as the workers' tables are; tests hold it against walk().
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/objects.h"
#include "config/valid_model.h"
#include "control/routes/address_set.h"
#include "control/routes/plan_changes.h"
#include "control/routes/rib.h"

namespace bgw::control {

// Where a table sends what isn't the VPC's own (F2).
struct Way {
  AddressRange range;
  std::vector<std::string> gateways;  // one, or those of an ECMP group
  bool sure = true;                   // false: some members of the group are no gateways
  friend bool operator==(const Way&, const Way&) = default;
};
struct TableWays {
  std::string name;
  std::vector<Way> ways;  // in order, disjoint
  friend bool operator==(const TableWays&, const TableWays&) = default;
};

// Packets from a subnet's addresses, which this table routes.
struct ReachSource {
  std::string subnet;
  config::IpPrefix cidr;
  std::shared_ptr<const TableWays> table;
  friend bool operator==(const ReachSource& a, const ReachSource& b) {
    return a.subnet == b.subnet && a.cidr == b.cidr && (a.table == b.table || *a.table == *b.table);
  }
};

// What a VPC takes of what a gateway delivers into it (F4).
struct Accepted {
  AddressRange range;
  bool sure = true;  // false: some members of an ECMP group lead back to a gateway
  friend bool operator==(const Accepted&, const Accepted&) = default;
};

struct VpcReach {
  std::string name;
  std::vector<ReachSource> sources;  // none when no packet can come from its interface
  std::vector<Accepted> accepts;     // in order, disjoint
  // Addresses that no host has: the gateway's own, and networks, broadcasts and anycasts of links.
  // They are not taken out of ranges, but a range of nothing else counts as none.
  std::vector<config::IpAddress> nobodys;  // sorted
  friend bool operator==(const VpcReach&, const VpcReach&) = default;
};

// Of destinations that reach a gateway, those that it delivers into a VPC (F3, F4).
struct Delivery {
  AddressRange range;
  std::uint32_t vpc = 0;  // of GatewayReachability::vpcs
  bool sure = true;       // false: ECMP, and some members lead elsewhere
  friend bool operator==(const Delivery&, const Delivery&) = default;
};
struct GatewayReachability {
  std::string name;
  std::vector<std::string> vpcs;     // the attached ones, sorted
  std::vector<Delivery> deliveries;  // in order; ranges are equal, for ECMP, or disjoint
  std::vector<std::uint32_t> starts, positions;  // of deliveries, by VPC

  friend bool operator==(const GatewayReachability&, const GatewayReachability&) = default;
  // Positions of those into a VPC; none when it isn't attached.
  std::span<const std::uint32_t> into(std::string_view vpc) const;
  std::span<const std::uint32_t> into(std::size_t vpc) const {  // a position in `vpcs`
    return std::span(positions).subspan(starts[vpc], starts[vpc + 1] - starts[vpc]);
  }
  // Calls visit(delivery) for those that overlap the range, in order.
  template <typename Visit>
  void for_each_in(const AddressRange& range, Visit visit) const {
    auto at = std::ranges::lower_bound(deliveries, range.first, {},
                                       [](const Delivery& each) { return each.range.last; });
    for (; at != deliveries.end() && at->range.first <= range.last; ++at) visit(*at);
  }
};

// A value, cheap to copy: what does not change is shared.
struct Reachability {
  config::Objects<VpcReach> vpcs;
  config::Objects<GatewayReachability> gateways;
};

// Pure; any thread.
Reachability reachability(const config::ValidModel& model, const Rib& rib);

// The same in proportion to the change: what `before` becomes with plan_changes(). VPCs are those
// of `model` afterwards; gateways whose deliveries may differ are left out until complete() works
// them out, each as a whole.
Reachability updated(const Reachability& before, const PlanChanges& plans,
                     const config::ValidModel& model);
// Of a model that has only some gateways, with all that is attached to them: these.
void complete(Reachability& reach, const config::ValidModel& model, const Rib& rib);

// Destinations that the table's packets can reach in a VPC: by some member of each ECMP group …
AddressSet reached(const Reachability& reach, const TableWays& table, std::string_view vpc);
// … and those of them that they reach by every member.
AddressSet surely_reached(const Reachability& reach, const TableWays& table, std::string_view vpc);

// Whether some address of the set is a host's.
bool has_host(const AddressSet& set, const VpcReach& vpc);

// The VPCs that packets from this one reach, other ones, in order of name.
std::vector<std::string> reached_vpcs(const Reachability& reach, const VpcReach& from);

}  // namespace bgw::control
