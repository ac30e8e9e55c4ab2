// Who may do what: every path by every role, tenants that learn nothing of each other, devices.
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "api_fixture.h"
#include "control/access/access.h"
#include "control/access/account.h"

namespace bgw::test {
namespace {

using control::ApiHandlers;
using control::Permission;
using control::Role;
using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::json;

const Role reader{Role::Kind::reader};
const Role operating{Role::Kind::operating};
const Role blue{Role::Kind::tenant, "blue"};
const std::vector<Role> roles{control::no_role, blue, reader, operating, control::admin_role};

// Of each path what none, a tenant, a reader, an operator and an admin get: + granted, - forbidden,
// . hidden.
const std::map<std::string, std::string> matrix{
    {"GET /v1/status", "-.+++"},         {"GET /v1/config", "-.+++"},
    {"POST /v1/config/check", "-.+++"},  {"POST /v1/config/diff", "-.--+"},
    {"POST /v1/config/commit", "-.--+"}, {"POST /v1/transactions", "-+-++"},
    {"GET /v1/generations", "-.+++"},    {"POST /v1/generations", "-.-++"},
    {"GET /v1/events", "-++++"},         {"POST /v1/confirm", "-.-++"},
    {"GET /v1/openapi.json", "-++++"},   {"GET /v1/ports", "-.+++"},
    {"PUT /v1/ports", "-.--+"},          {"PATCH /v1/ports", "-.--+"},
    {"DELETE /v1/ports", "-.--+"},       {"GET /v1/underlays", "-.+++"},
    {"PUT /v1/underlays", "-.-++"},      {"PATCH /v1/underlays", "-.-++"},
    {"DELETE /v1/underlays", "-.-++"},   {"GET /v1/vpcs", "-++++"},
    {"PUT /v1/vpcs", "-+-++"},           {"PATCH /v1/vpcs", "-+-++"},
    {"DELETE /v1/vpcs", "-+-++"},        {"GET /v1/gateways", "-++++"},
    {"PUT /v1/gateways", "-+-++"},       {"PATCH /v1/gateways", "-+-++"},
    {"DELETE /v1/gateways", "-+-++"},    {"GET /v1/attachments", "-++++"},
    {"PUT /v1/attachments", "-+-++"},    {"PATCH /v1/attachments", "-+-++"},
    {"DELETE /v1/attachments", "-+-++"}, {"GET /v1/propagations", "-++++"},
    {"GET /v1/routes", "-++++"},         {"GET /v1/reachability", "-++++"},
    {"GET /v1/explain", "-.+++"},        {"GET /v1/trace", "-.+++"},
    {"POST /v1/ping", "-.-++"},          {"GET /v1/captures", "-.+++"},
    {"POST /v1/capture", "-.-++"},       {"GET /v1/capture", "-.-++"},
    {"DELETE /v1/capture", "-.-++"},     {"GET /v1/interfaces", "-.+++"},
    {"GET /v1/neighbours", "-.+++"},     {"GET /v1/stats", "-.+++"},
    {"GET /v1/tables", "-.+++"},         {"GET /v1/drops", "-.+++"},
    {"GET /v1/assertions", "-.+++"},     {"PUT /v1/assertions", "-.-++"},
    {"PATCH /v1/assertions", "-.-++"},   {"DELETE /v1/assertions", "-.-++"},
};

char shown(Permission permission) {
  return permission == Permission::granted ? '+' : permission == Permission::hidden ? '.' : '-';
}

TEST(Access, EveryPathIsDecidedForEveryRole) {
  std::set<std::string> places;
  for (const auto& place : ApiHandlers::places()) {
    const auto line = fmt::format("{} {}", place.method, place.path);
    places.insert(line);
    ASSERT_TRUE(control::is_decided(place.method, place.path))
        << line << ": say in control/access/access.cpp who may";
    std::string got;
    for (const auto& role : roles) {
      got += shown(control::permission_for(role, place.method, place.path));
    }
    const auto expected = matrix.find(line);
    ASSERT_NE(expected, matrix.end()) << line << ": say here who may";
    EXPECT_EQ(got, expected->second) << line;
  }
  for (const auto& [line, permissions] : matrix) EXPECT_TRUE(places.contains(line)) << line;
}

TEST(Access, WhatIsNotDecidedNobodyMay) {
  for (const auto& role : roles) {
    for (const auto& [method, path] :
         {std::pair("GET", "/v1/secrets"), {"TRACE", "/v1/status"}, {"GET", "/v1/vpcs/a"}}) {
      EXPECT_NE(control::permission_for(role, method, path), Permission::granted);
    }
  }
}

TEST(Access, RolesAreReadAsTheyAreWritten) {
  for (const auto& role : {blue, reader, operating, control::admin_role}) {
    EXPECT_EQ(control::parse_role(to_string(role)), role);
  }
  for (const std::string wrong : {"", "none", "root", "tenant", "tenant:", "tenant:a.b",
                                  "tenant:a b", "Admin", "tenant:-a"}) {
    EXPECT_FALSE(control::parse_role(wrong)) << wrong;
  }
}

TEST(Access, GroupsHaveRolesAtTheSocket) {
  const auto roles_of_groups = control::SocketRoles::of_groups("daemon", "", "nogroup");
  ASSERT_TRUE(roles_of_groups) << roles_of_groups.error();
  const auto role_of = [&](uid_t user, std::vector<gid_t> groups) {
    return to_string(roles_of_groups->role_of(user, groups));
  };
  const uid_t stranger = 54321;
  EXPECT_EQ(role_of(0, {}), "admin");
  EXPECT_EQ(role_of(::geteuid(), {}), "admin");
  EXPECT_EQ(role_of(stranger, {}), "none");
  EXPECT_EQ(role_of(stranger, {7, 1}), "admin") << "daemon is group 1 of Debian";
  EXPECT_EQ(role_of(stranger, {65534}), "reader");
  EXPECT_EQ(role_of(stranger, {65534, 1}), "admin");
  EXPECT_EQ(to_string(control::SocketRoles().role_of(stranger, {})), "admin")
      << "as the socket's mode says";
  const auto none = control::SocketRoles::of_groups("", "no-such-group", "");
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error(), HasSubstr("--operator-group: there is no group 'no-such-group'"));
}

// Of accounts blue and crimson one VPC and gateway each, attached; VPC c has an interface as well.
constexpr auto two_accounts = R"(
version: 1
region: r
ports:
  - {name: port-c, device: net_null_c}
  - {name: port-b, device: net_null_b}
vpcs:
  - name: crimson.vpc-1
    account: crimson
    cidrs: [10.66.0.0/16]
    subnets: [{name: scarlet, cidr: 10.66.1.0/24}]
    interface: {port: port-c, addresses: [10.66.1.1/24]}
    route_tables:
      - {name: main, propagations: [{gateway: crimson.gw-1, ranges: [10.0.0.0/8]}]}
  - name: vpc-b
    account: blue
    cidrs: [10.7.0.0/16]
    subnets: [{name: web, cidr: 10.7.1.0/24}]
    interface: {port: port-b, addresses: [10.7.1.1/24]}
    route_tables:
      - name: main
        static: [{to: 10.99.0.0/16, via: {address: 10.7.1.77}}]
        propagations: [{gateway: gw-b, ranges: [10.0.0.0/8]}]
gateways:
  - {name: crimson.gw-1, account: crimson}
  - {name: gw-b, account: blue}
attachments:
  - {name: crimson.at-1, gateway: crimson.gw-1, vpc: crimson.vpc-1}
  - {name: at-b, gateway: gw-b, vpc: vpc-b}
assertions:
  - {name: crimson-apart, from: {vpcs: ["crimson.*"]}, to: {vpcs: [vpc-b]}, expect: unreachable}
  - {name: scarlet-watch, from: {vpcs: [vpc-b]}, to: {vpcs: ["*"], prefixes: [10.66.0.0/16]},
     expect: unreachable}
)";

