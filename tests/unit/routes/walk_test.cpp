// The steps of walk() as people read them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "control/routes/compute_routes.h"
#include "control/routes/walk.h"
#include "model_builder.h"

namespace bgw::test {
namespace {

using Lines = std::vector<std::string>;

config::Model two_vpcs() {
  config::Model model;
  model.gateways = {gateway("bgw-1")};
  model.vpcs = {vpc("vpc-a", {"10.1.0.0/16"}), vpc("vpc-b", {"10.2.0.0/16"})};
  add_subnet(model.vpcs[0], "10.1.0.0/24");
  add_subnet(model.vpcs[1], "10.2.0.0/24");
  model.attachments = {attachment("att-a", "bgw-1", "vpc-a"),
                       attachment("att-b", "bgw-1", "vpc-b")};
  import(model.vpcs[0], "bgw-1", {"10.2.0.0/16"});
  return model;
}

Lines steps(const config::Model& model, const std::string& source, const std::string& destination) {
  const auto computed = control::compute_routes(valid(model), {});
  const auto outcomes =
      control::walk(valid(model), computed.rib, "vpc-a", address(source), address(destination));
  Lines result;
  for (const auto& step : outcomes.front().steps) {
    result.push_back(fmt::format("{} [{}]: {}", step.rule, step.table, step.detail));
  }
  return result;
}

TEST(Walk, NamesTheRuleOfEachStep) {
  EXPECT_EQ(steps(two_vpcs(), "10.1.0.5", "10.2.0.9"),
            (Lines{"F1 source [vpc-a/main]: 10.1.0.5 is in subnet s0 (10.1.0.0/24)",
                   "F2 lookup [vpc-a/main]: longest match is propagated 10.2.0.0/24 via bgw-1",
                   "F3 gateway [bgw-1]: longest match is propagated 10.2.0.0/24 via att-b",
                   "F4 deliver [vpc-b/main]: 10.2.0.9 is local in vpc-b (10.2.0.0/16): on-link, "
                   "10.2.0.0/24"}));
}

TEST(Walk, SaysWhyASourceIsSpoofed) {
  EXPECT_EQ(steps(two_vpcs(), "10.9.0.5", "10.2.0.9"),
            (Lines{"F1 source [vpc-a/main]: 10.9.0.5 is neither in a CIDR of vpc-a nor behind an "
                   "address next hop of its main table"}));
}

TEST(Walk, P51_SaysThatASourceIsNobodys) {
  EXPECT_EQ(steps(two_vpcs(), "10.1.0.1", "10.2.0.9"),
            (Lines{"F1 source [vpc-a/main]: 10.1.0.1 is the gateway's own address in vpc-a, and no "
                   "host's"}));
  EXPECT_EQ(steps(two_vpcs(), "10.1.0.255", "10.2.0.9"),
            (Lines{"F1 source [vpc-a/main]: 10.1.0.255 is the network or broadcast address of a "
                   "link of vpc-a, and no host's"}));
}

TEST(Walk, SourceBehindAnAppliance) {
  config::Model model = two_vpcs();
  table(model.vpcs[0]).static_routes = {to_address("10.9.0.0/16", "10.1.0.7")};
  EXPECT_EQ(steps(model, "10.9.0.5", "10.2.0.9").front(),
            "F1 source [vpc-a/main]: 10.9.0.5 is behind static 10.9.0.0/16 via 10.1.0.7");
}

TEST(Walk, UnknownVpcIsAnError) {
  const auto model = two_vpcs();
  const auto computed = control::compute_routes(valid(model), {});
  EXPECT_THROW(
      control::walk(valid(model), computed.rib, "vpc-x", address("10.1.0.5"), address("10.2.0.9")),
      std::out_of_range);
}

TEST(Walk, NamesTheInterfaceThatAPacketLeavesBy) {
  auto model = two_vpcs();
  model.gateways[0].interfaces = {outside("edge-a", {"192.0.2.1/30"})};
  model.gateways[0].static_routes = {to_outside("10.2.128.0/17", {"192.0.2.2"})};
  EXPECT_EQ(
      steps(model, "10.1.0.5", "10.2.200.9"),
      (Lines{"F1 source [vpc-a/main]: 10.1.0.5 is in subnet s0 (10.1.0.0/24)",
             "F2 lookup [vpc-a/main]: longest match is propagated 10.2.128.0/17 via bgw-1",
             "F3 gateway [bgw-1]: longest match is static 10.2.128.0/17 via 192.0.2.2 "
             "(edge-a)",
             "F4 outside [bgw-1/edge-a]: leaves by interface edge-a of bgw-1, to 192.0.2.2"}));
}

Lines steps_from_outside(const config::Model& model, const std::string& source,
                         const std::string& destination) {
  const auto computed = control::compute_routes(valid(model), {});
  const auto outcomes = control::walk_from_outside(valid(model), computed.rib, "bgw-1", "edge-a",
                                                   address(source), address(destination));
  Lines result;
  for (const auto& step : outcomes.front().steps) {
    result.push_back(fmt::format("{} [{}]: {}", step.rule, step.table, step.detail));
  }
  return result;
}

TEST(Walk, FromOutsideNamesTheRuleOfEachStep) {
  auto model = two_vpcs();
  model.gateways[0].interfaces = {outside("edge-a", {"192.0.2.1/30", "2001:db8:e::1/64"})};
  model.gateways[0].static_routes = {to_outside("0.0.0.0/0", {"192.0.2.2"})};
  EXPECT_EQ(steps_from_outside(model, "203.0.113.7", "10.2.0.9"),
            (Lines{"F1 source [bgw-1/edge-a]: 203.0.113.7 may come from outside",
                   "F3 gateway [bgw-1]: longest match is propagated 10.2.0.0/24 via att-b",
                   "F4 deliver [vpc-b/main]: 10.2.0.9 is local in vpc-b (10.2.0.0/16): on-link, "
                   "10.2.0.0/24"}));
  EXPECT_EQ(steps_from_outside(model, "10.2.0.9", "10.1.0.5"),
            (Lines{"X2 source [bgw-1]: 10.2.0.9 is no source from outside: propagated 10.2.0.0/24 "
                   "via att-b covers it"}));
  EXPECT_EQ(steps_from_outside(model, "203.0.113.7", "203.0.113.9").back(),
            "F5 edge to edge [bgw-1]: would lead from outside to 192.0.2.2 (edge-a) outside");
  EXPECT_EQ(steps_from_outside(model, "203.0.113.7", "192.0.2.2").back(),
            "F5 edge to edge [bgw-1/edge-a]: 192.0.2.2 is on link of bgw-1/edge-a, outside too");
  EXPECT_EQ(steps_from_outside(model, "192.0.2.1", "10.2.0.9").back(),
            "F1 source [bgw-1/edge-a]: 192.0.2.1 is the gateway's own address in bgw-1/edge-a, and "
            "no host's");
  EXPECT_EQ(steps_from_outside(model, "203.0.113.7", "192.0.2.3").back(),
            "F2 lookup [bgw-1/edge-a]: 192.0.2.3: a directed broadcast");
  EXPECT_EQ(steps_from_outside(model, "2001:db8:9::7", "2001:db8:e::").back(),
            "F2 lookup [bgw-1/edge-a]: 2001:db8:e::: the gateway's, as the Subnet-Router anycast "
            "address of a link");
  model.gateways[0].interfaces[0].enabled = false;
  EXPECT_EQ(steps_from_outside(model, "203.0.113.7", "10.2.0.9"),
            (Lines{"F1 source []: interface edge-a of bgw-1 is not enabled: nothing comes in by "
                   "it"}));
}

// The way back from outside is a packet from there; from the gateway's own address, its own.
TEST(Walk, RepliesFromOutside) {
  auto model = two_vpcs();
  model.gateways[0].interfaces = {outside("edge-a", {"192.0.2.1/30"})};
  model.gateways[0].static_routes = {to_outside("10.2.128.0/17", {"192.0.2.2"})};
  const auto checked = valid(model);
  const auto rib = control::compute_routes(checked, {}).rib;
  const auto source = address("10.1.0.5"), far = address("10.2.200.9");
  const auto there = control::walk(checked, rib, "vpc-a", source, far).front();
  ASSERT_TRUE(there.is_outside());
  EXPECT_EQ(control::walk_back(checked, rib, there, source, far).front().vpc, "vpc-a");
  const auto router = address("192.0.2.2"), own = address("192.0.2.1");
  for (const auto& asking : {far, router}) {
    const auto self =
        control::walk_from_outside(checked, rib, "bgw-1", "edge-a", asking, own).front();
    ASSERT_EQ(self.verdict, control::Verdict::self);
    const auto reply = control::walk_back(checked, rib, self, asking, own).front();
    EXPECT_EQ(reply.verdict, control::Verdict::deliver);
    EXPECT_EQ(reply.interface, "edge-a");
    EXPECT_EQ(reply.neighbour, router);
  }
}

}  // namespace
}  // namespace bgw::test
