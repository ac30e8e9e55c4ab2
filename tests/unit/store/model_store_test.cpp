// Models that were stored come back as they were: every generation, in its order, at the cost of
// what it changes.
#include "control/store/model_store.h"

#include <algorithm>
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../routes/random_model.h"
#include "config/loader.h"
#include "control/routes/route_update.h"
#include "control/store/sqlite_store.h"

namespace bgw::test {
namespace {

using config::Model;
using config::ValidModel;
using control::GenerationInfo;
using control::ModelStore;
using control::RecordBook;
using testing::HasSubstr;

ValidModel valid(Model model) {
  auto checked = config::validate(std::move(model));
  EXPECT_TRUE(checked) << checked.error().front().where << checked.error().front().message;
  return checked.value();
}

void shuffle_something(Model& model, std::mt19937& random) {
  switch (random() % 4) {
    case 0:
      std::ranges::shuffle(model.vpcs, random);
      break;
    case 1:
      std::ranges::shuffle(model.attachments, random);
      break;
    case 2:
      if (!model.gateways.empty()) {
        std::ranges::shuffle(model.gateways[random() % model.gateways.size()].static_routes,
                             random);
      }
      break;
    default:
      break;
  }
}

TEST(ModelStore, RandomModelsComeBack) {
  for (std::uint32_t seed = 0; seed < 8; ++seed) {
    std::mt19937 order(seed);
    RandomModel random(seed, seed % 2 == 0 ? Outside::without : Outside::with);
    const auto store = control::make_memory_store();
    ModelStore models(*store);
    std::vector<ValidModel> all;
    ValidModel before;
    auto state = control::compute_state(before, {});
    for (std::uint64_t number = 1; number <= 60; ++number) {
      random.change();
      auto model = random.model();
      shuffle_something(model, order);
      const auto next = valid(model).shared_with(before);
      auto update = control::update_routes(state, before, next);
      const auto appended = models.append({.number = number}, next, update.changes.arrivals);
      ASSERT_TRUE(appended) << appended.error().message;
      before = next;
      state = std::move(update.state);
      all.push_back(next);
      if (number % 7 == 0) {
        ModelStore others(*store);
        const auto loaded = others.load();
        ASSERT_TRUE(loaded) << loaded.error().message;
        ASSERT_EQ((*loaded)->model, next);
        ASSERT_EQ(control::compute_routes(next, (*loaded)->history).rib, state.rib);
        ASSERT_TRUE(models.load());
      }
    }
    for (std::uint64_t number = 1; number <= all.size(); ++number) {
      ASSERT_EQ(models.load(number)->model, all[number - 1]) << "seed " << seed;
    }
  }
}

// ---- what is written ----------------------------------------------------------------------------

Model many_vpcs(unsigned count) {
  Model model;
  model.region = "r";
  for (unsigned i = 0; i < count; ++i) {
    config::Vpc vpc;
    vpc.name = fmt::format("vpc-{}", i);
    vpc.region = "r";
    vpc.cidrs = {config::IpPrefix::around(config::IpAddress::v4(10u << 24 | i << 8), 24)};
    vpc.route_tables = {{"main", {}, {}}};
    model.vpcs.push_back(std::move(vpc));
  }
  return model;
}

Model with_routes(unsigned count) {
  auto model = many_vpcs(1);
  config::Gateway gateway;
  gateway.name = "bgw-1";
  gateway.region = "r";
  for (unsigned i = 0; i < count; ++i) {
    gateway.static_routes.push_back(
        {config::IpPrefix::around(config::IpAddress::v4((20u << 24) + (i << 8)), 24),
         {config::ViaAttachment{"att"}}});
  }
  model.gateways.push_back(std::move(gateway));
  model.attachments.push_back({"att", "bgw-1", "vpc-0", config::AdvertiseAll{}});
  return model;
}

struct Step {
  RecordBook book;
  control::GenerationChanges changes;
};

Step step(const RecordBook& book, const ValidModel& before, const ValidModel& after) {
  Step made;
  made.book = book.add_changes(before, after, made.changes);
  return made;
}

TEST(RecordBook, WritesWhatChanged) {
  const auto before = valid(many_vpcs(100));
  const auto first = step({}, {}, before);
  EXPECT_EQ(first.changes.put.size(), 101u) << "and the model's own keys";

  auto model = many_vpcs(101);
  model.vpcs[7].account = "other";
  model.vpcs.erase(model.vpcs.begin() + 50);
  const auto next = step(first.book, before, valid(model));
  ASSERT_EQ(next.changes.removed.size(), 1u);
  EXPECT_EQ(next.changes.removed[0].name, "vpc-50");
  ASSERT_EQ(next.changes.put.size(), 2u);
  EXPECT_EQ(next.changes.put[0].key.name, "vpc-7");
  EXPECT_EQ(next.changes.put[1].key.name, "vpc-100");
  EXPECT_TRUE(step(first.book, before, valid(many_vpcs(100))).changes.empty());
}

TEST(RecordBook, OneMovedObjectIsOneRecord) {
  const auto before = valid(many_vpcs(100));
  auto model = many_vpcs(100);
  std::rotate(model.vpcs.begin() + 10, model.vpcs.begin() + 90, model.vpcs.begin() + 91);
  const auto next = step(step({}, {}, before).book, before, valid(model));
  ASSERT_EQ(next.changes.put.size(), 1u);
  EXPECT_EQ(next.changes.put[0].key.name, "vpc-90");
}

TEST(RecordBook, OneOfManyRoutesIsOneRecordBesideItsGateway) {
  const auto model = with_routes(100'000);
  const auto before = valid(model);
  const auto first = step({}, {}, before);
  EXPECT_THAT(first.changes.put.size(), testing::AllOf(testing::Gt(200u), testing::Lt(800u)));
  for (const auto& record : first.changes.put) EXPECT_LT(record.value.size(), 100'000u);

  auto changed = model;
  auto& routes = changed.gateways[0].static_routes;
  routes.insert(routes.begin() + 50'000, {*config::IpPrefix::parse("99.0.0.0/8"), {}});
  routes.erase(routes.begin() + 1'000);
  const auto next = step(first.book, before, valid(changed));
  EXPECT_LE(next.changes.put.size() + next.changes.removed.size(), 7u);

  auto without = model;
  without.gateways.clear();
  without.attachments.clear();
  const auto last = step(first.book, before, valid(without));
  EXPECT_EQ(last.changes.removed.size() + 2, first.changes.put.size()) << "all but model and VPC";
}

TEST(ModelStore, WhatAGenerationWaitsForComesBackWithIt) {
  const auto store = control::make_memory_store(1);
  ModelStore models(*store);
  const auto model = valid({.region = "r"});
  const control::Confirmation waits{
      1, std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(1'234'567))};
  ASSERT_TRUE(models.append({.number = 1}, model, {}));
  ASSERT_TRUE(models.append({.number = 2}, model, {}, waits));
  EXPECT_EQ(ModelStore(*store).load().value()->confirmation, waits);
  EXPECT_TRUE(models.load(1)) << "what comes back is kept, whatever is";
  ASSERT_TRUE(models.append({.number = 3}, model, {}));
  EXPECT_EQ(ModelStore(*store).load().value()->confirmation, std::nullopt);
  EXPECT_EQ(models.load(2).value().confirmation, waits);
}

TEST(ModelStore, LargestGateway) {
  const auto store = control::make_memory_store();
  ModelStore models(*store);
  const auto model = valid(with_routes(606'138));
  ASSERT_TRUE(models.append({.number = 1}, model, {}));
  const auto loaded = models.load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ((*loaded)->model, model);
}

TEST(ModelStore, WhatCannotBeReadIsNamed) {
  const auto broken = [](const char* kind, const char* name, const char* part, const char* value) {
    return control::Record{{kind, name, part}, 1, value};
  };
  const std::vector<std::pair<control::Record, const char*>> cases = {
      {broken("vpc", "a", "", "{\"name\": \"a\""), "vpc 'a'"},
      {broken("vpc", "a", "", R"({"name": "a", "cidrs": ["10.0.0.0/8"], "colour": 1})"), "colour"},
      {broken("vpc", "a", "", R"({"name": "b", "region": "r", "cidrs": ["10.0.0.0/8"]})"),
       "another name"},
      {broken("attachment", "a", "", R"({"name": "a", "gateway": "g", "vpc": "v"})"),
       "attachments"},
      {broken("gateway", "g", "static/10.0.0.0/8", "[]"), "routes of no gateway"},
      {broken("gateway", "g", "more", "[]"), "no such part"},
      {broken("moon", "m", "", "{}"), "moon"},
      {broken("model", "", "", R"({"version": 2, "region": "r"})"), "version"},
  };
  for (const auto& [record, says] : cases) {
    const auto store = control::make_memory_store();
    control::GenerationDraft draft{0, {.number = 1}, {}};
    draft.changes.put = {record};
    if (record.key.kind != "model") {
      draft.changes.put.push_back(broken("model", "", "", R"({"version": 1, "region": "r"})"));
    }
    ASSERT_TRUE(store->append(draft));
    const auto loaded = ModelStore(*store).load();
    ASSERT_FALSE(loaded) << says;
    EXPECT_THAT(loaded.error().message, HasSubstr("generation 1"));
    EXPECT_THAT(loaded.error().message, HasSubstr(says));
  }
}

}  // namespace
}  // namespace bgw::test
