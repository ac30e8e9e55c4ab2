// 5,000 VPCs with two subnets each on one gateway, all importing everything: prints what it takes.
#include <chrono>
#include <cstdlib>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include "control/routes/compute_routes.h"
#include "control/routes/diff.h"
#include "control/routes/fib_plan.h"
#include "control/routes/plan_changes.h"
#include "control/routes/route_update.h"
#include "model_builder.h"

namespace bgw::test {
namespace {

std::size_t heap_bytes() {
  return mallinfo2().uordblks;
}

// Runs `work` and prints how long it took and by how much the heap grew.
template <typename Work>
auto measured(const char* what, Work work) {
  const std::size_t before = heap_bytes();
  const auto start = std::chrono::steady_clock::now();
  auto result = work();
  const auto took =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start);
  const auto grown = static_cast<double>(heap_bytes()) - static_cast<double>(before);
  fmt::print("{:<28} {:>8.2f} ms {:>8.1f} MiB\n", what, took.count(), grown / (1 << 20));
  return result;
}

config::Model large_model(std::uint32_t vpcs) {
  config::Model model;
  model.gateways = {gateway("bgw-1")};
  for (std::uint32_t i = 0; i < vpcs; ++i) {
    const std::string name = std::to_string(i);
    const std::string net = fmt::format("10.{}.{}.", i / 256, i % 256);
    model.vpcs.push_back(vpc("vpc-" + name, {net + "0/24"}));
    add_subnet(model.vpcs.back(), net + "0/25");
    add_subnet(model.vpcs.back(), net + "128/25");
    import(model.vpcs.back(), "bgw-1", {"10.0.0.0/8"});
    model.attachments.push_back(attachment("att-" + name, "bgw-1", "vpc-" + name));
  }
  return model;
}

std::size_t plan_everything(const config::Model& model, const control::Rib& rib) {
  std::size_t entries = control::plan_gateway_table(valid(model), rib.gateways[0]).size();
  for (std::size_t i = 0; i < rib.vpcs.size(); ++i) {
    const control::VpcRoutes& routes = rib.vpcs[i];
    entries += plan_vpc_table(model.vpcs[i], rib, routes, routes.tables.front()).size();
    entries += plan_source_table(model.vpcs[i], routes).size();
  }
  return entries;
}

TEST(Scale, ThousandsOfVpcsShareAGatewaysRoutes) {
  const std::uint32_t vpcs = std::getenv("BGW_TEST_QUICK") != nullptr ? 500 : 5000;
  config::Model model = measured("model", [&] { return large_model(vpcs); });
  const auto first = measured("compute, all routes new",
                              [&] { return control::compute_routes(valid(model), {}); });
  const auto again = measured("compute, nothing new",
                              [&] { return control::compute_routes(valid(model), first.history); });
  EXPECT_TRUE(again.rib == first.rib);
  EXPECT_EQ(first.rib.gateways[0].routes.size(), 2 * std::size_t{vpcs});

  // Per VPC: CIDR, on-link prefix, own address, two broadcasts, one range; CIDR and subnets as
  // sources, and three that are nobody's.
  const auto entries =
      measured("plans of all tables", [&] { return plan_everything(model, first.rib); });
  EXPECT_EQ(entries, std::size_t{vpcs} * (2 + 5 + 3 + 3));

  model.vpcs.front().interface->enabled = false;
  const auto down = measured("compute, an interface down",
                             [&] { return control::compute_routes(valid(model), first.history); });
  const auto change =
      measured("diff, an interface down", [&] { return control::diff(first.rib, down.rib); });
  EXPECT_EQ(change.tables.size(), std::size_t{vpcs});  // the gateway, and all but vpc-0

  // Every table gets every route, and loses it: nobody reads that, and nobody has room for it.
  const control::DiffLimits limits{.listed = 10'000, .compared = 200'000};
  const auto coming =
      measured("diff, everything new", [&] { return control::diff({}, first.rib, limits); });
  EXPECT_EQ(coming.created.size(), 1 + std::size_t{vpcs});
  EXPECT_EQ(coming.tables.size() + coming.not_compared.size(), 1 + std::size_t{vpcs});
  for (config::Vpc& vpc : model.vpcs) vpc.interface->enabled = false;
  const auto all_down = control::compute_routes(valid(model), first.history);
  const auto going = measured("diff, all interfaces down",
                              [&] { return control::diff(first.rib, all_down.rib, limits); });
  EXPECT_EQ(going.tables.size() + going.not_compared.size(), 1 + std::size_t{vpcs});
  EXPECT_EQ(going.tables.front().table, "bgw-1");
}

// All at once is a change like any other.
TEST(Scale, EverythingAtOnce) {
  const bool quick = std::getenv("BGW_TEST_QUICK") != nullptr;
  const config::ValidModel after = valid(large_model(quick ? 500 : 5000));
  const auto expected =
      measured("state from nothing", [&] { return control::compute_state(after, {}); });
  const auto update =
      measured("the same as a change", [&] { return control::update_routes({}, {}, after); });
  EXPECT_TRUE(update.state.rib == expected.rib);
}

// One attachment more, among thousands and beside a gateway with a full table that it has nothing
// to do with.
TEST(Scale, OneAttachmentMoreCostsWhatItChanges) {
  const bool quick = std::getenv("BGW_TEST_QUICK") != nullptr;
  config::Model model = large_model(quick ? 500 : 5000);
  model.gateways.push_back(gateway("full"));
  for (std::uint32_t i = 0; i < (quick ? 10'000U : 600'000U); ++i) {
    const auto to = config::IpPrefix::around(config::IpAddress::v4((20U << 24) + (i << 8)), 24);
    model.gateways.back().static_routes.push_back({to, {}});
  }
  const config::Attachment more = model.attachments.back();
  model.attachments.pop_back();
  const auto propagations = model.vpcs.back().route_tables.front().propagations;
  model.vpcs.back().route_tables.front().propagations.clear();
  const config::ValidModel before = valid(model);
  const auto state =
      measured("state from nothing", [&] { return control::compute_state(before, {}); });
  control::PlanIndex index;
  const auto plans =
      measured("plans of all tables", [&] { return control::plan_everything(state, before); });
  measured("index of the plans", [&] {
    for (const auto& [table, reads] : plans.reads) index.put(table, reads);
    return 0;
  });

  model.attachments.push_back(more);
  model.vpcs.back().route_tables.front().propagations = propagations;
  const config::ValidModel after =
      measured("the model, shared", [&] { return valid(model).shared_with(before); });
  const auto update =
      measured("routes", [&] { return control::update_routes(state, before, after); });
  const auto changes =
      measured("plans", [&] { return control::plan_changes(index, state, before, update, after); });
  const control::DiffLimits limits{.listed = 1'000, .compared = 20'000};
  const auto diff =
      measured("difference", [&] { return control::diff(state.rib, update.state.rib, limits); });
  EXPECT_EQ(changes.tables.size(), 1U);
  ASSERT_EQ(changes.gateways.size(), 1U);
  EXPECT_EQ(changes.gateways[0].put.size(), 2U);
  EXPECT_EQ(update.changes.arrivals.front().put.size(), 2U);
  EXPECT_EQ(diff.tables.front().table, "bgw-1");
  EXPECT_EQ(state.rib.gateways.find("full"), update.state.rib.gateways.find("full"));
}

}  // namespace
}  // namespace bgw::test
