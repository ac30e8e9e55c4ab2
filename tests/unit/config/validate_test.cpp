// Rules on models that come from somewhere else than a file: every value may be wrong, and paths
// say where.
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "config/loader.h"
#include "config/paths.h"
#include "load_file.h"

namespace bgw::config {
namespace {

Model good() {
  auto model = test::load_file(BGW_EXAMPLES_DIR "/full-language.yaml");
  EXPECT_TRUE(model);
  return model->to_model();
}

std::set<std::string> paths_of(const Model& model) {
  std::set<std::string> paths;
  for (const Problem& problem : find_problems(model)) paths.insert(problem.where);
  return paths;
}

IpAddress address(std::string_view text) {
  return IpAddress::parse(text).value();
}
IpPrefix prefix(std::string_view text) {
  return IpPrefix::parse(text).value();
}

TEST(Validate, accepts_what_the_loader_accepts) {
  EXPECT_EQ(paths_of(good()), std::set<std::string>{});
}

struct Damage {
  std::string where;
  std::function<void(Model&)> apply;
};

// Each damage is found, at its own place and nowhere else.
TEST(Validate, names_the_node_of_each_problem) {
  const std::vector<Damage> damages{
      {"region",
       [](Model& m) {
         m.region = "";
         for (auto& v : m.vpcs) v.region = "r";
         for (auto& g : m.gateways) g.region = "r";
       }},
      {"ports[1].name",
       [](Model& m) {
         m.ports[1].name = "pa";
         m.vpcs[1].interface.reset();
         m.gateways[0].interfaces[1].binding = VlanBinding{"pa", 900, {}};
       }},
      {"ports[0].device", [](Model& m) { m.ports[0].device = std::string("a\0b", 3); }},
      {"vpcs[3].cidrs", [](Model& m) { m.vpcs[3].cidrs.clear(); }},
      {"vpcs[3].account",
       [](Model& m) {
         m.vpcs[3].account = "b/d";
         m.attachments.pop_back();
       }},
      {"vpcs[0].subnets[1].route_table",
       [](Model& m) { m.vpcs[0].subnets[1].route_table = "gone"; }},
      {"vpcs[1].interface.mtu", [](Model& m) { m.vpcs[1].interface->mtu = 9601; }},
      {"vpcs[1].interface.vlan.id",
       [](Model& m) { std::get<VlanBinding>(m.vpcs[1].interface->binding).id = 4095; }},
      {"vpcs[1].interface.vlan.outer",
       [](Model& m) { std::get<VlanBinding>(m.vpcs[1].interface->binding).outer = 0; }},
      {"vpcs[2].interface.vxlan.vni",
       [](Model& m) { std::get<VxlanBinding>(m.vpcs[2].interface->binding).vni = 1u << 24; }},
      {"vpcs[2].interface.vxlan.remotes[1]",
       [](Model& m) {
         std::get<VxlanBinding>(m.vpcs[2].interface->binding).remotes[1] = address("192.0.2.1");
       }},
      {"vpcs[0].interface.router",
       [](Model& m) { m.vpcs[0].interface->router = address("10.1.9.1"); }},
      {"vpcs[2].interface.addresses", [](Model& m) { m.vpcs[2].interface->addresses.clear(); }},
      {"vpcs[3].route_tables", [](Model& m) { m.vpcs[3].route_tables.clear(); }},
      {"vpcs[0].route_tables[0].static[0].via.gateway",
       [](Model& m) { m.vpcs[0].route_tables[0].static_routes[0].via = {ViaGateway{"vpc-d"}}; }},
      {"vpcs[0].route_tables[0].static[2].via[0].address",
       [](Model& m) {
         m.vpcs[0].route_tables[0].static_routes[2].via[0] = ViaAddress{address("10.1.9.9")};
       }},
      {"vpcs[0].route_tables[0].propagations[1].ranges",
       [](Model& m) { m.vpcs[0].route_tables[0].propagations[1].ranges.clear(); }},
      {"vpcs[0].route_tables[0].propagations[1].gateway",
       [](Model& m) { m.vpcs[0].route_tables[0].propagations[1].gateway = "bgw-1"; }},
      {"underlays[0].port", [](Model& m) { m.underlays[0].binding = PortBinding{"gone"}; }},
      {"gateways[0].asn", [](Model& m) { m.gateways[0].asn = 0; }},
      {"gateways[0].static[0].to",
       [](Model& m) { m.gateways[0].static_routes[0].to = prefix("127.0.0.0/8"); }},
      {"gateways[0].static[1].to",
       [](Model& m) { m.gateways[0].static_routes[1].to = prefix("10.99.0.0/16"); }},
      {"gateways[0].static[2].via[1].attachment",
       [](Model& m) { m.gateways[0].static_routes[2].via[1] = ViaAttachment{"att-a-2"}; }},
      {"gateways[0].static[3].via[0].address",
       [](Model& m) {
         m.gateways[0].static_routes[3].via[0] = ViaAddress{address("198.51.100.9")};
       }},
      {"gateways[0].static[3].via[1]",
       [](Model& m) { m.gateways[0].static_routes[3].via[1] = ViaAttachment{"att-a"}; }},
      {"gateways[0].static[4].via.address",
       [](Model& m) { m.gateways[0].interfaces[0].addresses.pop_back(); }},
      {"gateways[0].interfaces[1].name",
       [](Model& m) { m.gateways[0].interfaces[1].name = "edge-a"; }},
      {"gateways[0].interfaces[0].port",
       [](Model& m) { m.gateways[0].interfaces[0].binding = PortBinding{"pu"}; }},
      {"gateways[0].interfaces[1].vlan.id",
       [](Model& m) {
         m.gateways[0].interfaces[1].binding = VlanBinding{"trunk", 101, 7};
       }},
      {"gateways[0].interfaces[1].vlan.port",
       [](Model& m) {
         m.gateways[0].interfaces[1].binding = VlanBinding{"gone", 900, {}};
       }},
      {"gateways[0].interfaces[1].addresses[1]",
       [](Model& m) {
         m.gateways[0].interfaces[1].addresses.push_back({address("2001:db8:e::9"), 80});
       }},
      {"gateways[0].interfaces[0].mtu", [](Model& m) { m.gateways[0].interfaces[0].mtu = 1279; }},
      {"gateways[0].quotas.attachments", [](Model& m) { m.gateways[0].quotas.attachments = 2; }},
      {"gateways[0].quotas.static_routes",
       [](Model& m) { m.gateways[0].quotas.static_routes = 2; }},
      {"attachments[4]", [](Model& m) { m.vpcs[3].region = "us-1"; }},
      {"attachments[1].advertise[0]",
       [](Model& m) { m.attachments[1].advertise = std::vector<std::string>{"gone"}; }},
  };
  for (const Damage& damage : damages) {
    Model model = good();
    damage.apply(model);
    EXPECT_EQ(paths_of(model), std::set<std::string>{damage.where});
  }
}

TEST(Validate, more_next_hops_than_ecmp_takes) {
  Model model = good();
  auto& via = model.vpcs[0].route_tables[0].static_routes[1].via;
  for (int i = 10; i < 14; ++i) via.push_back(ViaAddress{address("10.1.1." + std::to_string(i))});
  EXPECT_EQ(paths_of(model), std::set<std::string>{"vpcs[0].route_tables[0].static[1].via"});
}

TEST(Validate, vpc_without_interface_is_fine) {
  Model model = good();
  model.vpcs[1].interface.reset();
  EXPECT_EQ(paths_of(model), std::set<std::string>{});
}

TEST(Validate, static_route_inside_a_local_cidr_is_fine) {
  Model model = good();
  model.vpcs[0].route_tables[0].static_routes[0].to = prefix("10.1.77.0/24");
  EXPECT_EQ(paths_of(model), std::set<std::string>{});
}

TEST(Paths, concern_each_other_when_one_contains_the_other) {
  EXPECT_TRUE(concerns("vpcs[0].cidrs", "vpcs[0].cidrs[1]"));
  EXPECT_TRUE(concerns("vpcs[0].cidrs[1]", "vpcs[0].cidrs"));
  EXPECT_TRUE(concerns("vpcs[].name", "vpcs[12].name"));
  EXPECT_TRUE(concerns("vpcs[].name", "vpcs[12]"));
  EXPECT_FALSE(concerns("vpcs[1].name", "vpcs[12].name"));
  EXPECT_FALSE(concerns("vpcs[].name", "vpcs[12].cidrs"));
  EXPECT_FALSE(concerns("vpcs[0].sub", "vpcs[0].subnets"));
  EXPECT_TRUE(is_within("vpcs[0].cidrs[1]", "vpcs[0]"));
  EXPECT_FALSE(is_within("vpcs[0]", "vpcs[0].cidrs[1]"));
}

}  // namespace
}  // namespace bgw::config
