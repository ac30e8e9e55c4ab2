// Lists of neighbours, however many there are, come in pieces that keep nobody waiting.
#include "control/api/neighbour_listings.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "api_fixture.h"
#include "control/packets/addresses.h"

namespace bgw::test {
namespace {

using control::NeighbourEntry;
using control::NeighbourListings;
using testing::Each;
using testing::ElementsAre;
using testing::Le;
using testing::SizeIs;

// Number n, of its VPC.
NeighbourEntry numbered(std::uint32_t n) {
  const auto address = config::IpAddress::v4(0x0a000000 + n);
  const dataplane::VpcIndex vpc{n / 1'000'000};
  return {fmt::format("vpc-{}", vpc.value),
          address,
          control::NeighbourState::reachable,
          {{2, 0, 0, 0, 0, 9}},
          {},
          {},
          0,
          {vpc, control::to_address(address)}};
}

std::vector<NeighbourEntry> numbered(std::uint32_t first, std::uint32_t count) {
  std::vector<NeighbourEntry> entries;
  for (std::uint32_t n = first; n < first + count; ++n) entries.push_back(numbered(n));
  return entries;
}

class NeighbourListingsTest : public testing::Test {
 protected:
  NeighbourListings::Done remember(const std::string& who) {
    return [this, who](const std::shared_ptr<NeighbourListings::Pieces>& pieces) {
      std::vector<std::string> addresses;
      if (pieces == nullptr) addresses = {"stopped"};
      for (std::size_t i = 0; pieces != nullptr && i < pieces->size(); ++i) {
        for (const auto& entry : (*pieces)[i]) addresses.push_back(entry.address.to_string());
      }
      lists.emplace_back(who, std::move(addresses));
    };
  }
  int turns() {
    int count = 0;
    while (listings.poll()) ++count;
    return count;
  }

  FakePlane plane;
  NeighbourListings listings{plane};
  std::vector<std::pair<std::string, std::vector<std::string>>> lists;
};

TEST_F(NeighbourListingsTest, ATurnTakesNoMoreThanAPiece) {
  EXPECT_FALSE(listings.poll());
  for (const std::uint32_t count : {0, 1, 999, 1000, 1001, 3500}) {
    plane.known = numbered(7, count);
    plane.pieces_asked.clear();
    listings.ask(remember("one"));
    EXPECT_EQ(turns(), static_cast<int>(count / 1000 + 1));
    EXPECT_THAT(plane.pieces_asked, Each(Le(1000u)));
    ASSERT_THAT(lists, SizeIs(1));
    std::vector<std::string> expected;
    for (const auto& entry : plane.known) expected.push_back(entry.address.to_string());
    EXPECT_EQ(lists[0].second, expected);
    lists.clear();
  }
}

TEST_F(NeighbourListingsTest, WhatStaysIsListedOnceWhateverComesAndGoes) {
  plane.known = numbered(0, 5000);
  listings.ask(remember("one"));
  ASSERT_TRUE(listings.poll());
  ASSERT_TRUE(listings.poll());
  // The last one listed goes, and so do some on both sides; others come.
  std::erase_if(plane.known, [](const auto& entry) {
    const auto n = entry.address.v4_host_order() & 0xffffff;
    return n >= 1990 && n < 2010;
  });
  auto more = numbered(6000, 1500);
  plane.known.insert(plane.known.end(), more.begin(), more.end());
  turns();
  ASSERT_THAT(lists, SizeIs(1));
  const auto& addresses = lists[0].second;
  EXPECT_EQ(addresses.size(), 5000u - 10 + 1500);
  EXPECT_EQ(std::ranges::count(addresses, "10.0.7.218"), 1) << "number 2010";
  EXPECT_EQ(std::ranges::count(addresses, "10.0.7.208"), 0) << "number 2000";
}

TEST_F(NeighbourListingsTest, OneListIsMadeForAllWhoAskedBeforeIt) {
  plane.known = numbered(0, 1500);
  listings.ask(remember("a"));
  listings.ask(remember("b"));
  listings.poll();
  listings.ask(remember("c"));
  EXPECT_EQ(turns(), 3);
  EXPECT_THAT(plane.pieces_asked, SizeIs(4));
  ASSERT_THAT(lists, SizeIs(3));
  EXPECT_THAT((std::vector{lists[0].first, lists[1].first, lists[2].first}),
              ElementsAre("a", "b", "c"));
  EXPECT_EQ(lists[0].second, lists[2].second);
}

TEST_F(NeighbourListingsTest, WhoWaitsIsToldWhenThereWillBeNone) {
  plane.known = numbered(0, 1500);
  listings.ask(remember("a"));
  listings.poll();
  listings.ask(remember("b"));
  listings.stop();
  EXPECT_THAT(lists, ElementsAre(std::pair("a", std::vector<std::string>{"stopped"}),
                                 std::pair("b", std::vector<std::string>{"stopped"})));
  EXPECT_FALSE(listings.poll());
}

class ListingApi : public ApiFixture {};

// The list is as long as it was, and others are answered while it is made.
TEST_F(ListingApi, OthersAreAnsweredMeanwhile) {
  plane.known = numbered(0, 20'000);
  stop_polling();
  RawClient lists(socket_path);
  lists.send(http_request("GET", "/v1/neighbours", ""));
  EXPECT_EQ(exchange(socket_path, "GET", "/v1/status").status, 200u);
  polling = true;
  EXPECT_EQ(exchange(socket_path, "GET", "/v1/status").status, 200u);
  const auto list = parse_reply(lists.receive_all()).json();
  ASSERT_EQ(list.size(), 20'000u);
  EXPECT_EQ(list[19'999]["address"], "10.0.78.31");
  EXPECT_THAT(plane.pieces_asked, SizeIs(21));
}

}  // namespace
}  // namespace bgw::test
