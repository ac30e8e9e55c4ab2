// Whatever two histories are, storing the changes between them gives the second one back.
#include "control/store/arrival_changes.h"

#include <algorithm>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "control/store/sqlite_store.h"

namespace bgw::test {
namespace {

using control::Arrival;
using control::GatewayHistory;
using control::GenerationChanges;
using control::History;

Arrival route(unsigned number, bool accepted = true) {
  return {fmt::format("att-{}", number % 7),
          config::IpPrefix::around(config::IpAddress::v4(10u << 24 | number << 8), 24), number,
          accepted};
}

GatewayHistory gateway(std::vector<unsigned> routes) {
  GatewayHistory history{"bgw-1", {}};
  for (const auto number : routes) history.arrivals.push_back(route(number));
  return history;
}

GenerationChanges changes(const GatewayHistory& before, const GatewayHistory& after) {
  GenerationChanges found;
  control::add_arrival_changes(before, after, found);
  return found;
}

TEST(ArrivalChanges, AreWhatGoesAndWhatComes) {
  const auto found = changes(gateway({1, 2, 3, 4}), gateway({1, 3, 4, 5, 6}));
  ASSERT_EQ(found.arrivals_removed.size(), 1u);
  EXPECT_EQ(found.arrivals_removed[0].arrival, route(2));
  ASSERT_EQ(found.arrivals_put.size(), 2u);
  EXPECT_EQ(found.arrivals_put[1].arrival, route(6));
}

TEST(ArrivalChanges, RouteThatIsAcceptedLaterIsPutInItsPlace) {
  auto after = gateway({1, 2, 3});
  after.arrivals[1].accepted = false;
  const auto found = changes(gateway({1, 2, 3}), after);
  EXPECT_TRUE(found.arrivals_removed.empty());
  ASSERT_EQ(found.arrivals_put.size(), 1u);
  EXPECT_EQ(found.arrivals_put[0].arrival, route(2, false));
}

TEST(ArrivalChanges, NothingChanged) {
  EXPECT_TRUE(changes(gateway({1, 2, 3}), gateway({1, 2, 3})).empty());
}

History random_history(std::mt19937& random) {
  History history;
  for (const auto* name : {"bgw-1", "bgw-2", "bgw-3"}) {
    if (random() % 4 == 0) continue;
    std::vector<unsigned> numbers;
    for (unsigned i = 0; i < 12; ++i) {
      if (random() % 2 == 0) numbers.push_back(i);
    }
    if (random() % 2 == 0) std::ranges::shuffle(numbers, random);
    GatewayHistory made{name, {}};
    for (const auto number : numbers) made.arrivals.push_back(route(number, random() % 2 == 0));
    if (!made.arrivals.empty()) history.gateways.push_back(std::move(made));
  }
  return history;
}

TEST(ArrivalChanges, LeadFromAnyHistoryToAnyOther) {
  std::mt19937 random(3);
  const auto store = control::make_memory_store(1);
  History before;
  for (std::uint64_t number = 1; number <= 2000; ++number) {
    const auto after = random_history(random);
    control::GenerationDraft draft;
    draft.base = number - 1;
    draft.info.number = number;
    control::add_arrival_changes(before, after, draft.changes);
    const auto appended = store->append(draft);
    ASSERT_TRUE(appended) << appended.error().message;
    ASSERT_EQ((*store->load())->history, after);
    before = after;
  }
}

}  // namespace
}  // namespace bgw::test
