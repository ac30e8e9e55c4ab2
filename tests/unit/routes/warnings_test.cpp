// What is legal and surely not meant is warned of, with what to do; and nothing else is.
#include "control/routes/warnings.h"

#include <chrono>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "config/loader.h"

namespace bgw::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// VPCs a and b, attached to gw, that reach each other; {placeholders} are what tests change.
struct Text {
  std::string device = "net_tap0,iface=va";
  std::string a_subnets = "[{name: web, cidr: 10.1.1.0/24}]";
  std::string a_more = "";
  std::string a_table = "propagations: [{gateway: gw, ranges: [10.0.0.0/8]}]";
  std::string b_interface = "{port: pb, addresses: [10.2.1.1/24]}";
  std::string b_table = "propagations: [{gateway: gw, ranges: [10.0.0.0/8]}]";
  std::string gateway = "{name: gw}";
  std::string attachments =
      "[{name: att-a, gateway: gw, vpc: a}, {name: att-b, gateway: gw, vpc: b}]";

  config::ValidModel model() const {
    const auto text = fmt::format(
        "version: 1\nregion: r\n"
        "ports: [{{name: pa, device: \"{}\"}}, {{name: pb, device: \"net_tap1,iface=vb\"}}]\n"
        "vpcs:\n"
        "  - name: a\n    cidrs: [10.1.0.0/16]\n    subnets: {}\n"
        "    interface: {{port: pa, addresses: [10.1.1.1/24]}}\n"
        "    route_tables:\n      - {{name: main, {}}}\n{}"
        "  - name: b\n    cidrs: [10.2.0.0/16]\n    subnets: [{{name: web, cidr: 10.2.1.0/24}}]\n"
        "{}    route_tables:\n      - {{name: main, {}}}\n"
        "gateways: [{}]\nattachments: {}\n",
        device, a_subnets, a_table, a_more,
        b_interface.empty() ? "" : "    interface: " + b_interface + "\n", b_table, gateway,
        attachments);
    auto model = config::load(text, "f");
    EXPECT_TRUE(model) << model.error().front().to_string() << "\n" << text;
    return model ? *model : config::ValidModel();
  }
  std::vector<std::string> warnings() const { return find_warnings(model()); }
};

TEST(Warnings, NothingOfWhatIsMeant) {
  EXPECT_THAT(Text{}.warnings(), IsEmpty());
  EXPECT_THAT(find_warnings(config::ValidModel()), IsEmpty());
  // The first VPC of a gateway, which others follow.
  Text one;
  one.attachments = "[{name: att-a, gateway: gw, vpc: a}]";
  one.b_table = "static: []";
  EXPECT_THAT(one.warnings(), IsEmpty());
  // Statics lead back as well as propagations do, and a narrower range is a policy.
  Text other;
  other.b_table = "static: [{to: 0.0.0.0/0, via: {gateway: gw}}]";
  EXPECT_THAT(other.warnings(), IsEmpty());
  other.b_table = "propagations: [{gateway: gw, ranges: [10.1.1.0/24]}]";
  EXPECT_THAT(other.warnings(), IsEmpty());
}

TEST(Warnings, VpcWithoutSubnetsThatAdvertisesAll) {
  Text text;
  text.a_subnets = "[]";
  EXPECT_THAT(text.warnings(),
              ElementsAre(HasSubstr("attachment att-a: advertises all subnets of vpc a, which has "
                                    "none: nobody reaches it; declare the segments"),
                          HasSubstr("vpc b, route table main: range 10.0.0.0/8 matches no route")));
}

TEST(Warnings, SubnetsThatNobodyImports) {
  Text text;
  text.b_table = "propagations: [{gateway: gw, ranges: [10.7.0.0/16]}]";
  EXPECT_THAT(text.warnings(),
              ElementsAre(HasSubstr("attachment att-a: nobody imports 10.1.1.0/24: no other VPC of "
                                    "gateway gw has a propagation"),
                          HasSubstr("vpc b, route table main: range 10.7.0.0/16 matches no route "
                                    "of gateway gw that leads to another VPC"),
                          HasSubstr("vpc a: reaches 10.2.1.0/24 of vpc b by gateway gw, but no "
                                    "reply comes back: no route table of vpc b leads to "
                                    "10.1.1.0/24; add a propagation of gateway gw")));
}

