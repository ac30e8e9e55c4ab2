// What the worked examples leave open: corners of the G and V rules, by rule.
#include <gtest/gtest.h>

#include "control/routes/compute_routes.h"
#include "model_builder.h"

namespace bgw::test {
namespace {

using Lines = std::vector<std::string>;
using config::Model;

// VPCs a, b, … with 10.1/16, 10.2/16, …, one /24 subnet each, attached to bgw-1 as att-a, att-b, ….
Model attached_vpcs(std::size_t count) {
  Model model;
  model.gateways = {gateway("bgw-1")};
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name(1, static_cast<char>('a' + i));
    const std::string net = "10." + std::to_string(i + 1) + ".0.0/";
    model.vpcs.push_back(vpc("vpc-" + name, {net + "16"}));
    add_subnet(model.vpcs.back(), net + "24");
    model.attachments.push_back(attachment("att-" + name, "bgw-1", "vpc-" + name));
  }
  return model;
}

TEST(Arrivals, ListOrderDecidesWithinOneCommit) {
  Model model;
  model.gateways = {gateway("bgw-1")};
  model.gateways.front().quotas.dynamic_routes = 2;
  model.vpcs = {vpc("vpc-a", {"10.1.0.0/16"})};
  add_subnet(model.vpcs.front(), "10.1.0.0/24");
  add_subnet(model.vpcs.front(), "10.1.1.0/24");
  model.attachments = {attachment("att-a", "bgw-1", "vpc-a")};
  model.attachments.front().advertise = Lines{"s1", "s0"};
  Commits commits;
  commits.commit(model);
  const auto& arrivals = commits.history().gateways.front().arrivals;
  ASSERT_EQ(arrivals.size(), 2U);
  EXPECT_EQ(arrivals[0], (control::Arrival{"att-a", prefix("10.1.1.0/24"), 1, true}));
  EXPECT_EQ(arrivals[1], (control::Arrival{"att-a", prefix("10.1.0.0/24"), 1, true}));
}

TEST(Arrivals, ComingBackIsANewArrival) {
  Model model = attached_vpcs(2);
  Commits commits;
  commits.commit(model);
  const auto advertise = model.attachments.front().advertise;
  model.attachments.front().advertise = Lines{};
  commits.commit(model);
  model.attachments.front().advertise = advertise;
  commits.commit(model);
  const auto& arrivals = commits.history().gateways.front().arrivals;
  ASSERT_EQ(arrivals.size(), 2U);
  EXPECT_EQ(arrivals[0], (control::Arrival{"att-b", prefix("10.2.0.0/24"), 2, true}));
  EXPECT_EQ(arrivals[1], (control::Arrival{"att-a", prefix("10.1.0.0/24"), 3, true}));
}

TEST(Arrivals, HistoryOfAGatewayThatIsGoneIsForgotten) {
  Model model = attached_vpcs(1);
  Commits commits;
  commits.commit(model);
  commits.commit(Model{});
  EXPECT_EQ(commits.history(), control::History{});
}

TEST(G1, WithoutAnInterfaceIsUnavailable) {
  Model model = attached_vpcs(1);
  model.vpcs.front().interface.reset();
  EXPECT_EQ(gateway_lines(Commits().commit(model), "bgw-1"),
            (Lines{"10.1.0.0/24 propagated att-a invalid (unavailable: vpc-a has no interface)"}));
}

TEST(G2, NestedIncumbentsMeetFirstWinsInOrderOfArrival) {
  Model model;
  model.gateways = {gateway("bgw-1")};
  model.gateways.front().overlap = config::OverlapMode::longest_match;
  const Lines cidrs = {"10.0.1.0/24", "10.0.0.0/16", "10.0.2.0/24"};
  for (std::size_t i = 0; i < cidrs.size(); ++i) {
    const std::string name(1, static_cast<char>('a' + i));
    model.vpcs.push_back(vpc("vpc-" + name, {cidrs[i]}));
    add_subnet(model.vpcs.back(), cidrs[i]);
    model.attachments.push_back(attachment("att-" + name, "bgw-1", "vpc-" + name));
  }
  Commits commits;
  const Lines all_valid = {"10.0.0.0/16 propagated att-b valid",
                           "10.0.1.0/24 propagated att-a valid",
                           "10.0.2.0/24 propagated att-c valid"};
  EXPECT_EQ(gateway_lines(commits.commit(model), "bgw-1"), all_valid);
  model.gateways.front().overlap = config::OverlapMode::first_wins;
  EXPECT_EQ(gateway_lines(commits.commit(model), "bgw-1"),
            (Lines{"10.0.0.0/16 propagated att-b invalid (overlap with 10.0.1.0/24 via att-a)",
                   "10.0.1.0/24 propagated att-a valid", "10.0.2.0/24 propagated att-c valid"}));
  model.gateways.front().overlap = config::OverlapMode::longest_match;
  EXPECT_EQ(gateway_lines(commits.commit(model), "bgw-1"), all_valid);
}

TEST(G2, DoesNotCareThatAnAcceptedRouteLosesToAStaticOne) {
  Model model = attached_vpcs(2);
  model.vpcs[1] = vpc("vpc-b", {"10.1.0.0/24"});
  add_subnet(model.vpcs[1], "10.1.0.0/28");
  model.gateways.front().static_routes = {to_attachments("10.1.0.0/24", {})};
  EXPECT_EQ(gateway_lines(Commits().commit(model), "bgw-1"),
            (Lines{"10.1.0.0/24 static blackhole valid",
                   "10.1.0.0/24 propagated att-a invalid (preference, loses to static 10.1.0.0/24 "
                   "blackhole)",
                   "10.1.0.0/28 propagated att-b invalid (overlap with 10.1.0.0/24 via att-a)"}));
}

TEST(G4, GroupForwardsThroughTheMembersThatAreUp) {
  Model model = attached_vpcs(3);
  for (auto& one : model.attachments) one.advertise = Lines{};
  model.gateways.front().static_routes = {
      to_attachments("10.9.0.0/16", {"att-a", "att-b", "att-c"})};
  Commits commits;
  EXPECT_EQ(gateway_lines(commits.commit(model), "bgw-1"),
            (Lines{"10.9.0.0/16 static att-a+att-b+att-c valid"}));
  model.vpcs[1].interface->enabled = false;
  EXPECT_EQ(gateway_lines(commits.commit(model), "bgw-1"),
            (Lines{"10.9.0.0/16 static att-a+att-c valid",
                   "10.9.0.0/16 static att-b invalid (unavailable: interface of vpc-b is down)"}));
  model.vpcs[0].interface->enabled = false;
  model.vpcs[2].interface.reset();
  EXPECT_EQ(gateway_lines(commits.commit(model), "bgw-1"),
            (Lines{"10.9.0.0/16 static att-a+att-b+att-c invalid (unavailable: interface of vpc-a "
                   "is down, interface of vpc-b is down, vpc-c has no interface)"}));
}

TEST(G4, UnavailableStaticDoesNotHoldBackThePropagatedRoute) {
  Model model = attached_vpcs(2);
  model.gateways.front().static_routes = {to_attachments("10.1.0.0/24", {"att-b"})};
  model.vpcs[1].interface->enabled = false;
  model.attachments[1].advertise = Lines{};
  EXPECT_EQ(gateway_lines(Commits().commit(model), "bgw-1"),
            (Lines{"10.1.0.0/24 propagated att-a valid",
                   "10.1.0.0/24 static att-b invalid (unavailable: interface of vpc-b is down)"}));
}

TEST(G5, UnavailableAndOverlappingRoutesHoldTheirPlace) {
  Model model = attached_vpcs(3);
  model.gateways.front().quotas.dynamic_routes = 2;
  model.vpcs[0].interface->enabled = false;
  EXPECT_EQ(gateway_lines(Commits().commit(model), "bgw-1"),
            (Lines{"10.1.0.0/24 propagated att-a invalid (unavailable: interface of vpc-a is down)",
                   "10.2.0.0/24 propagated att-b valid",
                   "10.3.0.0/24 propagated att-c blocked (quota: batch of 1 does not fit beside 2 "
                   "admitted of at most 2)"}));
}

TEST(G5, BlockedRoutesKeepNobodyOut) {
  Model model = attached_vpcs(2);
  model.gateways.front().quotas.dynamic_routes = 1;
  add_subnet(model.vpcs[0], "10.1.1.0/24");
  model.gateways.front().static_routes = {to_attachments("10.1.0.0/24", {"att-b"})};
  const Lines listed = gateway_lines(Commits().commit(model), "bgw-1");
  EXPECT_EQ(listed,
            (Lines{"10.1.0.0/24 static att-b valid",
                   "10.1.0.0/24 propagated att-a blocked (quota: batch of 2 does not fit beside 0 "
                   "admitted of at most 1)",
                   "10.1.1.0/24 propagated att-a blocked (quota: batch of 2 does not fit beside 0 "
                   "admitted of at most 1)",
                   "10.2.0.0/24 propagated att-b blocked (quota: waits behind the batch of 2 from "
                   "att-a; 0 admitted of at most 1)"}));
}

TEST(V1, StaticRouteInsideALocalCidrIsShadowed) {
  Model model = attached_vpcs(1);
  table(model.vpcs.front()).static_routes = {to_address("10.1.7.0/24", "10.1.0.9"),
                                             to_address("10.0.0.0/8", "10.1.0.9")};
  EXPECT_EQ(table_lines(Commits().commit(model), "vpc-a"),
            (Lines{"10.0.0.0/8 static 10.1.0.9 valid", "10.1.0.0/16 local vpc-a valid",
                   "10.1.7.0/24 static 10.1.0.9 shadowed (local 10.1.0.0/16)"}));
}

// VPC a is attached to six gateways that lead to 10.9.0.0/16 and imports all of them, bgw-6 first.
TEST(V2, GroupOfImportsHasFourMembersInTheOrderOfPropagations) {
  Model model = attached_vpcs(2);
  model.attachments.clear();
  model.gateways.clear();
  for (int i = 6; i >= 1; --i) {
    const std::string number = std::to_string(i);
    model.gateways.push_back(gateway("bgw-" + number));
    model.attachments.push_back(attachment("a" + number, "bgw-" + number, "vpc-a"));
    model.attachments.push_back(attachment("b" + number, "bgw-" + number, "vpc-b"));
    model.gateways.back().static_routes = {to_attachments("10.9.0.0/16", {"b" + number})};
    import(model.vpcs.front(), "bgw-" + number, {"10.9.0.0/16"});
  }
  const std::string surplus =
      " invalid (preference, loses to propagated 10.9.0.0/16 via bgw-6, bgw-5, bgw-4, bgw-3)";
  EXPECT_EQ(
      table_lines(Commits().commit(model), "vpc-a"),
      (Lines{"10.1.0.0/16 local vpc-a valid",
             "10.9.0.0/16 propagated bgw-6+bgw-5+bgw-4+bgw-3 valid",
             "10.9.0.0/16 propagated bgw-1" + surplus, "10.9.0.0/16 propagated bgw-2" + surplus}));
}

TEST(V3, DefaultRangesImportAllOfTheirFamilyOnly) {
  Model model = attached_vpcs(3);
  model.vpcs[1] = vpc("vpc-b", {"2001:db8:b::/48"});
  add_subnet(model.vpcs[1], "2001:db8:b:1::/64");
  import(model.vpcs[0], "bgw-1", {"::/0"});
  import(model.vpcs[2], "bgw-1", {"0.0.0.0/0"});
  Commits commits;
  const control::Rib& rib = commits.commit(model);
  EXPECT_EQ(table_lines(rib, "vpc-a"),
            (Lines{"10.1.0.0/16 local vpc-a valid", "2001:db8:b:1::/64 propagated bgw-1 valid"}));
  EXPECT_EQ(table_lines(rib, "vpc-c"),
            (Lines{"10.1.0.0/24 propagated bgw-1 valid", "10.3.0.0/16 local vpc-c valid"}));
}

TEST(V4, GroupWithAMemberElsewhereIsImported) {
  Model model = attached_vpcs(2);
  for (auto& one : model.attachments) one.advertise = Lines{};
  import(model.vpcs[0], "bgw-1", {"0.0.0.0/0"});
  model.gateways.front().static_routes = {to_attachments("10.8.0.0/16", {"att-a"}),
                                          to_attachments("10.9.0.0/16", {"att-a", "att-b"})};
  Commits commits;
  EXPECT_EQ(table_lines(commits.commit(model), "vpc-a"),
            (Lines{"10.1.0.0/16 local vpc-a valid", "10.9.0.0/16 propagated bgw-1 valid"}));
  // What counts are the members that forward.
  model.vpcs[1].interface->enabled = false;
  EXPECT_EQ(table_lines(commits.commit(model), "vpc-a"), (Lines{"10.1.0.0/16 local vpc-a valid"}));
}

TEST(G3, AStaticGroupOfAttachmentsBeatsWhatAVpcPropagatesAndOutsideDoesNot) {
  Model model;
  model.gateways = {gateway("bgw-1")};
  model.vpcs = {vpc("vpc-a", {"10.1.0.0/16"}), vpc("vpc-b", {"10.2.0.0/16"})};
  add_subnet(model.vpcs[1], "10.2.0.0/24");
  model.attachments = {attachment("att-a", "bgw-1", "vpc-a"),
                       attachment("att-b", "bgw-1", "vpc-b")};
  model.gateways[0].interfaces = {outside("edge-a", {"192.0.2.1/29"})};
  model.gateways[0].static_routes = {to_attachments("10.2.0.0/24", {"att-a"})};
  EXPECT_EQ(gateway_lines(Commits().commit(model), "bgw-1").front(),
            "10.2.0.0/24 static att-a valid");
  model.gateways[0].static_routes = {to_outside("10.2.0.0/24", {"192.0.2.2", "192.0.2.3"})};
  EXPECT_EQ(gateway_lines(Commits().commit(model), "bgw-1").front(),
            "10.2.0.0/24 propagated att-b valid");
  // While the VPC's interface is down, nothing is before it.
  model.vpcs[1].interface->enabled = false;
  EXPECT_EQ(gateway_lines(Commits().commit(model), "bgw-1").front(),
            "10.2.0.0/24 static 192.0.2.2 (edge-a)+192.0.2.3 (edge-a) valid");
}

TEST(G1, NothingLeadsOutsideByAnInterfaceThatIsDown) {
  Model model;
  model.gateways = {gateway("bgw-1")};
  model.gateways[0].interfaces = {outside("edge-a", {"192.0.2.1/29"}),
                                  outside("edge-6", {"2001:db8:e::1/64"})};
  model.gateways[0].interfaces[0].enabled = false;
  model.gateways[0].static_routes = {to_outside("0.0.0.0/0", {"192.0.2.2", "192.0.2.3"}),
                                     to_outside("::/0", {"2001:db8:e::2"})};
  EXPECT_EQ(gateway_lines(Commits().commit(model), "bgw-1"),
            (std::vector<std::string>{
                "0.0.0.0/0 static 192.0.2.2 (edge-a)+192.0.2.3 (edge-a) invalid (unavailable: "
                "interface edge-a is down, interface edge-a is down)",
                "::/0 static 2001:db8:e::2 (edge-6) valid"}));
}

}  // namespace
}  // namespace bgw::test
