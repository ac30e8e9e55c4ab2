#include "config/loader.h"
#include "load_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace bgw::config {
namespace {

std::string example(const std::string& name) {
  return BGW_EXAMPLES_DIR "/" + name;
}

IpAddress address(std::string_view text) {
  return IpAddress::parse(text).value();
}
IpPrefix prefix(std::string_view text) {
  return IpPrefix::parse(text).value();
}

std::vector<IpPrefix> prefixes(std::initializer_list<std::string_view> texts) {
  std::vector<IpPrefix> list;
  for (const auto text : texts) list.push_back(prefix(text));
  return list;
}

Model loaded(std::string_view text) {
  const auto model = load(text, "f");
  if (model) return model->to_model();
  for (const Error& error : model.error()) ADD_FAILURE() << error.to_string();
  return {};
}

TEST(Examples, all_load) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(BGW_EXAMPLES_DIR)) {
    if (entry.path().extension() != ".yaml") continue;
    const auto model = test::load_file(entry.path());
    if (!model) ADD_FAILURE() << model.error().front().to_string();
    ++count;
  }
  EXPECT_GE(count, 5);
}

Vpc full_vpc_a() {
  Vpc vpc{.name = "vpc-a", .account = "acme", .region = "cn-north-1"};
  vpc.cidrs = prefixes({"10.1.0.0/16", "2001:db8:a::/48"});
  vpc.subnets = {{"web", prefix("10.1.1.0/24"), "main"},
                 {"db", prefix("10.1.2.0/24"), "private"},
                 {"web-6", prefix("2001:db8:a:1::/64"), "main"}};
  vpc.interface = Interface{.binding = PortBinding{"pa"},
                            .addresses = {{address("10.1.1.1"), 24},
                                          {address("10.1.2.1"), 24},
                                          {address("2001:db8:a:1::1"), 64}},
                            .router = address("10.1.1.254"),
                            .mtu = 1500,
                            .enabled = true,
                            .source_check = SourceCheck::strict};
  RouteTable main{.name = "main"};
  main.static_routes = {
      {prefix("172.16.0.0/12"), {ViaGateway{"bgw-1"}}},
      {prefix("192.168.7.0/24"), {ViaAddress{address("10.1.1.9")}}},
      {prefix("192.168.8.0/24"), {ViaAddress{address("10.1.1.9")}, ViaGateway{"bgw-1"}}},
      {prefix("10.250.0.0/16"), {}},
      {prefix("2001:db8:ffff::/48"), {ViaAddress{address("2001:db8:a:1::9")}}}};
  main.propagations = {{"bgw-1", prefixes({"10.0.0.0/8", "::/0"})},
                       {"bgw-2", prefixes({"0.0.0.0/0"})}};
  vpc.route_tables = {main, {"private", {}, {}}};
  return vpc;
}

Vpc full_vpc_b() {
  Vpc vpc{.name = "vpc-b", .account = "acme", .region = "cn-north-1"};
  vpc.cidrs = prefixes({"10.2.0.0/16"});
  vpc.subnets = {{"app", prefix("10.2.1.0/24"), "main"}};
  vpc.interface = Interface{.binding = VlanBinding{"trunk", 101, 7},
                            .addresses = {{address("10.2.1.1"), 24}},
                            .mtu = 9000,
                            .enabled = false,
                            .source_check = SourceCheck::off};
  vpc.route_tables = {{"main", {}, {}}};
  return vpc;
}

Vpc full_vpc_c() {
  Vpc vpc{.name = "vpc-c", .account = "acme", .region = "cn-north-1"};
  vpc.cidrs = prefixes({"10.3.0.0/16"});
  vpc.interface =
      Interface{.binding = VxlanBinding{5001, "u0", {address("192.0.2.7"), address("192.0.2.8")}},
                .addresses = {{address("10.3.1.1"), 24}},
                .mtu = 1450};
  vpc.route_tables = {{"main", {}, {}}, {"private", {}, {{"bgw-1", prefixes({"10.1.0.0/16"})}}}};
  return vpc;
}

