// Objects and their parts over the API: every verb, conditions, dry runs, transactions.
#include <thread>

#include <gmock/gmock.h>

#include "api_fixture.h"

namespace bgw::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Json = nlohmann::json;

// Two VPCs, a and b, attached to bgw-1.
class ApiItems : public ApiFixture {
 protected:
  RawReply ask(const std::string& method, const std::string& path, const std::string& body = "",
               const std::string& fields = "") {
    return exchange(socket_path, method, "/v1/" + path, body, fields);
  }
  RawReply get(const std::string& path) { return ask("GET", path); }
  std::uint64_t generation() { return get("status").json()["generation"].get<std::uint64_t>(); }
  config::ValidModel model() { return model_of(get("config").body); }
};

constexpr auto propagation_of_a = "vpcs/vpc-a/route-tables/main/propagations/bgw-1";

TEST_F(ApiItems, TheTutorialOneByOneAndBack) {
  ASSERT_EQ(ask("PUT", "gateways/bgw-2", "{}").status, 201u);
  const auto attached = ask("PUT", "attachments/att-2", R"({"gateway": "bgw-2", "vpc": "vpc-a"})");
  ASSERT_EQ(attached.status, 201u) << attached.body;
  EXPECT_EQ(attached.json()["generation"], 3);
  EXPECT_EQ(attached.json()["changes"]["objects"],
            Json::parse(R"([{"kind":"attachment","name":"att-2","change":"added","keys":[]}])"));
  EXPECT_EQ(attached.json()["changes"]["routes"]["tables"][0]["table"], "bgw-2");
  ASSERT_EQ(
      ask("PUT", "vpcs/vpc-a/route-tables/main/propagations/bgw-2", R"({"ranges": ["10.0.0.0/8"]})")
          .status,
      201u);
  EXPECT_EQ(get("routes/bgw-2").json().size(), 1u);

  // In reverse order, the attachment takes its propagation along (control/ROUTES.md L2).
  const auto refused = ask("DELETE", "gateways/bgw-2");
  EXPECT_EQ(refused.status, 422u);
  EXPECT_THAT(refused.body, HasSubstr("att-2"));
  const auto detached = ask("DELETE", "attachments/att-2");
  EXPECT_EQ(detached.status, 200u);
  EXPECT_EQ(detached.json()["changes"]["objects"].size(), 2u);
  EXPECT_EQ(ask("DELETE", "gateways/bgw-2").status, 200u);
  EXPECT_EQ(model(), model_of(yaml("ab", "ab")));
}

TEST_F(ApiItems, WhatIsShownCanBePut) {
  for (const std::string path :
       {"vpcs/vpc-a", "gateways/bgw-1", "attachments/att-a", "ports/pa", "vpcs/vpc-a/subnets/web",
        "vpcs/vpc-a/route-tables/main", propagation_of_a}) {
    const auto shown = get(path);
    ASSERT_EQ(shown.status, 200u) << path;
    const auto put = ask("PUT", path, shown.body);
    EXPECT_EQ(put.status, 200u) << path << put.body;
    EXPECT_THAT(put.json()["changes"]["objects"], IsEmpty()) << path;
    EXPECT_EQ(put.field("ETag"), shown.field("ETag")) << path;
  }
  EXPECT_EQ(generation(), 1u) << "the same values make no generation";
}

TEST_F(ApiItems, TransactionOfOneIsATransaction) {
  const auto made =
      ask("POST", "transactions", R"({"changes": [{"put": "/v1/gateways/one", "value": {}}]})");
  EXPECT_EQ(made.status, 200u) << "201 is for the path that was created";
  EXPECT_EQ(get("gateways/one").status, 200u);
}

TEST_F(ApiItems, ListsObjectsAndParts) {
  EXPECT_EQ(get("ports").json().size(), 2u);
  EXPECT_EQ(get("underlays").json(), Json::array());
  EXPECT_EQ(get("vpcs").json()[0]["status"]["attachments"], Json::parse(R"(["att-a"])"));
  EXPECT_EQ(get("vpcs/vpc-a/subnets").json()[0]["name"], "web");
  EXPECT_EQ(get("vpcs/vpc-a/route-tables/main/propagations").json().size(), 1u);
  EXPECT_EQ(get("vpcs/vpc-a/nothing").status, 404u);
  EXPECT_EQ(get("gateways/bgw-1/static-routes").json(), Json::array());
}