class AccessApi : public ApiFixture {
 protected:
  AccessApi() { EXPECT_EQ(ask("POST", "/v1/config/commit", two_accounts).status, 200u); }
  RawReply ask(const std::string& method, const std::string& target, const std::string& body = "",
               const std::string& fields = "") {
    return exchange(socket_path, method, target, body, fields);
  }
};

TEST_F(AccessApi, EveryPathAnswersEveryRoleAsDecided) {
  const auto generation = [&] { return engine.running().generation; };
  for (const auto& role : roles) {
    act_as(role);
    const auto before = generation();
    for (const auto& place : ApiHandlers::places()) {
      const std::string method(place.method);
      const auto target = std::string(place.path) + (place.takes_name ? "/nowhere" : "");
      const auto reply = ask(method, target, method == "GET" ? "" : "{}");
      switch (control::permission_for(role, method, place.path)) {
        case Permission::granted:
          EXPECT_NE(reply.status, 403u) << method << target << reply.body;
          break;
        case Permission::forbidden:
          EXPECT_EQ(reply.status, 403u) << method << target << reply.body;
          break;
        case Permission::hidden:
          EXPECT_EQ(reply.status, 404u) << method << target << reply.body;
          EXPECT_THAT(reply.body, HasSubstr("there is nothing at " + target));
          break;
      }
    }
    const bool may_change = role == operating || role == control::admin_role;
    EXPECT_EQ(generation() > before, may_change) << to_string(role);
  }
}

