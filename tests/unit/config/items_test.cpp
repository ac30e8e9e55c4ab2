// Items by path: what is read, put, merged and removed, and that it means what the same edit of the
// whole configuration's JSON means.
#include "config/items.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/loader.h"
#include "varied_model.h"

namespace bgw::config {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr auto two_vpcs = R"(
version: 1
region: r
ports: [{name: p1, device: net_null0}, {name: p2, device: net_null1}]
vpcs:
  - name: vpc-a
    cidrs: [10.1.0.0/16]
    subnets: [{name: web, cidr: 10.1.1.0/24}, {name: db, cidr: 10.1.2.0/24}]
    interface: {port: p1, addresses: [10.1.1.1/24]}
    route_tables:
      - name: main
        static: [{to: 10.8.0.0/16, blackhole: true}]
        propagations: [{gateway: bgw-1, ranges: [10.0.0.0/8]}]
  - {name: vpc-b, cidrs: [10.2.0.0/16], interface: {port: p2, addresses: [10.2.1.1/24]}}
gateways:
  - {name: bgw-1, static: [{to: 10.9.0.0/16, blackhole: true}]}
attachments:
  - {name: att-a, gateway: bgw-1, vpc: vpc-a}
)";

ItemPath path(std::string_view text) {
  return parse_item_path(text).value();
}

struct ItemsTest : testing::Test {
  ValidModel before = load(two_vpcs, "f").value();
  Items items{before};

  Json get(std::string_view at) { return items.get(path(at)).value(); }
  Items::Done put(std::string_view at, const std::string& value) {
    return items.put(path(at), Json::parse(value));
  }
  ValidModel after() { return change(before, items.change()).value(); }
  // Of the whole change.
  std::vector<ObjectProblem> problems() {
    const auto result = change(before, items.change());
    return result ? std::vector<ObjectProblem>{} : result.error();
  }
};

TEST_F(ItemsTest, PathsNameObjectsAndParts) {
  const auto route = path("vpcs/vpc-a/route-tables/main/static-routes/10.8.0.0/16");
  EXPECT_EQ(route.object, (ObjectName{Kind::vpc, "vpc-a"}));
  EXPECT_THAT(route.parts, ElementsAre(PartName{"route-tables", "main"},
                                       PartName{"static-routes", "10.8.0.0/16"}));
  for (const std::string text :
       {"ports/p", "gateways/g/static-routes/2001:db8::/32", "vpcs/v/subnets/s",
        "vpcs/static-routes/subnets/s", "gateways/g/interfaces/e"}) {
    EXPECT_EQ(to_string(path(text)), text);
  }
  for (const std::string text : {"", "vpcs", "vpcs/", "vpcs//", "/vpcs/v", "routes/r", "vpcs/v/",
                                 "vpcs/v/subnets", "vpcs/v/subnets/", "vpc/v"}) {
    EXPECT_FALSE(parse_item_path(text)) << text;
  }
}

TEST_F(ItemsTest, ReadsObjectsAndParts) {
  EXPECT_EQ(get("attachments/att-a"),
            Json::parse(R"({"name": "att-a", "gateway": "bgw-1", "vpc": "vpc-a"})"));
  EXPECT_EQ(get("vpcs/vpc-a/subnets/db"), Json::parse(R"({"name":"db","cidr":"10.1.2.0/24"})"));
  EXPECT_EQ(get("vpcs/vpc-a/route-tables/main/propagations/bgw-1"),
            Json::parse(R"({"gateway": "bgw-1", "ranges": ["10.0.0.0/8"]})"));
  EXPECT_EQ(get("vpcs/vpc-a/route-tables/main/static-routes/10.8.0.0/16"),
            Json::parse(R"({"to": "10.8.0.0/16", "blackhole": true})"));
  EXPECT_EQ(get("gateways/bgw-1/static-routes/10.9.0.0/16"),
            Json::parse(R"({"to": "10.9.0.0/16", "blackhole": true})"));
  EXPECT_EQ(items.get(path("vpcs/vpc-a/subnets/db"), Defaults::written).value()["route_table"],
            "main");
}