TEST_F(ApiItems, PagesComeInOrderOfName) {
  ASSERT_EQ(ask("PUT", "gateways/bgw-0", "{}").status, 201u);
  const auto names = [&](const std::string& query) {
    std::vector<std::string> all;
    for (const auto& one : get("gateways?" + query).json()) all.push_back(one["name"]);
    return all;
  };
  EXPECT_THAT(names("limit=1"), ElementsAre("bgw-0"));
  EXPECT_THAT(names("limit=1&after=bgw-0"), ElementsAre("bgw-1"));
  EXPECT_THAT(names("after=bgw-00"), ElementsAre("bgw-1"));
  EXPECT_THAT(names("after=bgw-1"), IsEmpty());
  for (const auto* limit : {"0", "1001", "x", "1x", ""}) {
    EXPECT_EQ(get(fmt::format("gateways?limit={}", limit)).status, 400u) << limit;
  }
}

TEST_F(ApiItems, PatchChangesWhatItNames) {
  const auto patched = ask("PATCH", "vpcs/vpc-a", R"({"interface": {"mtu": 1400}})");
  EXPECT_EQ(patched.status, 200u) << patched.body;
  EXPECT_EQ(get("vpcs/vpc-a").json()["interface"]["mtu"], 1400);
  EXPECT_EQ(get("vpcs/vpc-a").json()["interface"]["port"], "pa");
  EXPECT_EQ(ask("PATCH", "vpcs/vpc-a", R"({"interface": {"mtu": null}})").status, 200u);
  EXPECT_EQ(get("vpcs/vpc-a").json()["interface"]["mtu"], 1500);
  EXPECT_EQ(ask("PATCH", "vpcs/vpc-z", "{}").status, 404u);
}

TEST_F(ApiItems, StaticRoutesByPrefix) {
  const std::string route = "vpcs/vpc-a/route-tables/main/static-routes/10.9.0.0%2F16";
  ASSERT_EQ(ask("PUT", route, R"({"blackhole": true})").status, 201u);
  EXPECT_EQ(get(route).json()["to"], "10.9.0.0/16");
  EXPECT_EQ(get("vpcs/vpc-a/route-tables/main/static-routes/10.9.0.0/16").status, 200u);
  EXPECT_EQ(ask("DELETE", route).status, 200u);
  EXPECT_EQ(ask("DELETE", route).status, 404u);
}

TEST_F(ApiItems, DryRunsSayAllAndDoNothing) {
  const auto body = R"({"ranges": ["172.16.0.0/12"]})";
  const auto dry = ask("PUT", std::string(propagation_of_a) + "?dry_run=true", body);
  EXPECT_EQ(dry.status, 200u);
  EXPECT_EQ(dry.json()["dry_run"], true);
  EXPECT_EQ(dry.json()["generation"], 1);
  EXPECT_EQ(dry.json()["changes"]["routes"]["tables"][0]["removed"].size(), 1u);
  EXPECT_THAT(dry.json()["warnings"], testing::Not(IsEmpty()));
  EXPECT_EQ(generation(), 1u);
  const auto wet = ask("PUT", propagation_of_a, body);
  EXPECT_EQ(wet.json()["changes"], dry.json()["changes"]);
  EXPECT_EQ(wet.json()["warnings"], dry.json()["warnings"]);
  EXPECT_EQ(ask("DELETE", "vpcs/vpc-a?dry_run=true").status, 422u);
  EXPECT_EQ(ask("DELETE", "vpcs/vpc-a?dry_run=maybe").status, 400u);
  EXPECT_THAT(ask("DELETE", "vpcs/vpc-a?dryrun=true").body, HasSubstr("dry_run"));
}

