#include "config/json.h"

#include <gtest/gtest.h>

#include "config/loader.h"
#include "load_file.h"

namespace bgw::config {

void PrintTo(const JsonError& error, std::ostream* out) {
  *out << error.pointer << ": " << error.message;
}

namespace {

template <typename T>
std::vector<JsonError> refused(const std::string& text) {
  const auto object = from_json<T>(Json::parse(text));
  if (object) ADD_FAILURE() << "was accepted: " << text;
  return object ? std::vector<JsonError>{} : object.error();
}

using Errors = std::vector<JsonError>;

TEST(FromJson, unknown_and_missing_keys) {
  EXPECT_EQ(refused<Attachment>(R"({"name": "a", "gatway": "g", "vpc": "v"})"),
            (Errors{{"/gatway", "unknown key 'gatway' in attachment; did you mean 'gateway'?",
                     Rule::unknown_key}}));
  EXPECT_EQ(refused<Port>(R"({"name": "p"})"),
            (Errors{{"", "missing key 'device' in port", Rule::missing_key}}));
}

TEST(FromJson, types_and_bounds) {
  EXPECT_EQ(refused<Port>("[]"),
            (Errors{{"", "expected a map with the keys name, device, found a list"}}));
  EXPECT_EQ(
      refused<Gateway>(R"({"name": 5, "asn": "65000", "static": null, "overlap": true})"),
      (Errors{{"/name", "key 'name': expected text, found 5"},
              {"/asn",
               "key 'asn': expected a number from 1 to 4294967294 without quotes, found '65000'"},
              {"/static", "key 'static': expected a list, found nothing"},
              {"/overlap", "key 'overlap': expected first-wins or longest-match, found true"}}));
  EXPECT_EQ(
      refused<Vpc>(R"({"name": "v", "cidrs": ["10.0.0.0/8", "10.0.0.1/8"], "interface":
                      {"port": "p", "addresses": [], "mtu": 1500.0, "enabled": "true"}})"),
      (Errors{{"/cidrs/1",
               "key 'cidrs': expected a prefix such as 10.1.0.0/16, found '10.0.0.1/8': host bits "
               "are set: did you mean 10.0.0.0/8?"},
              {"/interface/mtu", "key 'mtu': expected a number from 576 to 9600, found 1500.0"},
              {"/interface/enabled",
               "key 'enabled': expected true or false without quotes, found 'true'"}}));
}

TEST(FromJson, alternatives) {
  EXPECT_EQ(refused<Vpc>(R"({"name": "v", "cidrs": [], "interface": {"addresses": [], "vlan":
                            {"port": "p", "id": 4095}, "port": "p"}})"),
            (Errors{{"/interface/port", "'vlan' excludes 'port': interface takes one of them",
                     Rule::exclusive_keys}}));
}

TEST(FromJson, keys_are_escaped_in_pointers) {
  EXPECT_EQ(refused<Port>(R"({"name": "p", "device": "d", "a/b~c": 1})"),
            (Errors{{"/a~1b~0c", "unknown key 'a/b~c' in port; known keys: name, device",
                     Rule::unknown_key}}));
}

TEST(FromJson, nesting_is_bounded) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_EQ(refused<Port>(R"({"name": "p", "device": )" + deep + "}"),
            (Errors{{"/device", "key 'device': expected text, found a list"},
                    {"/device/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0", "nested more than 16 levels deep",
                     Rule::size}}));
}

TEST(FromJson, errors_are_capped) {
  std::string ranges = "1";
  for (int i = 0; i < 5000; ++i) ranges += ", 1";
  EXPECT_EQ(refused<Vpc>(R"({"name": "v", "cidrs": [)" + ranges + "]}").size(), 1000u);
}

Model full_language() {
  const auto model = test::load_file(BGW_EXAMPLES_DIR "/full-language.yaml");
  EXPECT_TRUE(model);
  return model->to_model();
}

TEST(ToJson, is_compact_without_defaults) {
  const Model model = full_language();
  EXPECT_EQ(to_json(model.ports[0]).dump(), R"({"name":"pa","device":"net_tap0,iface=vpc-a"})");
  EXPECT_EQ(to_json(model.vpcs[1], model.region).dump(),
            R"({"name":"vpc-b","account":"acme","cidrs":["10.2.0.0/16"],)"
            R"("subnets":[{"name":"app","cidr":"10.2.1.0/24"}],)"
            R"("interface":{"vlan":{"port":"trunk","id":101,"outer":7},)"
            R"("addresses":["10.2.1.1/24"],"mtu":9000,"enabled":false,"source_check":"off"}})");
  EXPECT_EQ(to_json(model.gateways[2]).dump(), R"({"name":"vpc-d","region":"eu-west-2"})");
  EXPECT_EQ(to_json(model.attachments[2]).dump(),
            R"({"name":"att-c","gateway":"bgw-1","vpc":"vpc-c","advertise":"none"})");
}

TEST(ToJson, with_defaults) {
  const Model model = full_language();
  EXPECT_EQ(to_json(model.vpcs[3], {}, Defaults::written).dump(),
            R"({"name":"vpc-d","account":"default","region":"eu-west-2","cidrs":["10.4.0.0/16"],)"
            R"("subnets":[],"route_tables":[{"name":"main","static":[],"propagations":[]}]})");
  EXPECT_EQ(to_json(*model.vpcs[2].interface, {}, Defaults::written).dump(),
            R"({"vxlan":{"vni":5001,"underlay":"u0","remotes":["192.0.2.7","192.0.2.8"],)"
            R"("dscp":"pipe"},"addresses":["10.3.1.1/24"],"mtu":1450,"enabled":true,)"
            R"("source_check":"strict","autoconfiguration":false})");
}

}  // namespace
}  // namespace bgw::config