TEST_F(ItemsTest, ListsParts) {
  EXPECT_EQ(items.list(path("vpcs/vpc-a"), "subnets").value().size(), 2u);
  EXPECT_EQ(items.list(path("vpcs/vpc-b"), "route-tables").value(),
            Json::parse(R"([{"name": "main"}])"));
  EXPECT_EQ(items.list(path("vpcs/vpc-b"), "subnets").value(), Json::array());
  EXPECT_EQ(items.list(path("vpcs/vpc-a/route-tables/main"), "propagations").value().size(), 1u);
  EXPECT_EQ(items.list(path("gateways/bgw-1"), "static-routes").value().size(), 1u);
  for (const auto* name : {"cidrs", "static", "route_tables", "propagations", ""}) {
    EXPECT_TRUE(items.list(path("vpcs/vpc-a"), name).error().is_missing) << name;
  }
}

TEST_F(ItemsTest, WhatIsNotThereIsMissing) {
  for (const auto* at :
       {"vpcs/vpc-z", "vpcs/vpc-z/subnets/web", "vpcs/vpc-a/subnets/x", "vpcs/vpc-a/nets/web",
        "vpcs/vpc-a/route-tables/x/propagations/bgw-1", "ports/p1/subnets/web",
        "gateways/bgw-1/static-routes/10.9.0.0/17", "gateways/bgw-1/static-routes/nonsense"}) {
    const auto got = items.get(path(at));
    ASSERT_FALSE(got) << at;
    EXPECT_TRUE(got.error().is_missing) << at;
    EXPECT_TRUE(items.remove(path(at)).error().is_missing) << at;
    EXPECT_TRUE(items.merge(path(at), Json::object()).error().is_missing) << at;
  }
  EXPECT_THAT(items.change().put, IsEmpty());
  EXPECT_EQ(items.get(path("vpcs/vpc-a/subnets/x")).error().message, "there is no 'x' in subnets");
}

TEST_F(ItemsTest, PutsWithoutTheKeyThatThePathHas) {
  ASSERT_TRUE(put("vpcs/vpc-b/subnets/web", R"({"cidr": "10.2.1.0/24"})"));
  ASSERT_TRUE(
      put("vpcs/vpc-b/route-tables/main/propagations/bgw-1", R"({"ranges": ["10.0.0.0/8"]})"));
  ASSERT_TRUE(put("attachments/att-b", R"({"gateway": "bgw-1", "vpc": "vpc-b"})"));
  const auto model = after();
  EXPECT_EQ(model.vpcs().find("vpc-b")->subnets.at(0).name, "web");
  EXPECT_EQ(model.attachments().size(), 2u);
  const auto wrong = put("vpcs/vpc-b/subnets/web", R"({"name": "www", "cidr": "10.2.1.0/24"})");
  EXPECT_THAT(wrong.error().errors,
              ElementsAre(JsonError{"/name", "expected 'web' as the path has it, or no 'name'"}));
}

TEST_F(ItemsTest, AValueTakesThePlaceOfTheOneBefore) {
  ASSERT_TRUE(put("vpcs/vpc-a/subnets/web", R"({"cidr": "10.1.7.0/24"})"));
  const auto model = after();
  const auto& subnets = model.vpcs().find("vpc-a")->subnets;
  ASSERT_EQ(subnets.size(), 2u);
  EXPECT_EQ(subnets[0].cidr.to_string(), "10.1.7.0/24");
}

TEST_F(ItemsTest, WrongValuesChangeNothing) {
  const auto wrong = put("vpcs/vpc-a/subnets/web", R"({"cidr": "10.1.1.1/24", "route_tabel": 1})");
  EXPECT_EQ(wrong.error().message, "the value has 2 errors");
  EXPECT_EQ(wrong.error().errors.at(0).pointer, "/cidr");
  EXPECT_EQ(wrong.error().errors.at(1).pointer, "/route_tabel");
  EXPECT_FALSE(wrong.error().is_missing);
  EXPECT_EQ(put("vpcs/vpc-a/subnets/web", "[]").error().errors.at(0).pointer, "");
  EXPECT_THAT(items.change().put, IsEmpty());
}