TEST_F(ApiItems, TagsGuardAgainstOtherWriters) {
  const auto before = get("gateways/bgw-1").field("ETag");
  ASSERT_FALSE(before.empty());
  const auto match = "If-Match: " + before + "\r\n";
  ASSERT_EQ(ask("PATCH", "gateways/bgw-1", R"({"overlap": "longest-match"})", match).status, 200u);
  const auto late = ask("PATCH", "gateways/bgw-1", R"({"asn": 65001})", match);
  EXPECT_EQ(late.status, 412u);
  EXPECT_THAT(late.body, HasSubstr("has changed since"));
  EXPECT_EQ(ask("DELETE", "attachments/att-a", "", match).status, 412u);
  EXPECT_EQ(ask("PATCH", "gateways/bgw-1", R"({"asn": 65001})",
                "If-Match: \"x\", " + get("gateways/bgw-1").field("ETag") + "\r\n")
                .status,
            200u);
  EXPECT_EQ(ask("PUT", "gateways/bgw-9", "{}", "If-Match: *\r\n").status, 412u);
}

TEST_F(ApiItems, CreationAlone) {
  const std::string none = "If-None-Match: *\r\n";
  EXPECT_EQ(ask("PUT", "gateways/bgw-1", "{}", none).status, 412u);
  EXPECT_EQ(ask("PUT", "gateways/bgw-2", "{}", none).status, 201u);
  EXPECT_EQ(ask("PUT", "gateways/bgw-2", "{}", none).status, 412u);
}

TEST_F(ApiItems, OfWritersAtOnceNoneIsLost) {
  constexpr int writers = 4, rounds = 10;
  std::vector<std::thread> clients;
  for (int writer = 0; writer < writers; ++writer) {
    clients.emplace_back([&] {
      for (int done = 0; done < rounds;) {
        const auto now = get("gateways/bgw-1");
        const auto asn = now.json()["asn"].get<unsigned>() + 1;
        const auto put = ask("PATCH", "gateways/bgw-1", fmt::format(R"({{"asn": {}}})", asn),
                             "If-Match: " + now.field("ETag") + "\r\n");
        if (put.status == 200) {
          ++done;
        } else {
          ASSERT_EQ(put.status, 412u) << put.body;
        }
      }
    });
  }
  for (auto& client : clients) client.join();
  EXPECT_EQ(get("gateways/bgw-1").json()["asn"], 65000 + writers * rounds);
}

TEST_F(ApiItems, ErrorsPointIntoTheValue) {
  const auto wrong = ask("PUT", "vpcs/vpc-a/subnets/web", R"({"cidr": "10.1.1.1/24", "x": 1})");
  EXPECT_EQ(wrong.status, 422u);
  EXPECT_EQ(wrong.field("Content-Type"), "application/problem+json");
  EXPECT_EQ(wrong.json()["status"], 422);
  EXPECT_EQ(wrong.json()["title"], "Unprocessable Entity");
  EXPECT_EQ(wrong.json()["errors"][0]["pointer"], "/cidr");
  EXPECT_EQ(wrong.json()["errors"][0]["rule"], "value");
  EXPECT_EQ(wrong.json()["errors"][1]["pointer"], "/x");
  EXPECT_EQ(wrong.json()["errors"][1]["rule"], "unknown-key");
  const auto outside = ask("PUT", "vpcs/vpc-a/subnets/web", R"({"cidr": "10.9.1.0/24"})");
  EXPECT_EQ(outside.status, 422u);
  EXPECT_EQ(outside.json()["errors"][0]["pointer"], "/cidr") << outside.body;
  EXPECT_EQ(outside.json()["errors"][0]["rule"], "inside");
  EXPECT_EQ(outside.json()["errors"][0]["name"], "vpc-a");
  EXPECT_EQ(ask("PUT", "vpcs/vpc-a", "{").status, 400u);
  EXPECT_EQ(ask("PUT", "vpcs/vpc-a", "[]").status, 400u);
  EXPECT_EQ(ask("PUT", "vpcs/vpc-a", R"({"name": "vpc-a", "name": "vpc-a"})").status, 400u);
  EXPECT_EQ(generation(), 1u);
}

