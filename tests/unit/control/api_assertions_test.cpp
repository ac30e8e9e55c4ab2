// Assertions over the API: what breaks one is refused, whichever way it comes, unless it is forced.
#include <gmock/gmock.h>

#include "api_fixture.h"

namespace bgw::test {
namespace {

using control::Role;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Json = nlohmann::json;

constexpr auto reach_each_other =
    R"({"from": {"vpcs": ["vpc-a"]}, "to": {"vpcs": ["vpc-b"]}, "expect": "reachable"})";
constexpr auto are_apart =
    R"({"from": {"vpcs": ["vpc-*"]}, "to": {"vpcs": ["*"]}, "expect": "unreachable"})";
constexpr auto propagation = "/v1/vpcs/vpc-b/route-tables/main/propagations/bgw-1";

// Two VPCs, a and b, attached to bgw-1, that reach each other.
class ApiAssertions : public ApiFixture {
 protected:
  RawReply ask(const std::string& method, const std::string& path, const std::string& body = "") {
    return exchange(socket_path, method, path, body);
  }
  Json status(const std::string& assertion) {
    return ask("GET", "/v1/assertions/" + assertion).json()["status"];
  }
  std::uint64_t generation() { return ask("GET", "/v1/status").json()["generation"]; }
  static std::vector<std::string> warnings(const RawReply& reply) {
    return reply.json()["warnings"];
  }
};

TEST_F(ApiAssertions, IsAnObjectWithItsState) {
  EXPECT_EQ(ask("PUT", "/v1/assertions/both", reach_each_other).status, 201u);
  const auto shown = ask("GET", "/v1/assertions/both");
  EXPECT_EQ(shown.json(), Json::parse(R"({"name": "both", "from": {"vpcs": ["vpc-a"]},
      "to": {"vpcs": ["vpc-b"], "prefixes": []}, "expect": "reachable", "on_violation": "refuse",
      "status": {"holds": true}})"));
  EXPECT_EQ(ask("GET", "/v1/assertions").json(), Json::array({shown.json()}));
  EXPECT_FALSE(shown.field("ETag").empty());
  EXPECT_EQ(ask("PUT", "/v1/assertions/both", shown.body).status, 200u);
  EXPECT_EQ(generation(), 2u);
  const auto patched =
      ask("PATCH", "/v1/assertions/both", R"({"to": {"prefixes": ["10.2.1.0/25"]}})");
  EXPECT_EQ(patched.json()["changes"]["objects"],
            Json::parse(R"([{"kind": "assertion", "name": "both", "change": "changed",
                             "keys": ["to"]}])"));
  EXPECT_EQ(ask("GET", "/v1/generations/2/diff?to=3").json()["changes"]["objects"].size(), 1u);
  EXPECT_EQ(ask("DELETE", "/v1/assertions/both").status, 200u);
  EXPECT_EQ(ask("GET", "/v1/assertions/both").status, 404u);
}

TEST_F(ApiAssertions, WhatIsWrongInOneHasItsPlace) {
  const auto reply =
      ask("PUT", "/v1/assertions/x",
          R"({"from": {"vpcs": ["a?"]}, "to": {"vpcs": []}, "expect": "reachable"})");
  EXPECT_EQ(reply.status, 422u);
  const auto errors = reply.json()["errors"];
  ASSERT_EQ(errors.size(), 2u) << reply.body;
  EXPECT_EQ(errors[0]["pointer"], "/from/vpcs/0");
  EXPECT_EQ(errors[0]["rule"], "name");
  EXPECT_EQ(errors[1]["pointer"], "/to/vpcs");
  EXPECT_EQ(errors[1]["rule"], "count");
}

TEST_F(ApiAssertions, WhatDoesNotHoldIsNotTaken) {
  const auto reply = ask("PUT", "/v1/assertions/apart", are_apart);
  EXPECT_EQ(reply.status, 422u);
  EXPECT_EQ(reply.json()["detail"], "the change breaks 1 assertion: apart");
  const auto error = reply.json()["errors"][0];
  EXPECT_EQ(error["rule"], "assertion");
  EXPECT_EQ(error["kind"], "assertion");
  EXPECT_EQ(error["name"], "apart");
  EXPECT_EQ(error["pointer"], "/expect");
  EXPECT_EQ(error["from"], "vpc-a");
  EXPECT_EQ(error["to"], "vpc-b");
  EXPECT_EQ(error["pairs"], 2);
  EXPECT_EQ(error["witness"], Json::parse(R"({"source": "10.1.1.2", "destination": "10.2.1.2"})"));
  EXPECT_EQ(error["decided_by"], "F3");
  EXPECT_THAT(error["message"].get<std::string>(),
              HasSubstr("it expects vpc-* not to reach *, but a packet from 10.1.1.2 in vpc-a to "
                        "10.2.1.2 in vpc-b arrives (F2 vpc-a/main: "));
  EXPECT_EQ(ask("GET", "/v1/assertions/apart").status, 404u);
  EXPECT_EQ(generation(), 1u);
}

TEST_F(ApiAssertions, WhatBreaksOneIsRefusedWhicheverWayItComes) {
  ASSERT_EQ(ask("PUT", "/v1/assertions/both", reach_each_other).status, 201u);
  const std::string in_transaction =
      fmt::format(R"({{"changes": [{{"delete": "{}"}}]}})", propagation);
  ASSERT_EQ(ask("DELETE", std::string(propagation) + "?force=true").status, 200u);
  ASSERT_EQ(ask("PUT", propagation, R"({"ranges": ["10.0.0.0/8"]})").status, 201u);
  const auto text = ask("GET", "/v1/generations/3/config").body;
  const auto expect_refused = [&](const RawReply& reply) {
    EXPECT_EQ(reply.status, 422u) << reply.body;
    const auto error = reply.json()["errors"][0];
    EXPECT_EQ(error["name"], "both");
    EXPECT_EQ(error["decided_by"], "V3");
    EXPECT_FALSE(error.contains("pointer"));
    EXPECT_THAT(error["message"].get<std::string>(),
                HasSubstr("but the reply from 10.2.1.2 in vpc-b to 10.1.1.2 in vpc-a does not "
                          "arrive (V3: vpc-b/main has no propagation from bgw-1"));
  };
  for (const std::string options : {"?dry_run=true", ""}) {
    expect_refused(ask("DELETE", propagation + options));
    expect_refused(ask("POST", "/v1/transactions" + options, in_transaction));
    expect_refused(ask("POST", "/v1/config/commit" + options, text));
    expect_refused(ask("POST", "/v1/generations/3/restore" + options));
  }
  EXPECT_EQ(generation(), 4u);
  EXPECT_EQ(status("both")["holds"], true);
  // To look at a difference is allowed, and it says so.
  const auto diff = ask("POST", "/v1/config/diff", text);
  EXPECT_EQ(diff.status, 200u);
  EXPECT_THAT(warnings(diff), Contains(HasSubstr("assertion both is broken by this")));
}

TEST_F(ApiAssertions, ForceIsRecordedAndTheAssertionStaysBroken) {
  ASSERT_EQ(ask("PUT", "/v1/assertions/both", reach_each_other).status, 201u);
  const auto dry = ask("DELETE", std::string(propagation) + "?force=true&dry_run=true");
  EXPECT_EQ(dry.json()["forced"], Json::array({"both"})) << dry.body;
  const auto forced = ask("DELETE", std::string(propagation) + "?force=true");
  EXPECT_EQ(forced.status, 200u);
  EXPECT_EQ(forced.json()["forced"], Json::array({"both"}));
  EXPECT_THAT(warnings(forced),
              Contains(HasSubstr("assertion both is broken by this: it expects")));
  EXPECT_EQ(ask("GET", "/v1/generations/3").json()["forced"], Json::array({"both"}));
  EXPECT_FALSE(ask("GET", "/v1/generations/2").json().contains("forced"));
  const auto broken = status("both");
  EXPECT_EQ(broken["holds"], false);
  EXPECT_EQ(broken["broken_pairs"], 1);
  EXPECT_EQ(broken["witness"]["destination"], "10.2.1.2");

  // Whatever has nothing to do with it is taken, with a warning …
  const auto other = ask("PUT", "/v1/gateways/bgw-2?force=true", "{}");
  EXPECT_EQ(other.status, 201u);
  EXPECT_THAT(warnings(other), Contains(HasSubstr("assertion both does not hold, as before")));
  EXPECT_FALSE(other.json().contains("forced")) << "nothing had to be forced";
  // … and so is what mends it, without.
  const auto mended = ask("PUT", propagation, R"({"ranges": ["10.0.0.0/8"]})");
  EXPECT_EQ(mended.status, 201u);
  EXPECT_THAT(warnings(mended), Not(Contains(HasSubstr("assertion"))));
  EXPECT_EQ(status("both")["holds"], true);
  EXPECT_EQ(ask("DELETE", propagation).status, 422u);
}

TEST_F(ApiAssertions, OneThatWarnsRefusesNothing) {
  auto assertion = Json::parse(reach_each_other);
  assertion["on_violation"] = "warn";
  ASSERT_EQ(ask("PUT", "/v1/assertions/both", assertion.dump()).status, 201u);
  const auto done = ask("DELETE", propagation);
  EXPECT_EQ(done.status, 200u);
  EXPECT_THAT(warnings(done), Contains(HasSubstr("assertion both is broken by this")));
  EXPECT_FALSE(done.json().contains("forced"));
  EXPECT_EQ(status("both")["holds"], false);
}

// One that goes with what breaks it.
TEST_F(ApiAssertions, ATransactionIsJudgedByWhatItLeadsTo) {
  ASSERT_EQ(ask("PUT", "/v1/assertions/both", reach_each_other).status, 201u);
  const auto changes = fmt::format(
      R"({{"changes": [{{"delete": "{}"}}, {{"delete": "/v1/assertions/both"}}]}})", propagation);
  EXPECT_EQ(ask("POST", "/v1/transactions", changes).status, 200u);
}

TEST_F(ApiAssertions, ThoseAboutNothingAreWarnedOf) {
  const auto reply = ask("PUT", "/v1/assertions/none", R"({"from": {"vpcs": ["prod-*"]},
      "to": {"vpcs": ["vpc-b"]}, "expect": "unreachable"})");
  EXPECT_EQ(reply.status, 201u);
  EXPECT_THAT(warnings(reply), ElementsAre(HasSubstr("no vpc is named prod-*")));
}