TEST(Warnings, PropagationOneWayOnly) {
  Text text;
  text.b_table = "propagations: []";
  EXPECT_THAT(text.warnings(),
              ElementsAre(HasSubstr("nobody imports 10.1.1.0/24"),
                          HasSubstr("no route table of vpc b leads to 10.1.1.0/24")));
  text = {};
  text.attachments =
      "[{name: att-a, gateway: gw, vpc: a, advertise: none}, {name: att-b, gateway: gw, vpc: b}]";
  EXPECT_THAT(text.warnings(),
              testing::Contains(HasSubstr("no reply comes back: attachment att-a advertises "
                                          "nothing")));
}

TEST(Warnings, RoutesThatAreShadowed) {
  Text text;
  text.a_table =
      "static: [{to: 10.1.9.0/24, blackhole: true}], "
      "propagations: [{gateway: gw, ranges: [10.2.0.0/16, 10.1.7.0/24]}]";
  EXPECT_THAT(
      text.warnings(),
      ElementsAre(HasSubstr("vpc a, route table main: static 10.1.9.0/24 never forwards: it "
                            "is shadowed by the VPC's own 10.1.0.0/16"),
                  HasSubstr("range 10.1.7.0/24 of gateway gw imports nothing that forwards: "
                            "it is shadowed by the VPC's own 10.1.0.0/16")));
}

TEST(Warnings, WhatCarriesNothing) {
  Text text;
  text.a_subnets = "[{name: web, cidr: 10.1.1.0/24}, {name: db, cidr: 10.1.2.0/24}]";
  text.a_more = "      - {name: other}\n";
  text.b_interface = "";
  text.gateway = "{name: gw, static: [{to: 192.168.0.0/16, via: {attachment: att-a}}]}";
  text.device = "net_pcap0,rx_pcap=/tmp/in,tx_pcap=/tmp/out";
  EXPECT_THAT(
      text.warnings(),
      ElementsAre("port pa: its device writes /tmp/out, with the rights of bgwd (tx_pcap=); "
                  "is that meant?",
                  HasSubstr("vpc a: subnet db (10.1.2.0/24) is on no link of the interface"),
                  HasSubstr("vpc a: no subnet uses route table other"),
                  HasSubstr("gateway gw: static 192.168.0.0/16 via att-a ends in vpc a"),
                  HasSubstr("attachment att-b: vpc b has no interface")));
}

// VPC b, and beside it an underlay, with these addresses.
std::vector<std::string> warnings_with(
    const std::string& b_addresses, const std::string& more = "",
    const std::string& b_subnets = "[{name: web, cidr: 10.2.1.0/24}]",
    const std::string& underlay = "192.0.2.1/24") {
  const auto text = fmt::format(
      "version: 1\nregion: r\n"
      "ports: [{{name: p, device: \"net_tap0,iface=vb\"}}, {{name: u, device: net_null0}}]\n"
      "vpcs:\n  - name: b\n    cidrs: [10.2.0.0/16, \"2001:db8::/32\"]\n    subnets: {}\n"
      "    interface: {{port: p, addresses: [{}]{}}}\n"
      "underlays: [{{name: u, port: u, addresses: [{}]}}]\n",
      b_subnets, b_addresses, more, underlay);
  const auto model = config::load(text, "f");
  EXPECT_TRUE(model) << model.error().front().to_string() << "\n" << text;
  return model ? find_warnings(*model) : std::vector<std::string>();
}