TEST_F(AccessApi, DevicesAreForAdmins) {
  act_as(control::admin_role);
  EXPECT_THAT(ask("GET", "/v1/ports").body, HasSubstr("net_null_c"));
  for (const auto& role : {reader, operating}) {
    act_as(role);
    for (const auto& place : ApiHandlers::places()) {
      if (place.method != "GET") continue;
      for (const std::string rest : {"", "/port-c", "/2/config", "/2/diff?to=1"}) {
        EXPECT_THAT(ask("GET", std::string(place.path) + rest).body, Not(HasSubstr("net_null_")))
            << place.path << rest;
      }
    }
    EXPECT_EQ(ask("GET", "/v1/ports/port-c").json()["device"], control::hidden_device);
  }
  // Neither changed in a transaction nor brought back by what ran before.
  const auto put = R"({"changes": [{"put": "/v1/ports/p9", "value": {"device": "net_null_9"}}]})";
  EXPECT_EQ(ask("POST", "/v1/transactions", put).status, 403u);
  EXPECT_EQ(ask("POST", "/v1/generations/1/restore").status, 403u) << "its ports are pa and pb";
  EXPECT_EQ(ask("POST", "/v1/generations/2/restore").status, 200u);
  ASSERT_EQ(ask("PUT", "/v1/gateways/more", "{}").status, 201u);
  EXPECT_EQ(ask("POST", "/v1/generations/2/restore").status, 200u);
  EXPECT_EQ(ask("GET", "/v1/gateways/more").status, 404u);
}

TEST_F(AccessApi, OfMethodsThoseAreNamedThatOneMaySee) {
  act_as(blue);
  EXPECT_EQ(ask("POST", "/v1/vpcs/vpc-b").field("Allow"), "GET, HEAD, PUT, PATCH, DELETE");
  EXPECT_EQ(ask("POST", "/v1/ports/port-c").status, 404u);
}

TEST_F(AccessApi, TenantHasTheTutorialToItself) {
  act_as(blue);
  EXPECT_EQ(ask("GET", "/v1/vpcs").json().size(), 1u);
  EXPECT_EQ(ask("GET", "/v1/vpcs/vpc-b").json()["status"]["attachments"],
            Json::parse(R"(["at-b"])"));
  const auto made = ask("PUT", "/v1/vpcs/blue.two", R"({"cidrs": ["10.8.0.0/16"]})");
  ASSERT_EQ(made.status, 201u) << made.body;
  EXPECT_EQ(made.json()["changes"]["objects"][0]["name"], "blue.two");
  EXPECT_FALSE(made.json().contains("generation")) << "it would count what others do";
  EXPECT_EQ(ask("GET", "/v1/vpcs/blue.two").json()["account"], "blue");
  ASSERT_EQ(ask("PUT", "/v1/vpcs/blue.two/subnets/s", R"({"cidr": "10.8.1.0/24"})").status, 201u);
  ASSERT_EQ(
      ask("PUT", "/v1/attachments/blue.at", R"({"gateway": "gw-b", "vpc": "blue.two"})").status,
      201u);
  const auto propagation = "/v1/vpcs/blue.two/route-tables/main/propagations/gw-b";
  EXPECT_EQ(ask("PUT", propagation, R"({"ranges": ["10.0.0.0/8"]})").status, 201u);
  EXPECT_EQ(ask("GET", "/v1/routes/blue.two/main").json().size(), 2u);
  EXPECT_THAT(ask("GET", "/v1/routes/gw-b?candidates=1").body, HasSubstr("10.8.1.0/24"));
  EXPECT_THAT(ask("GET", "/v1/reachability").body, Not(HasSubstr("vpc-a")));
  EXPECT_EQ(ask("GET", "/v1/reachability?from=vpc-a").status, 404u);
  EXPECT_EQ(ask("DELETE", "/v1/attachments/blue.at").status, 200u);
  EXPECT_EQ(ask("DELETE", "/v1/vpcs/blue.two").status, 200u);
}

