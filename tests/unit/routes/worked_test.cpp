// The worked examples of control/ROUTES.md, by number.
#include <algorithm>

#include <gtest/gtest.h>

#include "control/routes/compute_routes.h"
#include "model_builder.h"
#include "planned_walk.h"

namespace bgw::test {
namespace {

using Lines = std::vector<std::string>;
using config::Model;

// VPCs a, b, c, d with 10.1–10.4/16 and no subnets, each attached to bgw-1 as att-a … att-d. a
// imports everything.
Model four_vpcs() {
  Model model;
  model.gateways = {gateway("bgw-1")};
  const Lines names = {"a", "b", "c", "d"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    model.vpcs.push_back(vpc("vpc-" + names[i], {"10." + std::to_string(i + 1) + ".0.0/16"}));
    model.attachments.push_back(attachment("att-" + names[i], "bgw-1", "vpc-" + names[i]));
  }
  import(find_vpc(model, "vpc-a"), "bgw-1", {"0.0.0.0/0"});
  return model;
}

// The same VPC with another CIDR and one subnet that fills it, which its attachment advertises.
void use_cidr(Model& model, const std::string& name, const std::string& cidr) {
  config::Vpc& changed = find_vpc(model, name);
  const config::Vpc fresh = vpc(name, {cidr});
  changed.cidrs = fresh.cidrs;
  changed.interface = fresh.interface;
  changed.subnets.clear();
  add_subnet(changed, cidr);
}

Lines walk_from_a(const Model& model, const control::Rib& rib, const std::string& destination) {
  const Lines walked = walk_lines(model, rib, "vpc-a", "10.1.0.5", destination);
  Lines planned =
      PlannedWalk(model, rib).outcomes("vpc-a", address("10.1.0.5"), address(destination));
  Lines sorted = walked;
  std::ranges::sort(sorted);
  EXPECT_EQ(sorted, planned);
  return walked;
}

TEST(Worked, Example01_FirstWinsAndTheLoserComesBack) {
  Model model = four_vpcs();
  Commits commits;
  use_cidr(model, "vpc-c", "10.0.0.0/16");
  commits.commit(model);
  use_cidr(model, "vpc-b", "10.0.1.0/24");
  EXPECT_EQ(gateway_lines(commits.commit(model), "bgw-1"),
            (Lines{"10.0.0.0/16 propagated att-c valid",
                   "10.0.1.0/24 propagated att-b invalid (overlap with 10.0.0.0/16 via att-c)"}));
  remove_attachment(model, "att-c");
  EXPECT_EQ(gateway_lines(commits.commit(model), "bgw-1"),
            (Lines{"10.0.1.0/24 propagated att-b valid"}));
}

TEST(Worked, Example02_RemovalNeverUnseatsAnIncumbent) {
  Model model = four_vpcs();
  Commits commits;
  use_cidr(model, "vpc-a", "10.0.0.0/24");
  commits.commit(model);
  use_cidr(model, "vpc-b", "10.0.0.0/16");
  commits.commit(model);
  use_cidr(model, "vpc-d", "10.0.5.0/24");
  EXPECT_EQ(gateway_lines(commits.commit(model), "bgw-1"),
            (Lines{"10.0.0.0/16 propagated att-b invalid (overlap with 10.0.0.0/24 via att-a)",
                   "10.0.0.0/24 propagated att-a valid", "10.0.5.0/24 propagated att-d valid"}));
  find_vpc(model, "vpc-a").route_tables.front().propagations.clear();
  remove_attachment(model, "att-a");
  EXPECT_EQ(gateway_lines(commits.commit(model), "bgw-1"),
            (Lines{"10.0.0.0/16 propagated att-b invalid (overlap with 10.0.5.0/24 via att-d)",
                   "10.0.5.0/24 propagated att-d valid"}));
}

TEST(Worked, Example03_LongestMatchLetsPrefixesNest) {
  Model model = four_vpcs();
  model.gateways.front().overlap = config::OverlapMode::longest_match;
  Commits commits;
  use_cidr(model, "vpc-c", "10.0.0.0/16");
  commits.commit(model);
  use_cidr(model, "vpc-b", "10.0.1.0/24");
  find_vpc(model, "vpc-c").interface->router = address("10.0.0.254");
  const control::Rib& rib = commits.commit(model);
  EXPECT_EQ(gateway_lines(rib, "bgw-1"),
            (Lines{"10.0.0.0/16 propagated att-c valid", "10.0.1.0/24 propagated att-b valid"}));
  EXPECT_EQ(walk_from_a(model, rib, "10.0.1.5"), (Lines{"deliver vpc-b 10.0.1.5"}));
  EXPECT_EQ(walk_from_a(model, rib, "10.0.2.5"), (Lines{"deliver vpc-c 10.0.0.254"}));
}

TEST(Worked, Example04_StaticBeatsPropagated) {
  Model model = four_vpcs();
  add_subnet(find_vpc(model, "vpc-b"), "10.2.0.0/16");
  model.gateways.front().static_routes = {to_attachments("10.2.0.0/16", {"att-c"})};
  EXPECT_EQ(gateway_lines(Commits().commit(model), "bgw-1"),
            (Lines{"10.2.0.0/16 static att-c valid",
                   "10.2.0.0/16 propagated att-b invalid (preference, loses to static 10.2.0.0/16 "
                   "via att-c)"}));
}

TEST(Worked, Example05_BlackholeAroundAPropagatedRoute) {
  Model model = four_vpcs();
  add_subnet(find_vpc(model, "vpc-b"), "10.2.1.0/24");
  find_vpc(model, "vpc-b").interface->addresses = {{address("10.2.1.1"), 24}};
  model.gateways.front().static_routes = {to_attachments("10.2.0.0/16", {})};
  Commits commits;
  const control::Rib& rib = commits.commit(model);
  EXPECT_EQ(gateway_lines(rib, "bgw-1"),
            (Lines{"10.2.0.0/16 static blackhole valid", "10.2.1.0/24 propagated att-b valid"}));
  EXPECT_EQ(walk_from_a(model, rib, "10.2.1.5"), (Lines{"deliver vpc-b 10.2.1.5"}));
  EXPECT_EQ(walk_from_a(model, rib, "10.2.9.9"), (Lines{"drop blackhole"}));
}

TEST(Worked, Example06_LocalBeforeLongestPrefix) {
  Model model = four_vpcs();
  model.gateways.front().overlap = config::OverlapMode::longest_match;
  use_cidr(model, "vpc-c", "10.1.7.0/24");
  find_vpc(model, "vpc-a").interface->router = address("10.1.0.254");
  Commits commits;
  const control::Rib& rib = commits.commit(model);
  EXPECT_EQ(table_lines(rib, "vpc-a"),
            (Lines{"10.1.0.0/16 local vpc-a valid",
                   "10.1.7.0/24 propagated bgw-1 shadowed (local 10.1.0.0/16)"}));
  EXPECT_EQ(walk_from_a(model, rib, "10.1.7.7"), (Lines{"deliver vpc-a 10.1.0.254"}));
}

TEST(Worked, Example07_LargerThanTheRangeIsNotImported) {
  Model model = four_vpcs();
  config::Vpc& a = find_vpc(model, "vpc-a");
  a = vpc("vpc-a", {"172.16.0.0/16"});
  import(a, "bgw-1", {"10.1.0.0/16"});
  model.gateways.front().static_routes = {to_attachments("10.0.0.0/8", {"att-b"})};
  EXPECT_EQ(table_lines(Commits().commit(model), "vpc-a"),
            (Lines{"172.16.0.0/16 local vpc-a valid"}));
}

TEST(Worked, Example08_EqualToTheRangeIsImported) {
  Model model = four_vpcs();
  config::Vpc& a = find_vpc(model, "vpc-a");
  a = vpc("vpc-a", {"172.16.0.0/16"});
  import(a, "bgw-1", {"10.0.0.0/8"});
  model.gateways.front().static_routes = {to_attachments("10.0.0.0/8", {"att-b"}),
                                          to_attachments("10.3.0.0/16", {"att-c"}),
                                          to_attachments("11.0.0.0/8", {"att-d"})};
  EXPECT_EQ(table_lines(Commits().commit(model), "vpc-a"),
            (Lines{"10.0.0.0/8 propagated bgw-1 valid", "10.3.0.0/16 propagated bgw-1 valid",
                   "172.16.0.0/16 local vpc-a valid"}));
}

TEST(Worked, Example09_StaticOfTheVpcBeatsTheImport) {
  Model model = four_vpcs();
  add_subnet(find_vpc(model, "vpc-b"), "10.2.0.0/16");
  table(find_vpc(model, "vpc-a")).static_routes = {to_address("10.2.0.0/16", "10.1.0.9")};
  Commits commits;
  const control::Rib& rib = commits.commit(model);
  EXPECT_EQ(table_lines(rib, "vpc-a"),
            (Lines{"10.1.0.0/16 local vpc-a valid", "10.2.0.0/16 static 10.1.0.9 valid",
                   "10.2.0.0/16 propagated bgw-1 invalid (preference, loses to static 10.2.0.0/16 "
                   "via 10.1.0.9)"}));
  EXPECT_EQ(walk_from_a(model, rib, "10.2.0.5"), (Lines{"deliver vpc-a 10.1.0.9"}));
}

TEST(Worked, Example10_StaticDefaultFollowsTheGatewaysTable) {
  Model model = four_vpcs();
  add_subnet(find_vpc(model, "vpc-b"), "10.2.0.0/16");
  table(find_vpc(model, "vpc-a")).propagations.clear();
  table(find_vpc(model, "vpc-a")).static_routes = {to_gateway("0.0.0.0/0", "bgw-1")};
  Commits commits;
  const control::Rib& rib = commits.commit(model);
  EXPECT_EQ(walk_from_a(model, rib, "10.2.0.5"), (Lines{"deliver vpc-b 10.2.0.5"}));
  EXPECT_EQ(walk_from_a(model, rib, "10.3.0.5"), (Lines{"drop no_route"}));
}

TEST(Worked, Example11_ApplianceInTheTargetVpc) {
  Model model = four_vpcs();
  model.gateways.front().static_routes = {to_attachments("192.168.0.0/16", {"att-b"})};
  config::Vpc& b = find_vpc(model, "vpc-b");
  b.interface->addresses = {{address("10.2.1.1"), 24}};
  table(b).static_routes = {to_address("192.168.0.0/16", "10.2.1.7")};
  Commits commits;
  const control::Rib& rib = commits.commit(model);
  EXPECT_EQ(walk_from_a(model, rib, "192.168.7.7"), (Lines{"deliver vpc-b 10.2.1.7"}));
}

TEST(Worked, Example12_BackToTheGatewayIsALoop) {
  Model model = four_vpcs();
  model.gateways.front().static_routes = {to_attachments("192.168.0.0/16", {"att-b"})};
  table(find_vpc(model, "vpc-b")).static_routes = {to_gateway("192.168.0.0/16", "bgw-1")};
  Commits commits;
  const control::Rib& rib = commits.commit(model);
  EXPECT_EQ(walk_from_a(model, rib, "192.168.7.7"), (Lines{"drop routing_loop"}));
}

TEST(Worked, Example13_ReachabilityIsOneDirectional) {
  Model model = four_vpcs();
  add_subnet(find_vpc(model, "vpc-a"), "10.1.0.0/24");
  add_subnet(find_vpc(model, "vpc-b"), "10.2.0.0/24");
  Commits commits;
  const control::Rib& rib = commits.commit(model);
  EXPECT_EQ(walk_from_a(model, rib, "10.2.0.5"), (Lines{"deliver vpc-b 10.2.0.5"}));
  EXPECT_EQ(walk_lines(model, rib, "vpc-b", "10.2.0.5", "10.1.0.5"), (Lines{"drop no_route"}));
}

// Example 14 is refused before routes are computed: see worked/14-*.

TEST(Worked, Example15_QuotaAdmitsBatchByBatch) {
  Model model = four_vpcs();
  model.gateways.front().quotas.dynamic_routes = 3;
  Commits commits;
  commits.commit(model);
  add_subnet(find_vpc(model, "vpc-b"), "10.2.0.0/24");
  add_subnet(find_vpc(model, "vpc-b"), "10.2.1.0/24");
  commits.commit(model);
  add_subnet(find_vpc(model, "vpc-c"), "10.3.0.0/24");
  add_subnet(find_vpc(model, "vpc-c"), "10.3.1.0/24");
  commits.commit(model);
  add_subnet(find_vpc(model, "vpc-d"), "10.4.0.0/24");
  const std::string full =
      " blocked (quota: batch of 2 does not fit beside 2 admitted of at most 3)";
  EXPECT_EQ(gateway_lines(commits.commit(model), "bgw-1"),
            (Lines{"10.2.0.0/24 propagated att-b valid", "10.2.1.0/24 propagated att-b valid",
                   "10.3.0.0/24 propagated att-c" + full, "10.3.1.0/24 propagated att-c" + full,
                   "10.4.0.0/24 propagated att-d blocked (quota: waits behind the batch of 2 from "
                   "att-c; 2 admitted of at most 3)"}));
  remove_attachment(model, "att-b");
  EXPECT_EQ(gateway_lines(commits.commit(model), "bgw-1"),
            (Lines{"10.3.0.0/24 propagated att-c valid", "10.3.1.0/24 propagated att-c valid",
                   "10.4.0.0/24 propagated att-d valid"}));
}

TEST(Worked, Example16_TwoGatewaysFormAGroup) {
  Model model = four_vpcs();
  model.gateways.push_back(gateway("bgw-2"));
  model.attachments.push_back(attachment("att-a2", "bgw-2", "vpc-a"));
  model.attachments.push_back(attachment("att-c2", "bgw-2", "vpc-c"));
  import(find_vpc(model, "vpc-a"), "bgw-2", {"10.0.0.0/8"});
  model.gateways[0].static_routes = {to_attachments("10.9.0.0/16", {"att-b"})};
  model.gateways[1].static_routes = {to_attachments("10.9.0.0/16", {"att-c2"})};
  table(find_vpc(model, "vpc-b")).static_routes = {to_address("10.9.0.0/16", "10.2.0.9")};
  table(find_vpc(model, "vpc-c")).static_routes = {to_address("10.9.0.0/16", "10.3.0.9")};
  Commits commits;
  const control::Rib& rib = commits.commit(model);
  EXPECT_EQ(table_lines(rib, "vpc-a"),
            (Lines{"10.1.0.0/16 local vpc-a valid", "10.9.0.0/16 propagated bgw-1+bgw-2 valid"}));
  EXPECT_EQ(walk_from_a(model, rib, "10.9.9.9"),
            (Lines{"deliver vpc-b 10.2.0.9", "deliver vpc-c 10.3.0.9"}));
}

TEST(Worked, Example17_AListIsExplicitAllIsNot) {
  Model model = four_vpcs();
  Commits commits;
  add_subnet(find_vpc(model, "vpc-b"), "10.2.0.0/24");
  add_subnet(find_vpc(model, "vpc-c"), "10.3.0.0/24");
  model.attachments[1].advertise = Lines{"s0"};
  commits.commit(model);
  add_subnet(find_vpc(model, "vpc-b"), "10.2.1.0/24");
  add_subnet(find_vpc(model, "vpc-c"), "10.3.1.0/24");
  EXPECT_EQ(gateway_lines(commits.commit(model), "bgw-1"),
            (Lines{"10.2.0.0/24 propagated att-b valid", "10.3.0.0/24 propagated att-c valid",
                   "10.3.1.0/24 propagated att-c valid"}));
}

TEST(Worked, Example18_InterfaceDown) {
  Model model = four_vpcs();
  Commits commits;
  use_cidr(model, "vpc-b", "10.0.0.0/16");
  commits.commit(model);
  use_cidr(model, "vpc-c", "10.0.1.0/24");
  commits.commit(model);
  find_vpc(model, "vpc-b").interface->enabled = false;
  const control::Rib& rib = commits.commit(model);
  EXPECT_EQ(gateway_lines(rib, "bgw-1"),
            (Lines{"10.0.0.0/16 propagated att-b invalid (unavailable: interface of vpc-b is down)",
                   "10.0.1.0/24 propagated att-c valid"}));
  EXPECT_EQ(table_lines(rib, "vpc-a"),
            (Lines{"10.0.1.0/24 propagated bgw-1 valid", "10.1.0.0/16 local vpc-a valid"}));
  EXPECT_EQ(walk_from_a(model, rib, "10.0.9.9"), (Lines{"drop no_route"}));

  // Unavailable routes are not incumbents: back up, it comes second.
  find_vpc(model, "vpc-b").interface->enabled = true;
  EXPECT_EQ(gateway_lines(commits.commit(model), "bgw-1"),
            (Lines{"10.0.0.0/16 propagated att-b invalid (overlap with 10.0.1.0/24 via att-c)",
                   "10.0.1.0/24 propagated att-c valid"}));
}

// The gateway leads outside by edge-a (router 192.0.2.2) and edge-b (198.51.100.2).
Model with_edges() {
  Model model = four_vpcs();
  model.gateways[0].interfaces = {outside("edge-a", {"192.0.2.1/30"}),
                                  outside("edge-b", {"198.51.100.1/30"})};
  return model;
}

Lines walk_from_edge_a(const Model& model, const control::Rib& rib, const std::string& source,
                       const std::string& destination) {
  Lines walked = walk_lines_from_outside(model, rib, "bgw-1", "edge-a", source, destination);
  std::ranges::sort(walked);
  EXPECT_EQ(walked,
            PlannedWalk(model, rib)
                .outcomes_from_outside("bgw-1", "edge-a", address(source), address(destination)));
  return walked;
}

TEST(Worked, Example26_EdgeToEdge) {
  Model model = with_edges();
  model.gateways[0].static_routes = {to_outside("172.16.0.0/12", {"192.0.2.2"}),
                                     to_outside("192.168.0.0/16", {"198.51.100.2"})};
  Commits commits;
  const control::Rib& rib = commits.commit(model);
  EXPECT_EQ(walk_from_edge_a(model, rib, "172.16.0.9", "192.168.0.7"), Lines{"drop edge_to_edge"});
  // Also back where it came from, or beside there.
  EXPECT_EQ(walk_from_edge_a(model, rib, "172.16.0.9", "172.16.0.7"), Lines{"drop edge_to_edge"});
  EXPECT_EQ(walk_from_edge_a(model, rib, "172.16.0.9", "192.0.2.2"), Lines{"drop edge_to_edge"});
  EXPECT_EQ(walk_from_a(model, rib, "192.168.0.7"), Lines{"deliver bgw-1/edge-b 198.51.100.2"});
}

TEST(Worked, Example27_NobodyOutsideSpeaksForAVpc) {
  Model model = with_edges();
  add_subnet(find_vpc(model, "vpc-b"), "10.2.0.0/24");
  add_subnet(find_vpc(model, "vpc-a"), "10.1.0.0/24");
  model.gateways[0].static_routes = {to_outside("10.2.0.128/25", {"192.0.2.2"})};
  Commits commits;
  const control::Rib& rib = commits.commit(model);
  for (const std::string to : {"10.1.0.5", "192.0.2.1", "192.168.0.7"}) {
    EXPECT_EQ(walk_from_edge_a(model, rib, "10.2.0.7", to), Lines{"drop source_spoofed"}) << to;
  }
  EXPECT_EQ(walk_from_edge_a(model, rib, "172.16.0.9", "10.1.0.5"),
            Lines{"deliver vpc-a 10.1.0.5"});
  EXPECT_EQ(walk_from_edge_a(model, rib, "172.16.0.9", "192.0.2.1"),
            Lines{"self bgw-1/edge-a 192.0.2.1"});
  // What a longer route says is outside.
  EXPECT_EQ(walk_from_edge_a(model, rib, "10.2.0.200", "10.1.0.5"),
            Lines{"deliver vpc-a 10.1.0.5"});
}

TEST(Worked, Example31_AVpcComesBeforeOutside) {
  Model model = with_edges();
  use_cidr(model, "vpc-b", "10.2.0.0/16");
  model.gateways[0].static_routes = {to_outside("10.2.0.0/16", {"192.0.2.2"})};
  Commits commits;
  const control::Rib rib = commits.commit(model);
  EXPECT_EQ(gateway_lines(rib, "bgw-1"),
            (Lines{"10.2.0.0/16 propagated att-b valid",
                   "10.2.0.0/16 static 192.0.2.2 (edge-a) invalid (preference, loses to propagated "
                   "10.2.0.0/16 via att-b)"}));
  EXPECT_EQ(walk_from_a(model, rib, "10.2.0.7"), Lines{"deliver vpc-b 10.2.0.7"});
  remove_attachment(model, "att-b");
  const control::Rib& detached = commits.commit(model);
  EXPECT_EQ(gateway_lines(detached, "bgw-1"), Lines{"10.2.0.0/16 static 192.0.2.2 (edge-a) valid"});
  EXPECT_EQ(walk_from_a(model, detached, "10.2.0.7"), Lines{"deliver bgw-1/edge-a 192.0.2.2"});
}

TEST(Worked, Example32_TwoRoutersOutsideAndOneLeft) {
  Model model = with_edges();
  model.gateways[0].static_routes = {to_outside("0.0.0.0/0", {"192.0.2.2", "198.51.100.2"})};
  Commits commits;
  const control::Rib both = commits.commit(model);
  EXPECT_EQ(gateway_lines(both, "bgw-1"),
            Lines{"0.0.0.0/0 static 192.0.2.2 (edge-a)+198.51.100.2 (edge-b) valid"});
  EXPECT_EQ(walk_from_a(model, both, "203.0.113.7"),
            (Lines{"deliver bgw-1/edge-a 192.0.2.2", "deliver bgw-1/edge-b 198.51.100.2"}));
  model.gateways[0].interfaces[0].enabled = false;
  const control::Rib& one = commits.commit(model);
  EXPECT_EQ(
      gateway_lines(one, "bgw-1"),
      (Lines{
          "0.0.0.0/0 static 198.51.100.2 (edge-b) valid",
          "0.0.0.0/0 static 192.0.2.2 (edge-a) invalid (unavailable: interface edge-a is down)"}));
  EXPECT_EQ(walk_from_a(model, one, "203.0.113.7"), Lines{"deliver bgw-1/edge-b 198.51.100.2"});
}

}  // namespace
}  // namespace bgw::test