std::vector<Gateway> full_gateways() {
  Gateway first{.name = "bgw-1", .account = "acme", .region = "cn-north-1", .asn = 65100};
  first.overlap = OverlapMode::longest_match;
  first.interfaces = {
      {.name = "edge-a",
       .binding = PortBinding{"pe"},
       .addresses = {{address("198.51.100.1"), 30}, {address("2001:db8:e::1"), 64}}},
      {.name = "edge-b",
       .binding = VlanBinding{"trunk", 900, {}},
       .addresses = {{address("203.0.113.1"), 29}}}};
  first.static_routes = {
      {prefix("10.99.0.0/16"), {ViaAttachment{"att-b"}}},
      {prefix("10.66.0.0/16"), {}},
      {prefix("10.77.0.0/16"), {ViaAttachment{"att-a"}, ViaAttachment{"att-b"}}},
      {prefix("192.0.0.0/8"),
       {ViaAddress{address("198.51.100.2")}, ViaAddress{address("203.0.113.2")}}},
      {prefix("2001:db8:f::/48"), {ViaAddress{address("2001:db8:e::2")}}}};
  first.quotas = {50, 50, 300};
  Gateway second{.name = "bgw-2", .account = "acme", .region = "cn-north-1", .asn = 65000};
  second.quotas.dynamic_routes = 0;
  Gateway third{.name = "vpc-d", .account = "default", .region = "eu-west-2"};
  return {first, second, third};
}

TEST(Examples, full_language_field_by_field) {
  const auto checked = test::load_file(example("full-language.yaml"));
  ASSERT_TRUE(checked);
  const Model model = checked->to_model();
  EXPECT_EQ(model.region, "cn-north-1");
  EXPECT_EQ(model.ports, (std::vector<Port>{{"pa", "net_tap0,iface=vpc-a"},
                                            {"trunk", "0000:3b:00.0"},
                                            {"pu", "0000:3b:00.1"},
                                            {"pe", "0000:5e:00.0"}}));
  ASSERT_EQ(model.vpcs.size(), 4u);
  EXPECT_EQ(model.vpcs[0], full_vpc_a());
  EXPECT_EQ(model.vpcs[1], full_vpc_b());
  EXPECT_EQ(model.vpcs[2], full_vpc_c());
  Vpc d{.name = "vpc-d", .account = "default", .region = "eu-west-2"};
  d.cidrs = prefixes({"10.4.0.0/16"});
  d.route_tables = {{"main", {}, {}}};
  EXPECT_EQ(model.vpcs[3], d);
  EXPECT_EQ(
      model.underlays,
      (std::vector<Underlay>{
          {"u0", PortBinding{"pu"}, {{address("192.0.2.1"), 24}}, address("192.0.2.254"), 9000}}));
  EXPECT_EQ(model.gateways, full_gateways());
  EXPECT_EQ(model.attachments,
            (std::vector<Attachment>{
                {"att-a", "bgw-1", "vpc-a", AdvertiseAll{}},
                {"att-b", "bgw-1", "vpc-b", std::vector<std::string>{"app"}},
                {"att-c", "bgw-1", "vpc-c", std::vector<std::string>{}},
                {"att-a-2", "bgw-2", "vpc-a", std::vector<std::string>{"web", "web-6"}},
                {"att-d", "vpc-d", "vpc-d", AdvertiseAll{}}}));
  EXPECT_EQ(
      model.assertions,
      (std::vector<Assertion>{
          {"d-apart", {{"vpc-d"}}, {{"vpc-*"}, {}}, Expectation::unreachable, OnViolation::refuse},
          {"web-to-app",
           {{"vpc-a", "web-*"}},
           {{"vpc-b"}, prefixes({"10.2.0.0/16"})},
           Expectation::reachable,
           OnViolation::warn}}));
}

TEST(Load, minimal_file) {
  Model expected;
  expected.region = "r1";
  EXPECT_EQ(loaded("version: 1\nregion: r1\n"), expected);
}

TEST(Load, spelling_of_yaml_makes_no_difference) {
  const std::string block =
      "version: 1\nregion: r1\ngateways:\n  - name: g1\n    asn: 65001\n  - name: '2'\n";
  const Model model = loaded(block);
  ASSERT_EQ(model.gateways.size(), 2u);
  EXPECT_EQ(loaded("{\"version\": 1, \"region\": \"r1\", \"gateways\": "
                   "[{\"name\": \"g1\", \"asn\": 65001}, {\"name\": \"2\"}]}"),
            model);
  EXPECT_EQ(loaded("\xef\xbb\xbf---\r\nversion: 1\r\nregion: r1 # comment\r\ngateways:\r\n"
                   "- {name: g1, asn: 65001}\r\n- {name: 2}\r\n...\r\n"),
            model);
}

