// The RIB: every candidate route of every table, with the reason why it is or isn't used.
// Pure values; computed by compute_routes(), compared by diff().
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/ip.h"
#include "config/model.h"
#include "config/objects.h"
#include "control/routes/prefix_list.h"

namespace bgw::control {

enum class Origin : std::uint8_t { local, connected, static_route, propagated, ebgp, ibgp };
enum class Status : std::uint8_t { valid, invalid, shadowed, blocked };
std::string_view to_string(Origin origin);  // "static" for static_route
std::string_view to_string(Status status);

struct ToAttachment {
  std::string attachment;
  friend auto operator<=>(const ToAttachment&, const ToAttachment&) = default;
};
struct ToGateway {
  std::string gateway;
  friend auto operator<=>(const ToGateway&, const ToGateway&) = default;
};
struct ToAddress {
  config::IpAddress address;
  friend auto operator<=>(const ToAddress&, const ToAddress&) = default;
};
// A router outside, on link of one of the gateway's own interfaces.
struct ToOutside {
  std::string interface;
  config::IpAddress address;
  friend auto operator<=>(const ToOutside&, const ToOutside&) = default;
};
struct ToLocal {
  std::string vpc;
  friend auto operator<=>(const ToLocal&, const ToLocal&) = default;
};
struct ToBlackhole {
  friend auto operator<=>(const ToBlackhole&, const ToBlackhole&) = default;
};
using NextHop = std::variant<ToAttachment, ToOutside, ToGateway, ToAddress, ToLocal, ToBlackhole>;

struct Route {
  config::IpPrefix prefix;
  Origin origin = Origin::static_route;
  std::vector<NextHop> next_hops;  // one; several for an ECMP group, in order
  Status status = Status::valid;
  std::string reason;  // empty exactly when valid; otherwise names the rule and the other route
  friend bool operator==(const Route&, const Route&) = default;
};

// "static 10.2.0.0/16 via att-c", "static 10.66.0.0/16 blackhole", "local 10.1.0.0/16": how reasons
// and traces name a route.
std::string describe(const Route& route);
// "att-c", "192.0.2.2 (edge-a)", "bgw-1", "10.1.1.9", "vpc-a" or "blackhole".
std::string to_string(const NextHop& hop);

// Order of routes in any listing: prefix, then valid before the rest, then origin, then next hops.
// (Status and reason break the remaining ties, so that only equal routes are equivalent.)
bool listed_before(const Route& a, const Route& b);

// In order of listing. Long lists of which little changes.
using RouteList = PrefixList<Route>;

struct GatewayRoutes {
  std::string name;
  RouteList routes;
  friend bool operator==(const GatewayRoutes&, const GatewayRoutes&) = default;
};

// Imported routes are not stored per VPC table (VPCs × routes would not fit): a table holds its
// own routes and what it imports; list_table() spells the imports out on demand.
struct TableRoutes {
  std::string name;
  std::vector<Route> own;                    // local and static
  std::vector<config::Propagation> imports;  // in document order
  friend bool operator==(const TableRoutes&, const TableRoutes&) = default;
};
struct VpcRoutes {
  std::string name;
  std::vector<std::string> own_attachments;  // names of this VPC's attachments (V4)
  std::vector<TableRoutes> tables;
  // Prefixes outside this VPC's CIDRs that a gateway's valid table leads to this VPC: what lies
  // behind its appliances. Sorted, each once; usually none. An index over Rib::gateways, so that
  // planning a VPC's tables needs no scan of the gateways' routes.
  std::vector<config::IpPrefix> prefixes_behind;
  friend bool operator==(const VpcRoutes&, const VpcRoutes&) = default;
};

// Prefixes inside a range, or equal to it, that are valid in one of two gateways only.
struct GatewayDifference {
  std::string first, second;  // gateways, in order of name
  config::IpPrefix range;
  std::vector<config::IpPrefix> prefixes{};  // sorted
  bool is_complete = true;                   // false: there are many, and none of them is listed
  friend bool operator==(const GatewayDifference&, const GatewayDifference&) = default;
};

// Cheap to copy: two RIBs of which one was computed from the other share what is the same in both.
struct Rib {
  config::Objects<GatewayRoutes> gateways;  // in document order
  config::Objects<VpcRoutes> vpcs;          // in document order
  // Of the first and each other one of the gateways that a table imports a range from: by first,
  // second, range. An index over `gateways`, so that planning a VPC's tables does not compare them.
  std::vector<GatewayDifference> differences;
  friend bool operator==(const Rib&, const Rib&) = default;

  // nullptr when they were not compared.
  const GatewayDifference* find_difference(std::string_view a, std::string_view b,
                                           const config::IpPrefix& range) const;
  const GatewayRoutes* find_gateway(std::string_view name) const { return gateways.find(name); }
  const VpcRoutes* find_vpc(std::string_view name) const { return vpcs.find(name); }
};

// All routes of one VPC table, imports included, in listing order (rules V1–V4).
std::vector<Route> list_table(const Rib& rib, const VpcRoutes& vpc, const TableRoutes& table);
// The same, of those whose prefix contains the address.
std::vector<Route> list_table_around(const Rib& rib, const VpcRoutes& vpc, const TableRoutes& table,
                                     const config::IpAddress& address);

}  // namespace bgw::control