TEST_F(ApiItems, DeepBodiesAreRefused) {
  std::string deep;
  for (int i = 0; i < 500'000; ++i) deep += R"({"a":)";
  EXPECT_EQ(ask("PATCH", "vpcs/vpc-a", deep).status, 400u);
  deep += "1" + std::string(500'000, '}');
  const auto refused = ask("PATCH", "vpcs/vpc-a", deep);
  EXPECT_EQ(refused.status, 400u);
  EXPECT_THAT(refused.body, HasSubstr("levels deep"));
}

TEST_F(ApiItems, HostileBodiesAreRefused) {
  std::string keys = "{", values = R"({"subnets": [)";
  for (int i = 0; i < 100'000; ++i) keys += fmt::format(R"("k{}":0,)", i);
  for (int i = 0; i < 2'000'001; ++i) values += "1,";
  EXPECT_THAT(ask("PUT", "vpcs/vpc-a", keys + R"("k":0})").body, HasSubstr("more than 64 keys"));
  EXPECT_THAT(ask("PATCH", "vpcs/vpc-a", values + "1]}").body, HasSubstr("2000000 values"));
  EXPECT_EQ(ask("PUT", "gateways/%ff", "{}").status, 422u);
  EXPECT_EQ(ask("PUT", "vpcs/vpc-a/subnets/%ff", R"({"cidr": "10.1.9.0/24"})").status, 422u);
  EXPECT_EQ(generation(), 1u);
}

TEST_F(ApiItems, ThousandsOfMistakesAreToldInTime) {
  std::string body = R"({"changes": [)";
  for (int i = 0; i < 5'000; ++i) {
    body +=
        fmt::format(R"({}{{"put": "/v1/vpcs/vpc-a/route-tables/main/static-routes/11.{}.{}.0/24",
                        "value": {{"via": {{"gateway": "nobody"}}}}}})",
                    i == 0 ? "" : ",", i / 256, i % 256);
  }
  const auto refused = ask("POST", "transactions", body + "]}");
  EXPECT_EQ(refused.status, 422u);
  EXPECT_THAT(refused.json()["detail"].get<std::string>(), HasSubstr("5000"));
  EXPECT_EQ(refused.json()["errors"].size(), 1000u);
  EXPECT_EQ(refused.json()["errors"][7]["pointer"], "/changes/7/value/via/gateway");
}

TEST_F(ApiItems, PointersLeadToWhatWasSent) {
  const auto wrong = ask("PUT", "vpcs/vpc-b", R"({"cidrs": ["10.2.0.0/16"], "route_tables": [
      {"name": "t", "propagations": [{"gateway": "nobody", "ranges": ["10.0.0.0/8"]}]}]})");
  EXPECT_EQ(wrong.status, 422u);
  const auto answer = wrong.json();
  for (const auto& error : answer["errors"]) EXPECT_FALSE(error.contains("pointer")) << error;
  const auto missing = ask("POST", "transactions", R"({"changes": [
      {"put": "/v1/gateways/g", "value": {}}, {"delete": "/v1/vpcs/nobody"}]})");
  EXPECT_EQ(missing.status, 404u);
  EXPECT_EQ(missing.json()["errors"][0]["pointer"], "/changes/1");
}

TEST_F(ApiItems, WholeConfigurationsTakeTheSameOptions) {
  const auto dry = ask("POST", "config/commit?dry_run=true&file=x.yaml", yaml("abc", "abc"));
  EXPECT_EQ(dry.status, 200u) << dry.body;
  EXPECT_EQ(dry.json()["dry_run"], true);
  EXPECT_EQ(generation(), 1u);
  EXPECT_EQ(ask("POST", "config/commit?comment=three", yaml("abc", "abc")).status, 200u);
  EXPECT_EQ(get("generations/2").json()["comment"], "three");
  EXPECT_EQ(ask("POST", "config/check?dry_run=true", yaml("abc", "abc")).status, 400u);
}

TEST_F(ApiItems, ConditionsAreOfSingleItems) {
  const std::string match = "If-Match: \"x\"\r\n";
  EXPECT_EQ(ask("POST", "config/commit", yaml("abc", "abc"), match).status, 400u);
  EXPECT_EQ(ask("POST", "generations/1/restore", "", match).status, 400u);
  EXPECT_EQ(
      ask("POST", "transactions", R"({"changes": [{"put": "/v1/gateways/g", "value": {}}]})", match)
          .status,
      400u);
  EXPECT_EQ(generation(), 1u);
}

TEST_F(ApiItems, PathsThatNameNothing) {
  for (const auto* path : {"vpcs/vpc-a/subnets", "vpcs/vpc-a/nets/web", "gateways/g/peers/p"}) {
    EXPECT_EQ(ask("PUT", path, "{}").status, 404u) << path;
    EXPECT_EQ(ask("DELETE", path).status, 404u) << path;
  }
  EXPECT_EQ(ask("PUT", "vpcs", "{}").status, 405u);
  EXPECT_EQ(ask("POST", "vpcs/vpc-a", "{}").field("Allow"), "GET, HEAD, PUT, PATCH, DELETE");
}