TEST_F(ItemsTest, MergeChangesWhatItNames) {
  ASSERT_TRUE(items.merge(path("vpcs/vpc-a"),
                          Json::parse(R"({"interface": {"mtu": 1400}, "account": "prod"})")));
  EXPECT_EQ(get("vpcs/vpc-a")["interface"]["mtu"], 1400);
  EXPECT_EQ(get("vpcs/vpc-a")["interface"]["port"], "p1");
  ASSERT_TRUE(items.merge(path("vpcs/vpc-a"), Json::parse(R"({"account": null})")));
  EXPECT_FALSE(get("vpcs/vpc-a").contains("account"));
  EXPECT_FALSE(items.merge(path("vpcs/vpc-a"), Json::parse(R"({"cidrs": null})")));
  EXPECT_FALSE(items.merge(path("vpcs/vpc-a"), Json::parse(R"({"name": "other"})")));
}

// control/ROUTES.md L2.
TEST_F(ItemsTest, AnAttachmentGoesWithItsPropagations) {
  ASSERT_TRUE(items.remove(path("attachments/att-a")));
  const auto model = after();
  EXPECT_TRUE(model.attachments().empty());
  EXPECT_THAT(model.vpcs().find("vpc-a")->route_tables.at(0).propagations, IsEmpty());
  EXPECT_EQ(model.vpcs().find("vpc-a")->route_tables.at(0).static_routes.size(), 1u);
}

// control/ROUTES.md L1.
TEST_F(ItemsTest, WhatOthersReferToStays) {
  ASSERT_TRUE(items.remove(path("vpcs/vpc-a")));
  const auto found = problems();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].object, (ObjectName{Kind::attachment, "att-a"}));
}

// Everything that needs the interface is named.
TEST_F(ItemsTest, AnInterfaceThatRoutesNeedStays) {
  ASSERT_TRUE(put("ports/pe", R"({"device": "net_null2"})"));
  ASSERT_TRUE(put("gateways/bgw-1/interfaces/edge-a",
                  R"({"port": "pe", "addresses": ["192.0.2.1/29"], "mtu": 9000})"));
  ASSERT_TRUE(
      put("gateways/bgw-1/static-routes/172.16.0.0/12", R"({"via": {"address": "192.0.2.2"}})"));
  ASSERT_TRUE(put("gateways/bgw-1/static-routes/192.168.0.0/16",
                  R"({"via": [{"address": "192.0.2.2"}, {"address": "192.0.2.3"}]})"));
  before = after();
  items = Items(before);
  EXPECT_EQ(get("gateways/bgw-1/interfaces/edge-a"),
            Json::parse(R"({"name": "edge-a", "port": "pe", "addresses": ["192.0.2.1/29"],
                            "mtu": 9000})"));
  ASSERT_TRUE(items.merge(path("gateways/bgw-1/interfaces/edge-a"), {{"enabled", false}}));
  EXPECT_FALSE(after().gateways().find("bgw-1")->interfaces.at(0).enabled);
  ASSERT_TRUE(items.remove(path("gateways/bgw-1/interfaces/edge-a")));
  std::vector<std::string> places;
  for (const auto& problem : problems()) {
    EXPECT_EQ(problem.object, (ObjectName{Kind::gateway, "bgw-1"}));
    EXPECT_EQ(problem.rule, Rule::on_link);
    EXPECT_THAT(problem.message, HasSubstr("is on link of no interface of gateway 'bgw-1'"));
    places.push_back(problem.where);
  }
  EXPECT_THAT(places, ElementsAre("static[1].via.address", "static[2].via[0].address",
                                  "static[2].via[1].address"));
  // Nor goes its port.
  items = Items(before);
  ASSERT_TRUE(items.remove(path("ports/pe")));
  ASSERT_EQ(problems().size(), 1u);
  EXPECT_EQ(problems()[0].where, "interfaces[0].port");
  EXPECT_EQ(problems()[0].rule, Rule::exists);
  // Together with the routes it does.
  for (const auto* route : {"172.16.0.0/12", "192.168.0.0/16"}) {
    ASSERT_TRUE(items.remove(path(std::string("gateways/bgw-1/static-routes/") + route)));
  }
  ASSERT_TRUE(items.remove(path("gateways/bgw-1/interfaces/edge-a")));
  EXPECT_TRUE(after().gateways().find("bgw-1")->interfaces.empty());
}

