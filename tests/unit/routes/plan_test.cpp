// The plans themselves: what the property test sees only through its packets.
#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "control/routes/compute_routes.h"
#include "control/routes/fib_plan.h"
#include "control/routes/gateway_difference.h"
#include "model_builder.h"
#include "planned_walk.h"

namespace bgw::test {
namespace {

using namespace control;  // NOLINT: the plan's many target types
using config::Model;

// Like prefix(), for a host.
config::IpPrefix host(std::string_view text) {
  const auto own = address(text);
  return config::IpPrefix::around(own, address_bits(own.family));
}

// VPCs a and b on bgw-1; b advertises 10.2.0.0/24 and 10.2.1.0/24, a imports `ranges`.
Model two_vpcs(const std::vector<std::string>& ranges) {
  Model model;
  model.gateways = {gateway("bgw-1")};
  model.vpcs = {vpc("vpc-a", {"10.1.0.0/16"}), vpc("vpc-b", {"10.2.0.0/16"})};
  add_subnet(model.vpcs[1], "10.2.0.0/24");
  add_subnet(model.vpcs[1], "10.2.1.0/24");
  model.attachments = {attachment("att-a", "bgw-1", "vpc-a"),
                       attachment("att-b", "bgw-1", "vpc-b")};
  import(model.vpcs[0], "bgw-1", ranges);
  return model;
}

// The prefixes that a's main table sends to bgw-1.
std::vector<std::string> sent_to_gateway(const Model& model) {
  const Computed computed = compute_routes(valid(model), {});
  const PlannedWalk planned(model, computed.rib);
  std::vector<std::string> prefixes;
  for (const PlanEntry& entry : planned.plan("vpc-a/main")) {
    if (std::holds_alternative<ContinueInGateway>(entry.targets.front())) {
      prefixes.push_back(entry.prefix.to_string());
    }
  }
  return prefixes;
}

using Prefixes = std::vector<std::string>;
const Prefixes one_by_one = {"10.2.0.0/24", "10.2.1.0/24"};

TEST(Plan, LocalDeliveryOfAVpc) {
  Model model = two_vpcs({});
  model.vpcs[0].route_tables.front().propagations.clear();
  model.vpcs[0].interface->router = address("10.1.0.254");
  const Computed computed = compute_routes(valid(model), {});
  const VpcRoutes& routes = computed.rib.vpcs[0];
  const Discard broadcast{DiscardReason::directed_broadcast};
  EXPECT_EQ(plan_vpc_table(model.vpcs[0], computed.rib, routes, routes.tables[0]),
            (Plan{{prefix("10.1.0.0/16"), {Neighbour{address("10.1.0.254")}}},
                  {prefix("10.1.0.0/24"), {OnLink{}}},
                  {host("10.1.0.0"), {broadcast}},
                  {host("10.1.0.1"), {Self{}}},
                  {host("10.1.0.255"), {broadcast}}}));
}

TEST(Plan, NoBroadcastOnPointToPointLinksAndInIpv6) {
  Model model;
  model.vpcs = {vpc("vpc-a", {"10.1.0.0/16", "2001:db8:a::/48"})};
  model.vpcs[0].interface->addresses = {{address("10.1.0.1"), 31}, {address("2001:db8:a::1"), 64}};
  const Computed computed = compute_routes(valid(model), {});
  const VpcRoutes& routes = computed.rib.vpcs[0];
  EXPECT_EQ(plan_vpc_table(model.vpcs[0], computed.rib, routes, routes.tables[0]),
            (Plan{{prefix("10.1.0.0/16"), {Discard{DiscardReason::no_route}}},
                  {prefix("10.1.0.0/31"), {OnLink{}}},
                  {host("10.1.0.1"), {Self{}}},
                  {prefix("2001:db8:a::/48"), {Discard{DiscardReason::no_route}}},
                  {prefix("2001:db8:a::/64"), {OnLink{}}},
                  {host("2001:db8:a::"), {Self{}}},
                  {host("2001:db8:a::1"), {Self{}}}}));
}

std::vector<std::string> own_in(const Plan& plan) {
  std::vector<std::string> result;
  for (const PlanEntry& entry : plan) {
    if (std::holds_alternative<Self>(entry.targets.front())) {
      result.push_back(entry.prefix.address.to_string());
    }
  }
  return result;
}

// Of every link that has one; on an underlay the gateway is a host.
TEST(Plan, P53_AnycastAddressesAreTheGateways) {
  Model model;
  model.vpcs = {vpc("vpc-a", {"2001:db8:a::/48", "2001:db8:b::/48"})};
  model.vpcs[0].interface->addresses = {{address("2001:db8:a::1"), 64},
                                        {address("2001:db8:a:8::1"), 126},
                                        {address("2001:db8:a:9::"), 127},
                                        {address("2001:db8:b::1"), 48}};
  const Computed computed = compute_routes(valid(model), {});
  const VpcRoutes& routes = computed.rib.vpcs[0];
  EXPECT_EQ(own_in(plan_vpc_table(model.vpcs[0], computed.rib, routes, routes.tables[0])),
            (std::vector<std::string>{"2001:db8:a::", "2001:db8:a::1",
                                      "2001:db8:a:8::", "2001:db8:a:8::1",
                                      "2001:db8:a:9::", "2001:db8:b::", "2001:db8:b::1"}));
  config::Underlay underlay;
  underlay.addresses = {{address("2001:db8:beef::1"), 64}};
  EXPECT_EQ(own_in(plan_underlay_table(underlay)), (std::vector<std::string>{"2001:db8:beef::1"}));
}

TEST(Plan, WithoutAnInterfaceNothingIsDelivered) {
  Model model;
  model.vpcs = {vpc("vpc-a", {"10.1.0.0/16"})};
  model.vpcs[0].interface.reset();
  const Computed computed = compute_routes(valid(model), {});
  const VpcRoutes& routes = computed.rib.vpcs[0];
  EXPECT_EQ(plan_vpc_table(model.vpcs[0], computed.rib, routes, routes.tables[0]),
            (Plan{{prefix("10.1.0.0/16"), {Discard{DiscardReason::no_route}}}}));
}

TEST(Plan, GatewayTableDeliversIntoVpcs) {
  Model model = two_vpcs({"0.0.0.0/0"});
  model.gateways[0].static_routes = {to_attachments("10.9.0.0/16", {"att-a", "att-b"}),
                                     to_attachments("10.66.0.0/16", {})};
  const Computed computed = compute_routes(valid(model), {});
  EXPECT_EQ(plan_gateway_table(valid(model), computed.rib.gateways[0]),
            (Plan{{prefix("10.2.0.0/24"), {DeliverIntoVpc{"vpc-b"}}},
                  {prefix("10.2.1.0/24"), {DeliverIntoVpc{"vpc-b"}}},
                  {prefix("10.9.0.0/16"), {DeliverIntoVpc{"vpc-a"}, DeliverIntoVpc{"vpc-b"}}},
                  {prefix("10.66.0.0/16"), {Discard{DiscardReason::blackhole}}}}));
}

TEST(Plan, SourcesChooseTheTable) {
  Model model = two_vpcs({});
  config::Vpc& b = model.vpcs[1];
  table(b, "private");
  b.subnets[1].route_table = "private";
  table(b).static_routes = {to_address("192.168.0.0/16", "10.2.0.9"),
                            to_address("10.2.7.0/24", "10.2.0.9"),
                            to_gateway("172.16.0.0/12", "bgw-1")};
  const auto sources = [&] {
    return plan_source_table(b, compute_routes(valid(model), {}).rib.vpcs[1]);
  };
  EXPECT_EQ(sources(),
            (std::vector<SourceEntry>{{prefix("10.2.0.0/16"), "main"},
                                      {prefix("10.2.0.0/24"), "main"},
                                      {prefix("10.2.0.0/32"), NobodysSource::no_host},
                                      {prefix("10.2.0.1/32"), NobodysSource::own_address},
                                      {prefix("10.2.0.255/32"), NobodysSource::no_host},
                                      {prefix("10.2.1.0/24"), "private"},
                                      {prefix("192.168.0.0/16"), "main"}}));
  b.interface->source_check = config::SourceCheck::off;
  const auto unchecked = sources();
  ASSERT_EQ(unchecked.size(), 9U);
  EXPECT_EQ(unchecked.front(), (SourceEntry{prefix("0.0.0.0/0"), "main"}));
  EXPECT_EQ(unchecked.back(), (SourceEntry{prefix("::/0"), "main"}));
}

std::vector<std::string> nobodys(const std::vector<SourceEntry>& sources) {
  std::vector<std::string> result;
  for (const SourceEntry& entry : sources) {
    const auto* why = std::get_if<NobodysSource>(&entry.answer);
    if (why == nullptr) continue;
    const bool own = *why == NobodysSource::own_address;
    result.push_back(fmt::format("{} {}", entry.prefix.to_string(), own ? "own" : "no host"));
  }
  return result;
}

// Of each link by itself; point-to-point links have hosts only (RFC 3021, RFC 6164).
TEST(Plan, P51_SourcesThatNoHostHas) {
  Model model = two_vpcs({});
  config::Vpc& a = model.vpcs[0];
  a.cidrs.push_back(prefix("2001:db8:1::/48"));
  a.interface->addresses = {{address("10.1.0.1"), 24},
                            {address("10.1.4.6"), 30},
                            {address("10.1.9.0"), 31},
                            {address("2001:db8:1::1"), 64},
                            {address("2001:db8:1:8::2"), 127}};
  const auto sources = [&] {
    return nobodys(plan_source_table(a, compute_routes(valid(model), {}).rib.vpcs[0]));
  };
  const std::vector<std::string> expected = {"10.1.0.0/32 no host",   "10.1.0.1/32 own",
                                             "10.1.0.255/32 no host", "10.1.4.4/32 no host",
                                             "10.1.4.6/32 own",       "10.1.4.7/32 no host",
                                             "10.1.9.0/32 own",       "2001:db8:1::/128 no host",
                                             "2001:db8:1::1/128 own", "2001:db8:1:8::2/128 own"};
  EXPECT_EQ(sources(), expected);
  a.interface->source_check = config::SourceCheck::off;
  EXPECT_EQ(sources(), expected);
}

TEST(Plan, P51_SourcesOnAnUnderlay) {
  config::Underlay underlay;
  underlay.addresses = {{address("198.51.100.1"), 24}, {address("2001:db8:beef::1"), 64}};
  const auto sources = plan_underlay_sources(underlay);
  EXPECT_EQ(nobodys(sources),
            (std::vector<std::string>{"198.51.100.0/32 no host", "198.51.100.1/32 own",
                                      "198.51.100.255/32 no host", "2001:db8:beef::/128 no host",
                                      "2001:db8:beef::1/128 own"}));
  EXPECT_EQ(sources.front(), (SourceEntry{prefix("0.0.0.0/0"), "main"}));
}

TEST(PlanImports, ARangeStandsForItsRoutes) {
  EXPECT_EQ(sent_to_gateway(two_vpcs({"0.0.0.0/0"})), (Prefixes{"0.0.0.0/0"}));
  EXPECT_EQ(sent_to_gateway(two_vpcs({"10.2.0.0/16", "10.0.0.0/8"})), (Prefixes{"10.0.0.0/8"}));
}

TEST(PlanImports, NotAroundWhatOnlyTheGatewayWouldForward) {
  Model model = two_vpcs({"10.2.0.0/16"});
  model.gateways[0].static_routes = {to_attachments("10.0.0.0/8", {"att-b"})};
  EXPECT_EQ(sent_to_gateway(model), one_by_one);
}

TEST(PlanImports, NotAroundOwnRoutesOutsideTheCidrs) {
  Model model = two_vpcs({"10.0.0.0/8"});
  model.gateways[0].static_routes = {to_attachments("10.7.0.0/16", {"att-a"})};
  EXPECT_EQ(sent_to_gateway(model), one_by_one);
  model.gateways[0].static_routes = {to_attachments("10.1.7.0/24", {"att-a"})};
  EXPECT_EQ(sent_to_gateway(model), (Prefixes{"10.0.0.0/8"}));
}

TEST(PlanImports, NotWhereAStaticRouteInterleaves) {
  Model model = two_vpcs({"10.0.0.0/8"});
  table(model.vpcs[0]).static_routes = {to_address("10.2.0.0/16", "10.1.0.9")};
  EXPECT_EQ(sent_to_gateway(model), one_by_one);
  table(model.vpcs[0]).static_routes = {to_address("10.2.1.128/25", "10.1.0.9")};
  EXPECT_EQ(sent_to_gateway(model), (Prefixes{"10.0.0.0/8"}));
}

TEST(PlanImports, StaticAroundTheRangeMustLeadToTheSameGateway) {
  Model model = two_vpcs({"10.0.0.0/8"});
  table(model.vpcs[0]).static_routes = {to_address("0.0.0.0/0", "10.1.0.9")};
  EXPECT_EQ(sent_to_gateway(model), one_by_one);
  table(model.vpcs[0]).static_routes = {to_gateway("0.0.0.0/0", "bgw-1")};
  EXPECT_EQ(sent_to_gateway(model), (Prefixes{"0.0.0.0/0", "10.0.0.0/8"}));
}

TEST(PlanImports, NotWhereTwoGatewaysMeet) {
  Model model = two_vpcs({"10.2.0.0/16"});
  model.gateways.push_back(gateway("bgw-2"));
  model.attachments.push_back(attachment("att-a2", "bgw-2", "vpc-a"));
  import(model.vpcs[0], "bgw-2", {"10.2.1.0/24"});
  EXPECT_EQ(sent_to_gateway(model), one_by_one);
  table(model.vpcs[0]).propagations.back().ranges = {prefix("10.3.0.0/16")};
  EXPECT_EQ(sent_to_gateway(model), (Prefixes{"10.2.0.0/16", "10.3.0.0/16"}));
}

// a and b on bgw-2 as well, a importing `ranges` from both.
Model two_gateways(const std::vector<std::string>& ranges) {
  Model model = two_vpcs(ranges);
  model.gateways.push_back(gateway("bgw-2"));
  model.attachments.push_back(attachment("att-a2", "bgw-2", "vpc-a"));
  model.attachments.push_back(attachment("att-b2", "bgw-2", "vpc-b"));
  import(model.vpcs[0], "bgw-2", ranges);
  return model;
}

const std::vector<PlanTarget> both = {ContinueInGateway{"bgw-1"}, ContinueInGateway{"bgw-2"}};

std::vector<PlanTarget> targets_for(const Model& model, const std::string& text) {
  const Computed computed = compute_routes(valid(model), {});
  const PlannedWalk planned(model, computed.rib);
  for (const PlanEntry& entry : planned.plan("vpc-a/main")) {
    if (entry.prefix == prefix(text)) return entry.targets;
  }
  return {};
}

TEST(PlanImports, ARangeStandsForTheSameRoutesOfSeveralGateways) {
  Model model = two_gateways({"10.0.0.0/8"});
  EXPECT_EQ(sent_to_gateway(model), (Prefixes{"10.0.0.0/8"}));
  EXPECT_EQ(targets_for(model, "10.0.0.0/8"), both);
  // What leads elsewhere is the gateways' own affair.
  model.vpcs.push_back(vpc("vpc-c", {"10.3.0.0/16"}));
  model.attachments.push_back(attachment("att-c2", "bgw-2", "vpc-c"));
  model.gateways[1].static_routes = {to_attachments("10.2.1.0/24", {"att-c2"})};
  EXPECT_EQ(sent_to_gateway(model), (Prefixes{"10.0.0.0/8"}));
}

TEST(PlanImports, WhatOneOfSeveralGatewaysLacksIsSpelledOutWithAllInside) {
  Model model = two_gateways({"10.0.0.0/8"});
  model.gateways[1].static_routes = {to_attachments("10.2.0.0/23", {"att-b2"})};
  EXPECT_EQ(sent_to_gateway(model),
            (Prefixes{"10.0.0.0/8", "10.2.0.0/23", "10.2.0.0/24", "10.2.1.0/24"}));
  EXPECT_EQ(targets_for(model, "10.0.0.0/8"), both);
  EXPECT_EQ(targets_for(model, "10.2.0.0/23"), (std::vector<PlanTarget>{both[1]}));
  EXPECT_EQ(targets_for(model, "10.2.0.0/24"), both);
  model.attachments.back().advertise = std::vector<std::string>{"s0"};
  model.gateways[1].static_routes.clear();
  EXPECT_EQ(sent_to_gateway(model), (Prefixes{"10.0.0.0/8", "10.2.1.0/24"}));
  EXPECT_EQ(targets_for(model, "10.2.1.0/24"), (std::vector<PlanTarget>{both[0]}));
}

TEST(PlanImports, GatewaysComeInTheOrderInWhichTheTableNamesThem) {
  Model model = two_gateways({"10.0.0.0/8"});
  std::ranges::reverse(table(model.vpcs[0]).propagations);
  EXPECT_EQ(targets_for(model, "10.0.0.0/8"), (std::vector<PlanTarget>{both[1], both[0]}));
}

TEST(PlanImports, NoRangeForGatewaysWithoutMuchInCommon) {
  Model model = two_gateways({"10.0.0.0/8"});
  auto& more = model.gateways[1].static_routes;
  for (std::size_t i = 0; i <= DifferenceLimits{}.listed; ++i) {
    const auto block = fmt::format("10.{}.{}.0/24", 8 + i / 256, i % 256);
    more.push_back(to_attachments(block, {"att-b2"}));
  }
  EXPECT_EQ(sent_to_gateway(model).size(), 2 + more.size());
  // What lies elsewhere does not count.
  more.back().to = prefix("172.16.0.0/16");
  EXPECT_EQ(sent_to_gateway(model).size(), more.size());
}

TEST(PlanImports, GatewaysThatWouldTakeTooLongToCompareAreTakenForDifferent) {
  Model model = two_gateways({"10.0.0.0/8"});
  model.gateways[1].static_routes = {to_attachments("10.9.0.0/16", {"att-b2"}),
                                     to_attachments("10.8.0.0/16", {"att-b2"})};
  const Rib rib = compute_routes(valid(model), {}).rib;
  const auto listed = [&](DifferenceLimits limits) {
    const auto differences = differences_of(rib, limits);
    EXPECT_EQ(differences.size(), 1U);
    return differences[0].is_complete ? static_cast<int>(differences[0].prefixes.size()) : -1;
  };
  EXPECT_EQ(listed({}), 2);
  EXPECT_EQ(listed({.compared = 6}), 2);
  EXPECT_EQ(listed({.compared = 5}), -1);
  EXPECT_EQ(listed({.listed = 1}), -1);
  EXPECT_EQ(listed({.listed_in_all = 1}), -1);
}

TEST(PlanImports, NoRangeForGatewaysOfWhichOneHasTheRangeItself) {
  Model model = two_gateways({"10.0.0.0/8"});
  model.gateways[0].static_routes = {to_attachments("10.0.0.0/8", {"att-b"})};
  EXPECT_EQ(sent_to_gateway(model), (Prefixes{"10.0.0.0/8", "10.2.0.0/24", "10.2.1.0/24"}));
  EXPECT_EQ(targets_for(model, "10.0.0.0/8"), (std::vector<PlanTarget>{both[0]}));
}

TEST(PlanImports, ARangeLeadsToFourGatewaysAtMost) {
  Model model = two_gateways({"10.0.0.0/8"});
  for (const std::string number : {"3", "4", "5"}) {
    model.gateways.push_back(gateway("bgw-" + number));
    model.attachments.push_back(attachment("att-a" + number, "bgw-" + number, "vpc-a"));
    model.attachments.push_back(attachment("att-b" + number, "bgw-" + number, "vpc-b"));
    import(model.vpcs[0], "bgw-" + number, {"10.0.0.0/8"});
  }
  const std::vector<PlanTarget> four = {both[0], both[1], ContinueInGateway{"bgw-3"},
                                        ContinueInGateway{"bgw-4"}};
  EXPECT_EQ(sent_to_gateway(model), (Prefixes{"10.0.0.0/8"}));
  EXPECT_EQ(targets_for(model, "10.0.0.0/8"), four);
  model.gateways[4].static_routes = {to_attachments("10.9.0.0/16", {"att-b5"})};
  EXPECT_EQ(sent_to_gateway(model), (Prefixes{"10.0.0.0/8", "10.9.0.0/16"}));
  EXPECT_EQ(targets_for(model, "10.9.0.0/16"),
            (std::vector<PlanTarget>{ContinueInGateway{"bgw-5"}}));
}

TEST(PlanImports, NothingForARangeInsideALocalCidr) {
  EXPECT_EQ(sent_to_gateway(two_vpcs({"10.1.7.0/24"})), Prefixes{});
}

}  // namespace
}  // namespace bgw::test