TEST(Load, words_that_yaml_takes_for_other_types_are_names) {
  const Model model = loaded("version: 1\nregion: no\ngateways: [{name: 010}, {name: true}]\n");
  EXPECT_EQ(model.region, "no");
  EXPECT_EQ(model.gateways[0].name, "010");
  EXPECT_EQ(model.gateways[1].name, "true");
}

TEST(Load, one_next_hop_may_stand_in_a_list) {
  const std::string head =
      "version: 1\nregion: r1\nvpcs: [{name: v, cidrs: [10.1.0.0/16]}]\n"
      "attachments: [{name: a, gateway: g, vpc: v}]\n"
      "gateways: [{name: g, static: [{to: 10.9.0.0/16, via: ";
  EXPECT_EQ(loaded(head + "{attachment: a}}]}]"), loaded(head + "[{attachment: a}]}]}]"));
}

TEST(Load, error_after_a_byte_order_mark_has_the_same_column) {
  const auto model = load("\xef\xbb\xbfversions: 1\nregion: r1\n", "f");
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().front().to_string(),
            "f:1:1: unknown key 'versions' in the configuration; did you mean 'version'?");
}

std::string refused(const std::string& text) {
  const auto model = load(text, "f");
  if (model) return "accepted";
  return fmt::format("{} errors: {}", model.error().size(), model.error().front().to_string());
}

TEST(Load, a_byte_order_mark_is_for_the_start_and_once) {
  const std::string mark = "\xef\xbb\xbf";
  const std::string why =
      ": a byte-order mark (U+FEFF, invisible) is for the start of a file, once";
  for (const std::string text :
       {"version: 1\nregion: r1\n", "{\"version\": 1,\n\"region\": \"r1\"}\n"}) {
    EXPECT_EQ(refused(text), "accepted");
    EXPECT_EQ(refused(mark + text), "accepted");
    // The first is no column, as in what an editor shows.
    EXPECT_EQ(refused(mark + mark + text), "1 errors: f:1:1" + why);
    EXPECT_EQ(refused(mark + mark + mark + text), "1 errors: f:1:1" + why);
    const auto end_of_line = text.find('\n') + 1;
    auto inside = text;
    inside.insert(end_of_line, mark);
    EXPECT_EQ(refused(inside), "1 errors: f:2:1" + why);
    EXPECT_EQ(refused(mark + inside), "1 errors: f:2:1" + why);
    inside = text;
    inside.insert(end_of_line + 3, mark);
    EXPECT_EQ(refused(mark + inside), "1 errors: f:2:4" + why);
  }
  EXPECT_EQ(refused("\n" + mark + "version: 1\n"), "1 errors: f:2:1" + why);
}

TEST(Load, a_text_in_utf_16_is_told_so) {
  const auto wide = [](std::string_view text, std::size_t first) {
    std::string bytes;
    for (const char c : text) bytes += first == 0 ? std::string{c, '\0'} : std::string{'\0', c};
    return bytes;
  };
  const std::string why = "1 errors: f:1:1: the text is UTF-16; save it as UTF-8";
  EXPECT_EQ(refused("\xff\xfe" + wide("version: 1\n", 0)), why);
  EXPECT_EQ(refused("\xfe\xff" + wide("version: 1\n", 1)), why);
}

TEST(Error, without_position) {
  EXPECT_EQ((Error{"f.yaml", 0, 0, "gone"}).to_string(), "f.yaml: gone");
  EXPECT_EQ((Error{"f.yaml", 3, 7, "wrong"}).to_string(), "f.yaml:3:7: wrong");
}

TEST(ReadFile, a_file_that_cannot_be_read) {
  EXPECT_EQ(read_file("/nonexistent/bgw.yaml").error(), "No such file or directory");
  EXPECT_EQ(read_file("/").error(), "Is a directory");
}

TEST(ReadFile, reads_no_more_than_the_cap) {
  const Limits limits{.file_bytes = 100'000};
  const auto endless = read_file("/dev/zero", limits);
  ASSERT_TRUE(endless);
  const auto refused = load(*endless, "f", limits);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().front().message.find("at most 100000 are read"), std::string::npos);
}

}  // namespace
}  // namespace bgw::config
