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

}  // namespace
}  // namespace bgw::test
