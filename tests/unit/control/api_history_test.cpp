// Generations over the API: who committed what when, how two differ, and the way back.
#include <gmock/gmock.h>

#include "api_fixture.h"

namespace bgw::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;

// Three of them: two VPCs attached to bgw-1; a second gateway; an attachment less.
class ApiHistory : public ApiFixture {
 protected:
  ApiHistory() {
    EXPECT_EQ(ask("PUT", "gateways/bgw-2?comment=a+second+one", "{}").status, 201u);
    EXPECT_EQ(ask("DELETE", "attachments/att-b").status, 200u);
  }
  RawReply ask(const std::string& method, const std::string& path, const std::string& body = "") {
    return exchange(socket_path, method, "/v1/" + path, body);
  }
  RawReply get(const std::string& path) { return ask("GET", path); }
  std::vector<std::uint64_t> numbers(const std::string& query) {
    std::vector<std::uint64_t> all;
    for (const auto& one : get("generations" + query).json()) all.push_back(one["generation"]);
    return all;
  }
};

TEST_F(ApiHistory, ListsWhoCommittedWhatWhen) {
  const auto list = get("generations").json();
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(list[1]["comment"], "a second one");
  EXPECT_THAT(list[1]["principal"].get<std::string>(), HasSubstr(fmt::format("{}", ::getpid())));
  EXPECT_THAT(list[1]["summary"].get<std::string>(), HasSubstr("1 added"));
  EXPECT_THAT(list[1]["time"].get<std::string>(),
              MatchesRegex("20[0-9-]+T[0-9]+:[0-9]+:[0-9]+.[0-9]+Z"));
  EXPECT_EQ(list[2]["principal"], "start");
  EXPECT_EQ(get("generations/2").json(), list[1]);
}

TEST_F(ApiHistory, PagesGoBack) {
  EXPECT_THAT(numbers(""), ElementsAre(3, 2, 1));
  EXPECT_THAT(numbers("?limit=2"), ElementsAre(3, 2));
  EXPECT_THAT(numbers("?limit=2&before=2"), ElementsAre(1));
  EXPECT_THAT(numbers("?before=1"), IsEmpty());
  for (const auto* query : {"?limit=0", "?limit=1001", "?before=x", "?after=1"}) {
    EXPECT_EQ(get(std::string("generations") + query).status, 400u) << query;
  }
}

TEST_F(ApiHistory, EachHasItsConfiguration) {
  EXPECT_EQ(model_of(get("generations/1/config").body), model_of(yaml("ab", "ab")));
  EXPECT_EQ(get("generations/3/config").body, get("config").body);
}

TEST_F(ApiHistory, TwoAreCompared) {
  const auto diff = get("generations/1/diff").json();
  EXPECT_EQ(diff["from"], 1);
  EXPECT_EQ(diff["to"], 3);
  EXPECT_EQ(diff["changes"]["objects"].size(), 3u);
  EXPECT_EQ(diff["changes"]["routes"]["created"], nlohmann::json::parse(R"(["bgw-2"])"));
  const auto back = get("generations/3/diff?to=2").json();
  EXPECT_EQ(back["changes"]["objects"].size(), 2u);
  EXPECT_EQ(back["changes"]["routes"]["tables"][0]["added"][0]["prefix"], "10.2.1.0/24");
  EXPECT_THAT(get("generations/2/diff?to=2").json()["changes"]["objects"], IsEmpty());
  EXPECT_EQ(get("generations/2/diff?to=x").status, 400u);
  EXPECT_EQ(get("generations/2/diff?to=9").status, 404u);
}

TEST_F(ApiHistory, WhatIsNotKeptIsNotFound) {
  for (const auto* path :
       {"generations/9", "generations/0", "generations/x", "generations/9/config",
        "generations/1/nothing", "generations/-1", "generations/99999999999999999999"}) {
    EXPECT_EQ(get(path).status, 404u) << path;
  }
  EXPECT_EQ(ask("POST", "generations/9/restore").status, 404u);
  EXPECT_EQ(ask("POST", "generations/1/undo").status, 404u);
  EXPECT_EQ(ask("POST", "generations/1").status, 404u);
  EXPECT_EQ(ask("POST", "generations").status, 405u);
}

TEST_F(ApiHistory, TheWayBackIsANewGeneration) {
  const auto dry = ask("POST", "generations/1/restore?dry_run=true");
  EXPECT_EQ(dry.status, 200u) << dry.body;
  EXPECT_THAT(numbers(""), ElementsAre(3, 2, 1));
  const auto done = ask("POST", "generations/1/restore");
  EXPECT_EQ(done.status, 200u) << done.body;
  EXPECT_EQ(done.json()["generation"], 4);
  EXPECT_EQ(done.json()["changes"], dry.json()["changes"]);
  EXPECT_EQ(model_of(get("config").body), model_of(yaml("ab", "ab")));
  EXPECT_EQ(get("generations/4").json()["comment"], "generation 1 again");
  EXPECT_EQ(get("routes/bgw-1").json().size(), 2u);
  EXPECT_EQ(ask("POST", "generations/1/restore").json()["generation"], 4) << "it is already";
}

// A configuration that was right may be impossible now; nothing changes then.
TEST_F(ApiHistory, ARefusedWayBackChangesNothing) {
  plane.broken.insert("net_null_b");
  ASSERT_EQ(ask("PATCH", "vpcs/vpc-b", R"({"interface": null})").status, 200u);
  ASSERT_EQ(ask("DELETE", "ports/pb").status, 200u);
  const auto refused = ask("POST", "generations/1/restore");
  EXPECT_EQ(refused.status, 409u);
  EXPECT_THAT(refused.body, HasSubstr("net_null_b"));
  EXPECT_EQ(get("status").json()["generation"], 5);
}

}  // namespace
}  // namespace bgw::test