TEST_F(AccessApi, TenantLeavesInterfacesAsTheyAre) {
  act_as(blue);
  const auto shown = ask("GET", "/v1/vpcs/vpc-b");
  EXPECT_FALSE(shown.json().contains("interface"));
  EXPECT_EQ(ask("PUT", "/v1/vpcs/vpc-b", shown.body).json()["changes"]["objects"], Json::array());
  ASSERT_EQ(ask("PATCH", "/v1/vpcs/vpc-b", R"({"cidrs": ["10.7.0.0/16", "10.17.0.0/16"]})",
                "If-Match: " + shown.field("ETag") + "\r\n")
                .status,
            200u);
  const auto wired = ask("PATCH", "/v1/vpcs/vpc-b", R"({"interface": {"port": "port-c"}})");
  EXPECT_EQ(wired.status, 422u);
  EXPECT_EQ(wired.json()["errors"][0]["pointer"], "/interface") << wired.body;
  const auto moved = ask("PATCH", "/v1/vpcs/vpc-b", R"({"account": "crimson"})");
  EXPECT_EQ(moved.status, 422u) << moved.body;
  act_as(control::admin_role);
  EXPECT_EQ(ask("GET", "/v1/vpcs/vpc-b").json()["interface"]["port"], "port-b");
}

// What leads outside is the operator's: a tenant sees where its gateway's routes lead, and no
// interface; nothing tells it what is on link of one.
TEST_F(AccessApi, TenantLeavesTheWaysOutsideAsTheyAre) {
  const std::string edge =
      R"({"vlan": {"port": "port-c", "id": 7}, "addresses": ["192.0.2.1/29"]})";
  const std::string out = R"({"via": {"address": "192.0.2.2"}})";
  ASSERT_EQ(ask("PUT", "/v1/gateways/gw-b/interfaces/edge-a", edge).status, 201u);
  ASSERT_EQ(ask("PUT", "/v1/gateways/gw-b/static-routes/172.16.0.0%2F12", out).status, 201u);
  act_as(blue);
  const auto shown = ask("GET", "/v1/gateways/gw-b");
  EXPECT_FALSE(shown.json().contains("interfaces") && !shown.json()["interfaces"].empty());
  EXPECT_EQ(shown.json()["static"].size(), 1u);
  EXPECT_EQ(ask("GET", "/v1/gateways/gw-b/interfaces/edge-a").status, 404u);
  EXPECT_EQ(ask("DELETE", "/v1/gateways/gw-b/interfaces/edge-a").status, 404u);
  const auto wired = ask("PUT", "/v1/gateways/gw-b/interfaces/edge-b", edge);
  EXPECT_EQ(wired.status, 422u) << wired.body;

  // Its own routes it changes, and what is outside stays.
  EXPECT_EQ(ask("PUT", "/v1/gateways/gw-b", shown.body).json()["changes"]["objects"],
            Json::array());
  EXPECT_EQ(ask("PATCH", "/v1/gateways/gw-b", R"({"overlap": "longest-match"})").status, 200u);
  const std::string blackhole = R"({"blackhole": true})";
  EXPECT_EQ(ask("PUT", "/v1/gateways/gw-b/static-routes/10.66.0.0%2F16", blackhole).status, 201u);
  std::set<std::string> answers;
  for (const std::string router : {"192.0.2.3", "192.0.2.1", "192.0.2.7", "198.51.100.1"}) {
    const auto refused = ask("PUT", "/v1/gateways/gw-b/static-routes/192.168.0.0%2F16",
                             R"({"via": {"address": ")" + router + "\"}}");
    EXPECT_EQ(refused.status, 422u) << refused.body;
    answers.insert(refused.json()["errors"].dump());
  }
  EXPECT_EQ(answers.size(), 1u) << *answers.begin();
  EXPECT_THAT(*answers.begin(), HasSubstr("routes outside are set by the gateway's operator"));
  const std::string there = "/v1/gateways/gw-b/static-routes/172.16.0.0%2F12";
  EXPECT_EQ(ask("PUT", there, blackhole).status, 422u);
  EXPECT_EQ(ask("DELETE", there).status, 422u);
  EXPECT_EQ(ask("PATCH", "/v1/gateways/gw-b", R"({"static": []})").status, 422u);

  act_as(control::admin_role);
  const auto after = ask("GET", "/v1/gateways/gw-b").json();
  EXPECT_EQ(after["interfaces"][0]["name"], "edge-a");
  EXPECT_EQ(after["static"].size(), 2u);
  EXPECT_EQ(after["overlap"], "longest-match");
}