TEST_F(ApiAssertions, ForceIsTrueOrFalse) {
  EXPECT_EQ(ask("PUT", "/v1/gateways/bgw-2?force=yes", "{}").status, 400u);
  EXPECT_EQ(ask("PUT", "/v1/gateways/bgw-2?force=false", "{}").status, 201u);
}

// What nobody confirms comes back, whatever assertions say to that.
TEST_F(ApiAssertions, TheWayBackIsForcedByItself) {
  ASSERT_EQ(ask("DELETE", propagation).status, 200u);
  const auto changes = fmt::format(
      R"({{"changes": [{{"put": "{}", "value": {{"ranges": ["10.0.0.0/8"]}}}}]}})", propagation);
  ASSERT_EQ(ask("PUT", "/v1/assertions/both?force=true", reach_each_other).status, 201u);
  ASSERT_EQ(ask("POST", "/v1/transactions?confirm=1", changes).status, 200u);
  EXPECT_EQ(status("both")["holds"], true);
  const auto enough = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (generation() == 4 && std::chrono::steady_clock::now() < enough) {
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  const auto back = ask("GET", "/v1/generations/5").json();
  EXPECT_EQ(back["principal"], "confirmation timer");
  EXPECT_EQ(back["forced"], Json::array({"both"}));
}

// Of account blue, beside another one's.
constexpr auto tenants = R"(
version: 1
region: r
ports: [{name: pa, device: net_null_a}, {name: pb, device: net_null_b}]
vpcs:
  - name: blue.a
    account: blue
    cidrs: [10.1.0.0/16]
    subnets: [{name: web, cidr: 10.1.1.0/24}]
    interface: {port: pa, addresses: [10.1.1.1/24]}
  - name: blue.b
    account: blue
    cidrs: [10.2.0.0/16]
    subnets: [{name: web, cidr: 10.2.1.0/24}]
    interface: {port: pb, addresses: [10.2.1.1/24]}
  - {name: crimson.a, account: crimson, cidrs: [10.3.0.0/16]}
gateways: [{name: blue.gw, account: blue}]
attachments:
  - {name: blue.at-a, gateway: blue.gw, vpc: blue.a}
  - {name: blue.at-b, gateway: blue.gw, vpc: blue.b}
assertions:
  - {name: crimson-rule, from: {vpcs: ["blue.*"]}, to: {vpcs: ["*.a", "*.b"]}, expect: unreachable}
)";