TEST(Warnings, AddressesThatAreAloneOnTheirLink) {
  EXPECT_THAT(
      warnings_with("10.2.1.1/32"),
      ElementsAre("vpc b: address 10.2.1.1/32 is alone on its link, and no other address "
                  "has hosts on its own: nobody is reached or answered there over IPv4; "
                  "write the length of the prefix that hosts are in (such as 10.2.1.1/24), or add "
                  "an address on the link of a router to them"));
  EXPECT_THAT(warnings_with("10.2.1.1/24, \"2001:db8::1/128\""),
              ElementsAre(HasSubstr("vpc b: address 2001:db8::1/128 is alone on its link, and no "
                                    "other address has hosts on its own: nobody is reached or "
                                    "answered there over IPv6; write the length of the prefix that "
                                    "hosts are in (such as 2001:db8::1/64)")));
  EXPECT_THAT(warnings_with("10.2.1.1/32, 10.2.1.2/32, \"2001:db8::1/128\""),
              ElementsAre(HasSubstr("10.2.1.1/32 is alone"), HasSubstr("10.2.1.2/32 is alone"),
                          HasSubstr("2001:db8::1/128 is alone")));
  // A subnet elsewhere is on no link either.
  EXPECT_THAT(warnings_with("10.2.7.1/32"),
              ElementsAre(HasSubstr("10.2.7.1/32 is alone"), HasSubstr("subnet web")));
  EXPECT_THAT(warnings_with("10.2.1.1/24", "", "[]", "192.0.2.1/32, \"2001:db8:f::1/128\""),
              ElementsAre(HasSubstr("underlay u: address 192.0.2.1/32 is alone on its link, and no "
                                    "other address has VTEPs on its own"),
                          HasSubstr("underlay u: address 2001:db8:f::1/128 is alone")));
}

// Links of two, and addresses beside those that have hosts, or a router to them.
TEST(Warnings, NothingOfAddressesThatReachSomebody) {
  EXPECT_THAT(warnings_with("10.2.1.0/31, \"2001:db8::/127\""), IsEmpty());
  EXPECT_THAT(warnings_with("10.2.1.1/24, 10.2.9.9/32"), IsEmpty());
  EXPECT_THAT(warnings_with("10.2.1.1/32, 10.2.9.1/24", ", router: 10.2.9.2"), IsEmpty());
  EXPECT_THAT(warnings_with("10.2.1.1/32, 10.2.9.1/24", "", "[{name: self, cidr: 10.2.1.1/32}]"),
              IsEmpty());
  EXPECT_THAT(warnings_with("10.2.1.1/24", "", "[]", "192.0.2.0/31, 192.0.2.9/32"), IsEmpty());
}

TEST(Warnings, SubnetsWhoseHostsAreReachedByNothing) {
  EXPECT_THAT(warnings_with("10.2.1.1/32, 10.2.9.1/24"),
              ElementsAre(HasSubstr("vpc b: subnet web (10.2.1.0/24) is on no link")));
  // A router of the other family.
  EXPECT_THAT(
      warnings_with("10.2.9.1/24, \"2001:db8::1/64\"", ", router: \"2001:db8::2\""),
      ElementsAre(HasSubstr("subnet web (10.2.1.0/24) is on no link of the interface, which "
                            "has no router of its family")));
}

TEST(Warnings, InterfacesOutsideThatNothingLeavesBy) {
  const std::string edge = "{name: edge-a, vlan: {port: pa, id: 7}, addresses: [192.0.2.1/30]}";
  Text text;
  text.gateway = fmt::format("{{name: gw, interfaces: [{}]}}", edge);
  EXPECT_THAT(text.warnings(),
              ElementsAre("gateway gw, interface edge-a: no static route leads outside by it, so "
                          "nothing is sent there and no reply leaves; add {to: …, via: {address: "
                          "…}} with the address of a router on its link"));
  text.gateway = fmt::format(
      "{{name: gw, interfaces: [{}], static: [{{to: 172.16.0.0/12, via: {{address: "
      "192.0.2.2}}}}]}}",
      edge);
  EXPECT_THAT(text.warnings(), IsEmpty());
  text.gateway =
      "{name: gw, interfaces: [{name: e, vlan: {port: pa, id: 7}, addresses: [192.0.2.1/32]}]}";
  EXPECT_THAT(text.warnings(),
              ElementsAre(HasSubstr("gateway gw, interface e: address 192.0.2.1/32 is alone on its "
                                    "link")));
}