// The same answer whether another account has what is named or nobody does.
TEST_F(AccessApi, WhatOthersHaveIsNotThere) {
  act_as(blue);
  const auto same = [&](const std::string& method, const std::string& target,
                        const std::string& body = "") {
    const auto ghost = [](std::string text) {
      for (std::size_t at; (at = text.find("crimson")) != std::string::npos;) {
        text.replace(at, 7, "phantom");
      }
      return text;
    };
    const auto theirs = ask(method, target, body),
               nobodys = ask(method, ghost(target), ghost(body));
    EXPECT_EQ(ghost(theirs.head), nobodys.head) << method << target << body;
    EXPECT_EQ(ghost(theirs.body), nobodys.body) << method << target << body;
    EXPECT_GE(theirs.status, 400u) << method << target << body;
    return theirs.status;
  };
  for (const std::string kind :
       {"vpcs/crimson.vpc-1", "gateways/crimson.gw-1", "attachments/crimson.at-1",
        "routes/crimson.gw-1", "routes/crimson.vpc-1/main", "vpcs/crimson.vpc-1/subnets",
        "propagations/crimson.vpc-1/main/crimson.gw-1"}) {
    EXPECT_EQ(same("GET", "/v1/" + kind), 404u);
  }
  for (const std::string kind : {"vpcs/crimson.vpc-1", "gateways/crimson.gw-1"}) {
    EXPECT_EQ(same("PUT", "/v1/" + kind, R"({"cidrs": ["10.9.0.0/16"]})") / 100, 4u);
    EXPECT_EQ(same("DELETE", "/v1/" + kind), 404u);
    EXPECT_EQ(same("PATCH", "/v1/" + kind, "{}"), 404u);
  }
  EXPECT_EQ(same("PUT", "/v1/gateways/crimson.gw-1", "{}"), 404u) << "a name that is taken";
  EXPECT_EQ(same("PUT", "/v1/attachments/blue.x", R"({"gateway": "crimson.gw-1", "vpc": "vpc-b"})"),
            422u);
  EXPECT_EQ(same("PUT", "/v1/attachments/blue.x", R"({"gateway": "gw-b", "vpc": "crimson.vpc-1"})"),
            422u);
  EXPECT_EQ(same("PUT", "/v1/vpcs/vpc-b/route-tables/main/propagations/crimson.gw-1",
                 R"({"ranges": ["10.0.0.0/8"]})"),
            422u);
  same("POST", "/v1/transactions", R"({"changes": [{"delete": "/v1/gateways/crimson.gw-1"}]})");
  same("POST", "/v1/transactions",
       R"({"changes": [{"put": "/v1/gateways/crimson.gw-1", "value": {"account": "blue"}}]})");
}

// Whatever a tenant asks, an answer has no word of others but what it has sent itself.
class TenantAtRandom {
 public:
  explicit TenantAtRandom(unsigned seed) : random_(seed) {}
  struct Asked {
    std::string method, target, body;
  };
  Asked next() {
    const auto places = ApiHandlers::places();
    const auto& place = places[pick(places.size())];
    Asked asked{std::string(place.method), std::string(place.path), ""};
    if (place.takes_name && pick(4) > 0) asked.target += "/" + name() + one_of(tails_);
    asked.target += one_of(queries_);
    if (asked.method != "GET") asked.body = one_of(bodies_);
    return asked;
  }

 private:
  std::size_t pick(std::size_t size) {
    return std::uniform_int_distribution<std::size_t>(0, size - 1)(random_);
  }
  const std::string& one_of(const std::vector<std::string>& list) {
    return list[pick(list.size())];
  }
  const std::string& name() { return one_of(names_); }