TEST_F(ItemsTest, RouteTableMainStays) {
  const auto refused = items.remove(path("vpcs/vpc-a/route-tables/main"));
  EXPECT_FALSE(refused.error().is_missing);
  EXPECT_THAT(refused.error().message, HasSubstr("always exists"));
  ASSERT_TRUE(put("vpcs/vpc-a/route-tables/main", "{}"));
  EXPECT_EQ(after().vpcs().find("vpc-a")->route_tables.at(0), (RouteTable{"main", {}, {}}));
}

TEST_F(ItemsTest, OneAfterTheOther) {
  ASSERT_TRUE(put("gateways/bgw-2", "{}"));
  ASSERT_TRUE(put("attachments/att-2", R"({"gateway": "bgw-2", "vpc": "vpc-b"})"));
  ASSERT_TRUE(put("attachments/att-1", R"({"gateway": "bgw-1", "vpc": "vpc-b"})"));
  ASSERT_TRUE(items.remove(path("attachments/att-2")));
  ASSERT_TRUE(items.remove(path("gateways/bgw-2")));
  const auto model = after();
  EXPECT_EQ(model.gateways().size(), 1u);
  EXPECT_EQ(model.attachments().size(), 2u);
  EXPECT_THAT(items.change().removed, IsEmpty()) << "neither was there before";
}

TEST_F(ItemsTest, WhatIsRemovedAndPutAgainIsBothInTheChange) {
  ASSERT_TRUE(items.remove(path("attachments/att-a")));
  ASSERT_TRUE(put("attachments/att-a", R"({"gateway": "bgw-1", "vpc": "vpc-a"})"));
  EXPECT_THAT(items.change().removed, ElementsAre(ObjectName{Kind::attachment, "att-a"}));
  EXPECT_EQ(items.change().put.size(), 2u);
}

TEST_F(ItemsTest, ProblemsHavePointersIntoTheValue) {
  ASSERT_TRUE(put("vpcs/vpc-a/subnets/db", R"({"cidr": "10.7.2.0/24"})"));
  const auto found = problems();
  ASSERT_EQ(found.size(), 1u);
  const auto pointer = [&](std::string_view at) {
    return pointer_within(items.place_of(path(at)).value(), found[0].where);
  };
  EXPECT_EQ(pointer("vpcs/vpc-a/subnets/db"), "/cidr");
  EXPECT_EQ(pointer("vpcs/vpc-a"), "/subnets/1/cidr");
  EXPECT_EQ(pointer("vpcs/vpc-a/subnets/web"), std::nullopt);
  EXPECT_EQ(items.place_of(path("vpcs/vpc-a/subnets/nobody")), std::nullopt);
}

TEST_F(ItemsTest, NamesThatAreWordsOfPaths) {
  ASSERT_TRUE(put("vpcs/vpc-a/route-tables/static-routes", "{}"));
  ASSERT_TRUE(put("vpcs/vpc-a/route-tables/static-routes/propagations/bgw-1",
                  R"({"ranges": ["10.0.0.0/8"]})"));
  EXPECT_EQ(after().vpcs().find("vpc-a")->route_tables.at(1).propagations.size(), 1u);
}

TEST_F(ItemsTest, PrefixesInAnySpelling) {
  const auto* at = "vpcs/vpc-a/route-tables/main/static-routes/2001:DB8::/32";
  ASSERT_TRUE(put(at, R"({"blackhole": true})"));
  EXPECT_EQ(get(at)["to"], "2001:db8::/32");
  ASSERT_TRUE(items.put(path(at), get(at)));
  ASSERT_TRUE(items.merge(path(at), Json::parse(R"({"blackhole": true})")));
}

TEST_F(ItemsTest, NullsOfPatchesAreRemoved) {
  ASSERT_TRUE(items.merge(path("vpcs/vpc-a"),
                          Json::parse(R"({"interface": {"mtu": null, "router": null}})")));
  ASSERT_TRUE(items.merge(path("vpcs/vpc-a"), Json::parse(R"({"subnets": null})")));
  EXPECT_FALSE(get("vpcs/vpc-a").contains("subnets"));
  EXPECT_FALSE(items.merge(path("vpcs/vpc-a"), Json::parse(R"({"cidrs": [null]})")));
}

