// From RIB to what the FIB must hold, still in names: pure, so that it is tested without DPDK.
// fib_programmer turns names into indices and plans into tables.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "config/valid_model.h"
#include "control/routes/rib.h"

namespace bgw::control {

struct PlanReads;  // plan_reads.h

struct OnLink {  // the destination itself is the neighbour
  friend bool operator==(const OnLink&, const OnLink&) = default;
};
struct Self {  // one of the gateway's own addresses in this VPC
  friend bool operator==(const Self&, const Self&) = default;
};
struct Neighbour {  // an address next hop or the VPC router
  config::IpAddress address;
  friend bool operator==(const Neighbour&, const Neighbour&) = default;
};
struct ContinueInGateway {
  std::string gateway;
  friend bool operator==(const ContinueInGateway&, const ContinueInGateway&) = default;
};
struct DeliverIntoVpc {
  std::string vpc;
  friend bool operator==(const DeliverIntoVpc&, const DeliverIntoVpc&) = default;
};
struct DeliverOutside {  // to a router on link of one of the gateway's interfaces
  std::string gateway;
  std::string interface;
  config::IpAddress address;
  friend bool operator==(const DeliverOutside&, const DeliverOutside&) = default;
};
enum class DiscardReason { blackhole, no_route, directed_broadcast, edge_to_edge };
struct Discard {
  DiscardReason reason = DiscardReason::no_route;
  friend bool operator==(const Discard&, const Discard&) = default;
};
using PlanTarget = std::variant<OnLink, Self, Neighbour, ContinueInGateway, DeliverIntoVpc,
                                DeliverOutside, Discard>;

// Looked up by longest match; no match is `no_route`. Several targets form an ECMP group.
struct PlanEntry {
  config::IpPrefix prefix;
  std::vector<PlanTarget> targets;
  friend bool operator==(const PlanEntry&, const PlanEntry&) = default;
};
using Plan = std::vector<PlanEntry>;  // sorted by prefix, each prefix once

// The destination table of one VPC route table (F2; and F4 when the table is `main`, where
// ContinueInGateway means routing_loop). Imports of a gateway are one entry per range where that
// forwards every destination exactly as the imported routes would, else one per route. `rib` must
// be as compute_routes() made it (VpcRoutes::prefixes_behind and Rib::differences are used). Takes
// time in proportion to the plan it returns, not to the gateways' tables.
// What it rests on beside the VPC, its routes and its table is added to `reads`, if there are any.
Plan plan_vpc_table(const config::Vpc& vpc, const Rib& rib, const VpcRoutes& routes,
                    const TableRoutes& table, PlanReads* reads = nullptr);

// The valid table of a gateway (F3).
Plan plan_gateway_table(const config::ValidModel& model, const GatewayRoutes& gateway);

// A valid route of one.
PlanEntry plan_gateway_route(const config::ValidModel& model, const std::string& gateway,
                             const Route& route);

// Of a gateway's interface: where what comes in by it goes, which is never outside (F5), and where
// what the gateway itself sends there does.
Plan plan_outside_received(const std::string& gateway, const config::OutsideInterface& interface);
Plan plan_outside_table(const std::string& gateway, const config::OutsideInterface& interface);

// What the gateway itself sends by on an underlay, and which of its addresses it answers to there.
Plan plan_underlay_table(const config::Underlay& underlay);

// Sources that no host has (RFC 1812 §5.3.7): the gateway's own addresses; the network, broadcast
// and Subnet-Router anycast addresses of its links.
enum class NobodysSource { own_address, no_host };

// F1: which route table serves a source, or why none does. No match: the source is spoofed.
struct SourceEntry {
  config::IpPrefix prefix;
  std::variant<std::string, NobodysSource> answer;
  friend bool operator==(const SourceEntry&, const SourceEntry&) = default;
};
// Sorted by prefix, each once. With source_check off it holds 0.0.0.0/0 and ::/0 → main.
std::vector<SourceEntry> plan_source_table(const config::Vpc& vpc, const VpcRoutes& routes);
// Of an underlay: any source but nobody's → main.
std::vector<SourceEntry> plan_underlay_sources(const config::Underlay& underlay);
// Of a gateway's interface: any but nobody's → received. (X2 looks into the gateway's table.)
std::vector<SourceEntry> plan_outside_sources(const config::OutsideInterface& interface);

}  // namespace bgw::control