TEST_F(ApiItems, TransactionsAreOneCommit) {
  const auto body = R"({"changes": [
      {"put": "/v1/gateways/bgw-2", "value": {}},
      {"put": "/v1/attachments/att-2", "value": {"gateway": "bgw-2", "vpc": "vpc-a"}},
      {"patch": "/v1/gateways/bgw-2", "value": {"asn": 65002}},
      {"delete": "/v1/attachments/att-b"}]})";
  const auto dry = ask("POST", "transactions?dry_run=true", body);
  EXPECT_EQ(dry.status, 200u) << dry.body;
  EXPECT_EQ(generation(), 1u);
  const auto done = ask("POST", "transactions?comment=all+at+once", body);
  EXPECT_EQ(done.status, 200u) << done.body;
  EXPECT_EQ(done.json()["generation"], 2);
  EXPECT_EQ(done.json()["changes"], dry.json()["changes"]);
  EXPECT_EQ(get("gateways/bgw-2").json()["asn"], 65002);
  EXPECT_EQ(get("attachments/att-b").status, 404u);
  EXPECT_EQ(store.load().value()->info.comment, "all at once");
  EXPECT_THAT(store.load().value()->info.principal, HasSubstr(fmt::format("{}", ::getpid())));
}

TEST_F(ApiItems, TransactionsCreateOnlyWhatIsNotThere) {
  const auto there = ask("POST", "transactions", R"({"changes": [
      {"create": "/v1/gateways/bgw-2", "value": {}}, {"create": "/v1/gateways/bgw-1", "value": {}}]})");
  EXPECT_EQ(there.status, 422u);
  EXPECT_EQ(there.json()["errors"][0]["pointer"], "/changes/1") << there.body;
  EXPECT_THAT(there.body, HasSubstr("gateways/bgw-1 is there already"));
  EXPECT_EQ(get("gateways/bgw-2").status, 404u);
  const auto twice = ask("POST", "transactions", R"({"changes": [
      {"create": "/v1/gateways/bgw-2", "value": {}}, {"create": "/v1/gateways/bgw-2", "value": {}}]})");
  EXPECT_EQ(twice.status, 422u);
  const auto again = ask("POST", "transactions", R"({"changes": [
      {"delete": "/v1/attachments/att-b"},
      {"create": "/v1/attachments/att-b", "value": {"gateway": "bgw-1", "vpc": "vpc-b"}},
      {"create": "/v1/gateways/bgw-2", "value": {"asn": 65002}}]})");
  EXPECT_EQ(again.status, 200u) << again.body;
  EXPECT_EQ(get("gateways/bgw-2").json()["asn"], 65002);
}

TEST_F(ApiItems, TransactionsAreAllOrNothing) {
  const auto wrong = ask("POST", "transactions", R"({"changes": [
      {"put": "/v1/gateways/bgw-2", "value": {}},
      {"put": "/v1/vpcs/vpc-a/subnets/web", "value": {"cidr": "10.9.1.0/24"}}]})");
  EXPECT_EQ(wrong.status, 422u);
  EXPECT_EQ(wrong.json()["errors"][0]["pointer"], "/changes/1/value/cidr") << wrong.body;
  EXPECT_EQ(get("gateways/bgw-2").status, 404u);
  EXPECT_EQ(generation(), 1u);
  for (const auto* body :
       {"{}", R"({"changes": []})", R"({"changes": {}})", R"({"changes": [1]})",
        R"({"changes": [{"put": "/v1/gateways/g"}]})", R"({"changes": [{"put": 1, "value": {}}]})",
        R"({"changes": [{"delete": "/v1/gateways/g", "value": {}}]})",
        R"({"changes": [{"delete": "/v1/routes/g"}]})",
        R"({"changes": [{"delete": "gateways/bgw-1"}]})",
        R"({"changes": [{"put": "/v1/gateways/g", "delete": "/v1/gateways/g"}]})"}) {
    EXPECT_EQ(ask("POST", "transactions", body).status, 400u) << body;
  }
}

}  // namespace
}  // namespace bgw::test