TEST_F(ItemsTest, WhatWasRefusedOrOnlyReadIsNoChange) {
  EXPECT_FALSE(put("vpcs/vpc-a/subnets/web", R"({"cidr": 1})"));
  EXPECT_FALSE(items.remove(path("vpcs/vpc-a/subnets/nobody")));
  get("vpcs/vpc-b");
  EXPECT_THAT(items.change().put, IsEmpty());
  EXPECT_EQ(after(), before);
}

// Every object and part of models with values in every field: what was read can be put, and changes
// nothing; what was removed is gone and nothing else.
struct EveryItem : testing::TestWithParam<std::uint32_t> {};

std::vector<ItemPath> paths_of(const Vpc& vpc) {
  std::vector<ItemPath> paths{{{Kind::vpc, vpc.name}, {}}};
  const auto add = [&](std::vector<PartName> parts) {
    paths.push_back({{Kind::vpc, vpc.name}, std::move(parts)});
  };
  for (const auto& subnet : vpc.subnets) add({{"subnets", subnet.name}});
  for (const auto& table : vpc.route_tables) {
    const PartName in{"route-tables", table.name};
    add({in});
    for (const auto& one : table.propagations) add({in, {"propagations", one.gateway}});
    for (const auto& one : table.static_routes) add({in, {"static-routes", one.to.to_string()}});
  }
  return paths;
}

std::vector<ItemPath> all_paths(const Model& model) {
  std::vector<ItemPath> paths;
  for (const auto& one : model.ports) paths.push_back({{Kind::port, one.name}, {}});
  for (const auto& one : model.underlays) paths.push_back({{Kind::underlay, one.name}, {}});
  for (const auto& one : model.attachments) paths.push_back({{Kind::attachment, one.name}, {}});
  for (const auto& one : model.assertions) paths.push_back({{Kind::assertion, one.name}, {}});
  for (const auto& one : model.gateways) {
    paths.push_back({{Kind::gateway, one.name}, {}});
    for (const auto& interface : one.interfaces) {
      paths.push_back({{Kind::gateway, one.name}, {{"interfaces", interface.name}}});
    }
    for (const auto& route : one.static_routes) {
      paths.push_back({{Kind::gateway, one.name}, {{"static-routes", route.to.to_string()}}});
    }
  }
  for (const auto& one : model.vpcs) {
    for (auto& path : paths_of(one)) paths.push_back(std::move(path));
  }
  return paths;
}

TEST_P(EveryItem, PutAsItIsChangesNothing) {
  const auto model = test::varied_model(GetParam());
  const auto before = validate(model).value();
  for (const auto& at : all_paths(model)) {
    SCOPED_TRACE(to_string(at));
    EXPECT_EQ(parse_item_path(to_string(at)), at);
    for (const auto defaults : {Defaults::left_out, Defaults::written}) {
      Items items(before);
      ASSERT_TRUE(items.put(at, items.get(at, defaults).value()));
      ASSERT_TRUE(items.merge(at, Json::object()));
      const auto after = change(before, items.change());
      ASSERT_TRUE(after);
      EXPECT_EQ(*after, before);
    }
  }
}

TEST_P(EveryItem, RemovedIsGone) {
  const auto model = test::varied_model(GetParam());
  const auto before = validate(model).value();
  for (const auto& at : all_paths(model)) {
    SCOPED_TRACE(to_string(at));
    Items items(before);
    const auto value = items.get(at).value();
    if (!items.remove(at)) {
      EXPECT_EQ(at.parts.back(), (PartName{"route-tables", "main"}));
      continue;
    }
    EXPECT_TRUE(items.get(at).error().is_missing);
    if (const auto after = change(before, items.change())) {
      EXPECT_NE(*after, before);
      EXPECT_EQ(Items(*after).get(at).has_value(), false);
    }
    ASSERT_TRUE(items.put(at, value));
    EXPECT_EQ(items.get(at).value(), value);
    for (const auto& other : all_paths(model)) {
      if (other.object == at.object || at.object.kind == Kind::attachment) continue;
      EXPECT_EQ(items.get(other).value(), Items(before).get(other).value());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, EveryItem, testing::Range(1u, 9u));

}  // namespace
}  // namespace bgw::config