TEST_F(ApiAssertions, TenantsLearnOnlyThatThereIsOne) {
  ASSERT_EQ(ask("POST", "/v1/config/commit", tenants).status, 200u);
  act_as({Role::Kind::tenant, "blue"});
  for (const auto* method : {"GET", "PUT", "PATCH", "DELETE"}) {
    EXPECT_EQ(ask(method, "/v1/assertions/crimson-rule", "{}").status, 404u) << method;
  }
  EXPECT_EQ(ask("GET", "/v1/assertions").status, 404u);
  const auto target = std::string("/v1/vpcs/blue.a/route-tables/main/propagations/blue.gw");
  for (const std::string options : {"?dry_run=true", ""}) {
    const auto refused = ask("PUT", target + options, R"({"ranges": ["10.0.0.0/8"]})");
    EXPECT_EQ(refused.status, 422u);
    EXPECT_THAT(refused.body, HasSubstr("an assertion of the gateway's operator"));
    EXPECT_THAT(refused.body, Not(HasSubstr("crimson")));
    EXPECT_EQ(refused.json()["errors"].size(), 1u);
  }
  EXPECT_EQ(ask("PUT", target + "?force=true", R"({"ranges": ["10.0.0.0/8"]})").status, 400u);
  EXPECT_EQ(ask("POST", "/v1/transactions", R"({"changes": [{"delete":
      "/v1/assertions/crimson-rule"}]})")
                .status,
            404u);
  // One that warns says nothing to them.
  act_as(control::admin_role);
  ASSERT_EQ(ask("PATCH", "/v1/assertions/crimson-rule", R"({"on_violation": "warn"})").status,
            200u);
  act_as({Role::Kind::tenant, "blue"});
  const auto done = ask("PUT", target, R"({"ranges": ["10.0.0.0/8"]})");
  EXPECT_EQ(done.status, 201u) << done.body;
  EXPECT_THAT(done.body, Not(HasSubstr("crimson")));
}

TEST_F(ApiAssertions, OperatorsChangeThemAndReadersSeeThem) {
  act_as({Role::Kind::operating, {}});
  EXPECT_EQ(ask("PUT", "/v1/assertions/both", reach_each_other).status, 201u);
  EXPECT_EQ(ask("DELETE", std::string(propagation) + "?force=true").status, 200u);
  act_as({Role::Kind::reader, {}});
  EXPECT_EQ(status("both")["holds"], false);
  EXPECT_EQ(ask("DELETE", "/v1/assertions/both").status, 403u);
}

}  // namespace
}  // namespace bgw::test