// Ranges of what is outside, and subnets that those outside are to reach.
TEST(Warnings, NothingOfWhatIsForOutside) {
  Text text;
  text.gateway =
      "{name: gw, interfaces: [{name: e, vlan: {port: pa, id: 7}, addresses: [192.0.2.1/30]}], "
      "static: [{to: 172.16.0.0/12, via: {address: 192.0.2.2}}]}";
  text.a_table = text.b_table = "propagations: [{gateway: gw, ranges: [172.16.0.0/12]}]";
  EXPECT_THAT(text.warnings(), IsEmpty());
  text.b_table = "propagations: [{gateway: gw, ranges: [172.16.0.0/13]}]";
  EXPECT_THAT(text.warnings(), ElementsAre(HasSubstr("range 172.16.0.0/13 matches no route")));
}

TEST(Warnings, OnlyOfWhatChanges) {
  Text before;
  before.a_table = "static: [{to: 10.1.9.0/24, blackhole: true}], " + before.a_table;
  Text after = before;
  after.b_table = "propagations: []";
  const auto first = before.model();
  const auto second = after.model().shared_with(first);
  EXPECT_THAT(find_warnings(first, first), IsEmpty());
  // Of b, which has changed, and of those that reach it.
  EXPECT_THAT(find_warnings(first, second),
              ElementsAre(HasSubstr("no route table of vpc b leads to 10.1.1.0/24")));
  EXPECT_THAT(find_warnings(first), ElementsAre(HasSubstr("static 10.1.9.0/24 never forwards")));
}

// Among 5,000 VPCs: one attachment more, and all of them at once.
TEST(Warnings, CostLittle) {
  constexpr int count = 5'000;
  std::string ports = "version: 1\nregion: r\nports: [{name: p, device: net_null0}]\nvpcs:\n";
  std::string attachments = "gateways: [{name: gw}]\nattachments:\n", last;
  for (int i = 0; i < count; ++i) {
    const auto cidr = fmt::format("10.{}.{}", i / 256, i % 256);
    ports += fmt::format(
        "  - {{name: v{0}, cidrs: [{1}.0/24], subnets: [{{name: s, cidr: {1}.0/25}}, {{name: t, "
        "cidr: {1}.128/25}}], interface: {{vlan: {{port: p, outer: {2}, id: {3}}}, addresses: "
        "[{1}.1/24]}}, route_tables: [{{name: main, propagations: [{{gateway: gw, ranges: "
        "[10.0.0.0/8]}}]}}]}}\n",
        i, cidr, 1 + i / 4000, 1 + i % 4000);
    last = fmt::format("  - {{name: a{0}, gateway: gw, vpc: v{0}}}\n", i);
    if (i + 1 < count) attachments += last;
  }
  const std::string imports = "propagations: [{gateway: gw, ranges: [10.0.0.0/8]}]";
  ports.replace(ports.rfind(imports), imports.size(), "static: []");  // the last one has none yet
  const auto before = config::load(ports + attachments, "f");
  ASSERT_TRUE(before) << before.error().front().to_string();
  const auto after = config::load(ports + attachments + last, "f")->shared_with(*before);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_THAT(find_warnings(*before, after),
              ElementsAre(HasSubstr("of vpc v4999 by gateway gw, but no reply comes back (nor to "
                                    "4998 others): no route table of vpc v4999 leads to")));
  const auto middle = std::chrono::steady_clock::now();
  EXPECT_THAT(find_warnings(*before), IsEmpty());
  const auto end = std::chrono::steady_clock::now();
  const auto ms = [](auto time) { return std::chrono::duration<double, std::milli>(time).count(); };
  RecordProperty("change_ms", fmt::format("{:.1f}", ms(middle - began)));
  RecordProperty("all_ms", fmt::format("{:.1f}", ms(end - middle)));
  fmt::print("one attachment: {:.1f} ms, all: {:.1f} ms\n", ms(middle - began), ms(end - middle));
  EXPECT_LT(ms(middle - began), 500) << "on a machine however busy";
}

}  // namespace
}  // namespace bgw::control