  std::mt19937 random_;
  const std::vector<std::string> names_{
      "vpc-b",  "gw-b",   "at-b",          "blue.x",       "blue.u",       "blue.v",
      "blue.w", "blue.y", "crimson.vpc-1", "crimson.gw-1", "crimson.at-1", "port-c",
      "1",      "2",      "vpc-b/main",    "crimson.gw-2", "crimson",      "blue.gw-1"};
  const std::vector<std::string> tails_{"",
                                        "",
                                        "",
                                        "",
                                        "",
                                        "",
                                        "",
                                        "",
                                        "",
                                        "/subnets",
                                        "/subnets/web",
                                        "/route-tables/main/propagations/gw-b",
                                        "/route-tables/main/static-routes/10.99.0.0/16",
                                        "/static-routes/10.3.0.0/16",
                                        "/config",
                                        "/diff?to=1",
                                        "/restore",
                                        "/main",
                                        "/main/gw-b"};
  const std::vector<std::string> queries_{"",
                                          "",
                                          "",
                                          "",
                                          "",
                                          "",
                                          "?dry_run=true",
                                          "?limit=2&after=c",
                                          "?vpc=vpc-b&src=10.7.1.5&dst=10.66.1.5"};
  const std::vector<std::string> bodies_{
      "{}",
      "{}",
      "{}",
      "{}",
      "",
      "{}",
      R"({"account": "crimson"})",
      R"({"gateway": "gw-b", "vpc": "vpc-b"})",
      R"({"gateway": "crimson.gw-2", "vpc": "vpc-b"})",
      R"({"gateway": "gw-1", "vpc": "vpc-1"})",
      R"({"cidrs": ["10.66.0.0/16"]})",
      R"({"cidrs": ["10.0.0.0/8"], "subnets": [{"name": "s", "cidr": "10.5.0.0/16"}]})",
      R"({"ranges": ["10.0.0.0/8"]})",
      R"({"via": {"gateway": "crimson.gw"}})",
      R"({"via": {"address": "10.7.1.9"}})",
      R"({"via": {"attachment": "at-1"}})",
      R"({"cidr": "10.7.2.0/24"})",
      R"({"changes": [{"put": "/v1/gateways/blue.z", "value": {}}, {"delete": "/v1/vpcs/vpc-1"}]})",
      R"({"changes": [{"put": "/v1/attachments/blue.t", "value": {"gateway": "gw-b", "vpc": "vpc-b"}}]})",
      R"({"vpc": "vpc-b", "destination": "10.66.1.5"})",
      R"({"interface": {"port": "port-x"}})"};
};

TEST_F(AccessApi, TenantNeverReadsAWordOfOthers) {
  act_as(blue);
  const std::vector<std::string> secrets{
      "crimson",  "crimson.vpc-1", "crimson.gw-1", "crimson.at-1", "scarlet",
      "10.66.1.", "port-c",        "port-b",       "net_null",     "\"generation\""};
  // That chance makes something new is rare, and what it asks for differs with the compiler.
  ASSERT_EQ(ask("PUT", "/v1/gateways/blue.z", "{}").status, 201u);
  TenantAtRandom tenant(17);
  std::map<unsigned, int> statuses;
  std::set<std::string> told;
  for (int i = 0; i < 8000; ++i) {
    const auto [method, target, body] = tenant.next();
    const auto reply = ask(method, target, body);
    ++statuses[reply.status];
    // What it has put itself it reads again.
    for (const auto& secret : secrets) {
      if (reply.status < 300 && body.find(secret) != std::string::npos) told.insert(secret);
    }
    if (target.starts_with("/v1/openapi.json")) continue;  // says nothing of what runs
    for (const auto& secret : secrets) {
      if (target.find(secret) != std::string::npos || body.find(secret) != std::string::npos ||
          told.contains(secret)) {
        continue;
      }
      ASSERT_THAT(reply.head + reply.body, Not(HasSubstr(secret))) << method << target << body;
    }
  }
  // It has got somewhere.
  for (const unsigned status : {200u, 400u, 404u, 422u}) {
    EXPECT_GT(statuses[status], 10) << status;
  }
  act_as(control::admin_role);
  const auto theirs = model_of(ask("GET", "/v1/config").body);
  const auto before = model_of(two_accounts);
  for (const auto* name : {"crimson.vpc-1"}) {
    EXPECT_EQ(*theirs.vpcs().find(name), *before.vpcs().find(name));
  }
  EXPECT_EQ(*theirs.gateways().find("crimson.gw-1"), *before.gateways().find("crimson.gw-1"));
  EXPECT_EQ(*theirs.attachments().find("crimson.at-1"), *before.attachments().find("crimson.at-1"));
}

}  // namespace
}  // namespace bgw::test
