// diff(), list_all() and apply() on models small enough to spell out; the property test does the
// rest.
#include <utility>

#include <gtest/gtest.h>

#include "control/routes/compute_routes.h"
#include "control/routes/diff.h"
#include "control/routes/rib_json.h"
#include "listing.h"
#include "model_builder.h"

namespace bgw::test {
namespace {

using Lines = std::vector<std::string>;

config::Model two_vpcs() {
  config::Model model;
  model.gateways = {gateway("bgw-1")};
  model.vpcs = {vpc("vpc-a", {"10.1.0.0/16"}), vpc("vpc-b", {"10.2.0.0/16"})};
  add_subnet(model.vpcs[1], "10.2.0.0/24");
  model.attachments = {attachment("att-a", "bgw-1", "vpc-a"),
                       attachment("att-b", "bgw-1", "vpc-b")};
  import(model.vpcs[0], "bgw-1", {"0.0.0.0/0"});
  return model;
}

// Before and after the interface of vpc-b goes down.
std::pair<control::Rib, control::Rib> when_b_goes_down(config::Model model) {
  Commits commits;
  control::Rib before = commits.commit(model);
  model.vpcs[1].interface->enabled = false;
  return {std::move(before), commits.commit(model)};
}

TEST(Diff, NamesTheRoutesOfEveryTableThatChange) {
  const auto [before, after] = when_b_goes_down(two_vpcs());
  const control::RibDiff change = control::diff(before, after);
  EXPECT_TRUE(change.created.empty());
  EXPECT_TRUE(change.deleted.empty());
  ASSERT_EQ(change.tables.size(), 2U);
  EXPECT_EQ(change.tables[0].table, "bgw-1");
  EXPECT_EQ(lines(change.tables[0].removed), (Lines{"10.2.0.0/24 propagated att-b valid"}));
  EXPECT_EQ(lines(change.tables[0].added),
            (Lines{"10.2.0.0/24 propagated att-b invalid (unavailable: interface of vpc-b is "
                   "down)"}));
  EXPECT_EQ(change.tables[1].table, "vpc-a/main");
  EXPECT_EQ(lines(change.tables[1].removed), (Lines{"10.2.0.0/24 propagated bgw-1 valid"}));
  EXPECT_EQ(lines(change.tables[1].added), Lines{});
  EXPECT_EQ(apply(list_all(before), change), list_all(after));
}

TEST(Diff, TablesThatComeAndGo) {
  const control::Rib empty;
  const control::Rib full = Commits().commit(two_vpcs());
  const control::RibDiff coming = control::diff(empty, full);
  EXPECT_EQ(coming.created, (Lines{"bgw-1", "vpc-a/main", "vpc-b/main"}));
  EXPECT_EQ(apply({}, coming), list_all(full));
  const control::RibDiff going = control::diff(full, empty);
  EXPECT_EQ(going.deleted, coming.created);
  EXPECT_TRUE(apply(list_all(full), going).empty());
}

// vpc-b propagates two routes and imports nothing; the other two import both.
config::Model three_vpcs() {
  config::Model model = two_vpcs();
  add_subnet(model.vpcs[1], "10.2.1.0/24");
  model.vpcs.push_back(vpc("vpc-c", {"10.3.0.0/16"}));
  model.attachments.push_back(attachment("att-c", "bgw-1", "vpc-c"));
  import(model.vpcs[2], "bgw-1", {"10.2.0.0/16"});
  return model;
}

TEST(Diff, ListsAndComparesOnlyAsMuchAsItMay) {
  const auto ribs = when_b_goes_down(three_vpcs());
  const auto tables = [&ribs](control::DiffLimits limits) {
    const control::RibDiff change = control::diff(ribs.first, ribs.second, limits);
    Lines compared;
    for (const auto& table : change.tables) compared.push_back(table.table);
    return std::pair(compared, change.not_compared);
  };

  // Four routes are listed for the gateway, two each for the tables that import, where two prefixes
  // each have to be looked at.
  const Lines all{"bgw-1", "vpc-a/main", "vpc-c/main"}, two{"bgw-1", "vpc-a/main"};
  EXPECT_EQ(tables({.listed = 7}), std::pair(all, Lines{}));
  EXPECT_EQ(tables({.listed = 6}), std::pair(two, Lines{"vpc-c/main"}));
  EXPECT_EQ(tables({.listed = 4}), std::pair(Lines{"bgw-1"}, Lines{"vpc-a/main", "vpc-c/main"}));
  EXPECT_EQ(tables({.compared = 4}), std::pair(all, Lines{}));
  EXPECT_EQ(tables({.compared = 3}), std::pair(two, Lines{"vpc-c/main"}));
  EXPECT_EQ(tables({.compared = 1}), std::pair(Lines{"bgw-1"}, Lines{"vpc-a/main", "vpc-c/main"}));
  EXPECT_TRUE(control::diff(ribs.first, ribs.first, {0, 0}).empty());
}

// What gateways lead elsewhere now matters to a table only if it was or is the VPC's own (V4).
TEST(Diff, AnotherNextHopBehindTheGatewayChangesNoImport) {
  config::Model model = three_vpcs();
  model.gateways[0].static_routes = {{prefix("10.9.0.0/16"), {config::ViaAttachment{"att-b"}}}};
  import(model.vpcs[2], "bgw-1", {"10.9.0.0/16"});
  Commits commits;
  const control::Rib before = commits.commit(model);
  model.gateways[0].static_routes[0].via = {config::ViaAttachment{"att-c"}};
  const control::Rib after = commits.commit(model);

  const control::RibDiff change = control::diff(before, after);
  ASSERT_EQ(change.tables.size(), 2U);
  EXPECT_EQ(change.tables[0].table, "bgw-1");
  EXPECT_EQ(change.tables[1].table, "vpc-c/main");
  EXPECT_EQ(lines(change.tables[1].removed), (Lines{"10.9.0.0/16 propagated bgw-1 valid"}));
  EXPECT_EQ(lines(change.tables[1].added), Lines{});
  EXPECT_EQ(apply(list_all(before), change), list_all(after));
}

TEST(Diff, OfEqualRibsIsEmpty) {
  const control::Rib rib = Commits().commit(two_vpcs());
  EXPECT_TRUE(control::diff(rib, rib).empty());
}

TEST(RibJson, EveryKindOfNextHop) {
  using control::Origin;
  using control::Status;
  const auto next_hop = [](std::vector<control::NextHop> hops) {
    const control::Route route{prefix("10.0.0.0/8"), Origin::static_route, std::move(hops),
                               Status::valid, ""};
    return control::to_json(route)["next_hop"].dump();
  };
  EXPECT_EQ(next_hop({control::ToAttachment{"att-a"}}), R"({"attachment":"att-a"})");
  EXPECT_EQ(next_hop({control::ToGateway{"bgw-1"}}), R"({"gateway":"bgw-1"})");
  EXPECT_EQ(next_hop({control::ToAddress{address("10.1.1.9")}}), R"({"address":"10.1.1.9"})");
  EXPECT_EQ(next_hop({control::ToLocal{"vpc-a"}}), R"({"local":"vpc-a"})");
  EXPECT_EQ(next_hop({control::ToBlackhole{}}), R"({"blackhole":true})");
  EXPECT_EQ(next_hop({control::ToGateway{"bgw-1"}, control::ToGateway{"bgw-2"}}),
            R"([{"gateway":"bgw-1"},{"gateway":"bgw-2"}])");
}

TEST(RibJson, OneRoute) {
  const control::Route route{prefix("10.0.1.0/24"),
                             control::Origin::propagated,
                             {control::ToAttachment{"att-b"}},
                             control::Status::invalid,
                             "overlap with 10.0.0.0/16 via att-a"};
  EXPECT_EQ(control::to_json(route).dump(),
            R"({"prefix":"10.0.1.0/24","origin":"propagated","next_hop":{"attachment":"att-b"},)"
            R"("status":"invalid","reason":"overlap with 10.0.0.0/16 via att-a"})");
}

}  // namespace
}  // namespace bgw::test
