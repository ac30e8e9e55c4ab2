#include "config/yaml_writer.h"

#include <gtest/gtest.h>

#include "config/loader.h"
#include "config/yaml_scalar.h"

namespace bgw::config {
namespace {

TEST(WriteYaml, keeps_order_and_leaves_defaults_out) {
  const std::string canonical = R"(version: 1
region: r1

ports:
  - {name: pa, device: "net_tap0,iface=a"}

vpcs:
  - name: v2
    cidrs: [10.2.0.0/16, "2001:db8::/32"]
    subnets:
      - {name: web, cidr: 10.2.1.0/24}
      - {name: db, cidr: 10.2.2.0/24, route_table: "7"}
    interface:
      port: pa
      addresses: [10.2.1.1/24]
      mtu: 9000
    route_tables:
      - name: "7"
        static:
          - {to: 10.7.0.0/16, blackhole: true}
          - {to: 10.8.0.0/16, via: {address: 10.2.1.9}}
          - {to: 10.9.0.0/16, via: [{address: 10.2.1.9}, {gateway: g}]}
        propagations:
          - {gateway: g, ranges: [0.0.0.0/0]}
  - name: v1
    region: "on"
    cidrs: [10.1.0.0/16]

gateways:
  - name: g
    overlap: longest-match
    quotas: {dynamic_routes: 0}

attachments:
  - {name: a, gateway: g, vpc: v2, advertise: [web]}
)";
  const auto model = load(canonical, "f");
  ASSERT_TRUE(model) << model.error().front().to_string();
  EXPECT_EQ(write_yaml(model->to_model()), canonical);
}

TEST(WriteYaml, long_lists_take_a_line_for_each_item) {
  Vpc vpc{.name = "v"};
  for (std::uint32_t i = 0; i < 20; ++i)
    vpc.cidrs.push_back(IpPrefix::around(IpAddress::v4(i << 24), 8));
  const std::string text = write_object(vpc);
  EXPECT_TRUE(text.starts_with("name: v\ncidrs:\n  - 0.0.0.0/8\n  - 1.0.0.0/8\n")) << text;
}

TEST(WriteObject, as_it_stands_in_its_list) {
  const Gateway gateway{.name = "g", .region = "r", .asn = 1, .quotas = {.attachments = 3}};
  EXPECT_EQ(write_object(gateway, "r"), "name: g\nasn: 1\nquotas: {attachments: 3}\n");
  EXPECT_EQ(write_object(gateway), "name: g\nregion: r\nasn: 1\nquotas: {attachments: 3}\n");
  EXPECT_EQ(write_object(Attachment{"a", "g", "v", std::vector<std::string>{}}),
            "{name: a, gateway: g, vpc: v, advertise: none}\n");
}

TEST(YamlScalar, is_plain_where_every_reader_takes_it_for_text) {
  for (const char* plain : {"a", "vpc-1", "10.1.0.0/16", "10.1.1.1", "a.b_c-d", "truer"}) {
    EXPECT_EQ(yaml_scalar(plain), plain);
  }
  for (const char* not_plain : {"", "true", "NO", "y", "null", "~", "1", "010", "1.5", "1e5",
                                "2026-01-01", "-", "-a", "::1", "a:", "a b", "a#", "[", "*a"}) {
    EXPECT_EQ(yaml_scalar(not_plain), '"' + std::string(not_plain) + '"');
  }
  EXPECT_EQ(yaml_scalar("a\"\\\n\x7f"), R"("a\"\\\n\x7f")");
}

}  // namespace
}  // namespace bgw::config
