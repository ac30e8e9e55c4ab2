// Who reaches whom over the API: in answers to changes, and as a list.
#include <gmock/gmock.h>

#include "api_fixture.h"

namespace bgw::test {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;

std::string propagation_in(const std::string& vpc) {
  return "/v1/vpcs/" + vpc + "/route-tables/main/propagations/bgw-1";
}

// Two VPCs, a and b, attached to bgw-1, that reach each other.
class ApiReach : public ApiFixture {
 protected:
  RawReply ask(const std::string& method, const std::string& path, const std::string& body = "") {
    return exchange(socket_path, method, path, body);
  }
  static Json reach_of(const RawReply& reply) { return reply.json()["changes"]["reachability"]; }
};

TEST_F(ApiReach, EveryChangeSaysWhoGainsAndLosesWhom) {
  const Json lost = Json::parse(R"([{"from": "vpc-a", "to": "vpc-b", "subnets": ["web"],
      "prefixes": ["10.2.1.0/24"], "more_prefixes": false,
      "witness": {"source": "10.1.1.2", "destination": "10.2.1.2"}}])");
  const Json numbers = Json::parse(R"({"gained": 0, "lost": 1, "narrowed": 0, "widened": 0})");
  for (const std::string options : {"?dry_run=true", ""}) {
    const auto reply = ask("DELETE", propagation_in("vpc-a") + options);
    ASSERT_EQ(reply.status, 200u) << reply.body;
    EXPECT_EQ(reach_of(reply)["lost"], lost);
    EXPECT_EQ(reach_of(reply)["pairs"], numbers);
    EXPECT_EQ(reach_of(reply)["not_compared"], 0);
  }
  const auto compared = ask("GET", "/v1/generations/1/diff?to=2");
  EXPECT_EQ(reach_of(compared)["lost"], lost) << compared.body;
  const auto restored = ask("POST", "/v1/generations/1/restore");
  EXPECT_EQ(reach_of(restored)["gained"], lost) << restored.body;
  const auto text = ask("POST", "/v1/config/diff", yaml("ab", "a"));
  EXPECT_EQ(text.json()["reachability"]["pairs"]["lost"], 2) << text.body;
  const auto transaction = ask("POST", "/v1/transactions?dry_run=true",
                               R"({"changes": [{"delete": "/v1/attachments/att-a"}]})");
  EXPECT_EQ(reach_of(transaction)["pairs"]["lost"], 2) << transaction.body;
}

TEST_F(ApiReach, PairsAreListedInPages) {
  const Json pair = Json::parse(R"({"from": "vpc-a", "to": "vpc-b", "reach": [
      {"subnets": ["web"], "prefixes": ["10.2.1.0/24"], "more_prefixes": false}]})");
  const auto all = ask("GET", "/v1/reachability").json();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0], pair);
  EXPECT_EQ(all[1]["from"], "vpc-b");
  EXPECT_EQ(ask("GET", "/v1/reachability?limit=1").json(), Json::array({pair}));
  EXPECT_EQ(ask("GET", "/v1/reachability?after=vpc-a/vpc-b").json(), Json::array({all[1]}));
  EXPECT_EQ(ask("GET", "/v1/reachability?from=vpc-a&to=vpc-b").json(), Json::array({pair}));
  EXPECT_EQ(ask("GET", "/v1/reachability?from=vpc-b&to=vpc-b").json(), Json::array());
  EXPECT_EQ(ask("GET", "/v1/reachability?from=vpc-x").status, 404u);
  for (const std::string wrong :
       {"limit=0", "limit=1001", "limit=x", "after=vpc-a", "into=vpc-a"}) {
    EXPECT_EQ(ask("GET", "/v1/reachability?" + wrong).status, 400u) << wrong;
  }
}

TEST_F(ApiReach, ExplainSaysWhyNotAndItsAdviceMendsIt) {
  const auto yes = ask("GET", "/v1/explain?from=vpc-a&to=vpc-b/10.2.1.9").json();
  EXPECT_EQ(yes["reaches"], true);
  EXPECT_EQ(yes["from"], Json::parse(R"({"vpc": "vpc-a", "address": "10.1.1.2"})"));
  EXPECT_EQ(yes["there"]["outcomes"][0]["verdict"], "deliver");
  EXPECT_EQ(yes["there"]["advice"], Json::array());

  ASSERT_EQ(ask("DELETE", "/v1/attachments/att-b").status, 200u);
  auto no = ask("GET", "/v1/explain?from=vpc-a&to=vpc-b").json();
  EXPECT_EQ(no["reaches"], false);
  EXPECT_EQ(no["there"]["rule"], "attachment");
  EXPECT_EQ(no["there"]["advice"], Json::parse(R"([{"method": "PUT",
      "path": "/v1/attachments/vpc-b-bgw-1", "value": {"gateway": "bgw-1", "vpc": "vpc-b"},
      "command": "bgwctl attachment create vpc-b-bgw-1 --gateway bgw-1 --vpc vpc-b"}])"));
  EXPECT_EQ(no["back"]["advice"][0]["path"], propagation_in("vpc-b"));
  for (const auto* way : {"there", "back"}) {
    for (const auto& advice : no[way]["advice"]) {
      const auto value = advice.value("value", Json());
      const auto done = ask(advice["method"].get<std::string>(), advice["path"].get<std::string>(),
                            value.is_null() ? "" : value.dump());
      EXPECT_LT(done.status, 300u) << done.body;
    }
  }
  EXPECT_EQ(ask("GET", "/v1/explain?from=vpc-a&to=vpc-b").json()["reaches"], true);
}

TEST_F(ApiReach, ExplainSaysWhatItCannotBeAskedFor) {
  const std::pair<const char*, unsigned> wrong[] = {{"", 400},
                                                    {"?from=vpc-a", 400},
                                                    {"?from=vpc-a&to=vpc-x", 404},
                                                    {"?from=vpc-a&to=vpc-a", 400},
                                                    {"?from=vpc-a&to=vpc-b/10.2.1", 400},
                                                    {"?from=vpc-a/2001:db8::1&to=vpc-b", 400},
                                                    {"?from=vpc-a&to=vpc-b&why=1", 400}};
  for (const auto& [query, status] : wrong) {
    EXPECT_EQ(ask("GET", std::string("/v1/explain") + query).status, status) << query;
  }
}

}  // namespace
}  // namespace bgw::test
