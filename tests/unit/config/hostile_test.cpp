// Texts made to hurt: each must be refused, and soon.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/loader.h"

namespace bgw::config {
namespace {

std::string repeat(std::string_view part, std::size_t count) {
  std::string text;
  text.reserve(part.size() * count);
  for (std::size_t i = 0; i < count; ++i) text += part;
  return text;
}

// The first error of a text that must be refused.
Error refused(const std::string& text, Limits limits = {}) {
  const auto model = load(text, "f", limits);
  if (model) {
    ADD_FAILURE() << "was accepted";
    return {};
  }
  return model.error().front();
}

const std::string nested = "nested more than 16 levels deep; the language needs far fewer";

TEST(Hostile, deep_flow_nesting) {
  EXPECT_EQ(refused(repeat("[", 17) + repeat("]", 17)), (Error{"f", 1, 17, nested, Rule::size}));
  EXPECT_EQ(refused(repeat("{a: ", 17) + repeat("}", 17)), (Error{"f", 1, 65, nested, Rule::size}));
}

TEST(Hostile, deep_block_nesting) {
  EXPECT_EQ(refused(repeat("- ", 1'000'000)), (Error{"f", 1, 33, nested, Rule::size}));
  EXPECT_EQ(refused(repeat("? ", 1'000'000)), (Error{"f", 1, 33, nested, Rule::size}));
}

TEST(Hostile, ten_megabytes_of_brackets) {
  EXPECT_EQ(refused(repeat("[", 10'000'000)),
            (Error{"f", 1, 2'000'001, "more than 2000000 of the characters [ ] { } and ,",
                   Rule::syntax}));
}

TEST(Hostile, ten_megabytes_of_text) {
  EXPECT_TRUE(refused(repeat("a", 10'000'000)).message.starts_with("expected a map"));
}

TEST(Hostile, file_beyond_the_cap) {
  EXPECT_EQ(refused(repeat("#\n", 600), Limits{.file_bytes = 1000}),
            (Error{"f", 1, 1, "the file has 1200 bytes; at most 1000 are read", Rule::size}));
}

TEST(Hostile, alias_bomb) {
  std::string text = "version: 1\nregion: r1\na0: &a0 [x]\n";
  for (int i = 1; i < 40; ++i) {
    const std::string name = "a" + std::to_string(i);
    const std::string before = "*a" + std::to_string(i - 1);
    text += name + ": &" + name + " [" + before + repeat(", " + before, 9) + "]\n";
  }
  const auto model = load(text, "f");
  ASSERT_FALSE(model);
  const auto aliases = std::ranges::count_if(
      model.error(), [](const Error& e) { return e.message.starts_with("aliases (*name)"); });
  EXPECT_EQ(aliases, 39 * 10);
}

TEST(Hostile, errors_are_capped) {
  const auto model = load("version: 1\nregion: r1\nports:\n" + repeat("- {}\n", 5000), "f");
  ASSERT_FALSE(model);
  ASSERT_EQ(model.error().size(), 1001u);
  EXPECT_EQ(model.error().back().message, "more than 1000 errors; the others are left out");
}

TEST(Hostile, keys_that_are_all_duplicates) {
  const auto model = load(repeat("version: 1\n", 100'000), "f");
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().size(), 1001u);
}

TEST(Hostile, many_distinct_unknown_keys) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "k" + std::to_string(i) + ": 1\n";
  EXPECT_EQ(refused(text).message,
            "unknown key 'k0' in the configuration; known keys: version, region, ports, vpcs, "
            "underlays, gateways, attachments, assertions");
}

// Nothing in the rules compares each with each.
TEST(Hostile, one_vpc_with_very_many_subnets) {
  std::string text =
      "version: 1\nregion: r1\nvpcs:\n- name: v\n  cidrs: [10.0.0.0/8]\n  subnets:\n";
  for (int i = 0; i < 60'000; ++i) {
    text += "  - {name: s" + std::to_string(i) + ", cidr: 10." + std::to_string(i / 256) + "." +
            std::to_string(i % 256) + ".0/24}\n";
  }
  EXPECT_TRUE(load(text, "f"));
  EXPECT_EQ(refused(text + "  - {name: last, cidr: 10.77.5.128/25}\n").message,
            "key 'cidr': subnet 'last' (10.77.5.128/25) overlaps subnet 's19717' (10.77.5.0/24)");
}

// Everything is on one line, as programs write it: no place may cost as much as the line is long.
TEST(Hostile, a_very_long_line) {
  const auto model =
      load("{version: 1, region: r1, ports: [" + repeat("{}, ", 600'000) + "{}]}\n", "f");
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().front().line, 1);
  EXPECT_GT(model.error().back().column, model.error().front().column);
}

// Each would be compared with all names, by edit distance, for its suggestion.
TEST(Hostile, very_many_mistyped_names) {
  const std::string tail(50, 'x');
  std::string vpcs;
  std::string attachments;
  for (int i = 0; i < 5000; ++i) {
    const std::string n = std::to_string(i);
    vpcs += "- {name: v" + n + tail + ", cidrs: [10.0.0.0/8]}\n";
    attachments += "- {name: a" + n + ", gateway: g, vpc: w" + n + tail + "}\n";
  }
  const auto model = load("version: 1\nregion: r1\ngateways: [{name: g}]\nvpcs:\n" + vpcs +
                              "attachments:\n" + attachments,
                          "f");
  ASSERT_FALSE(model);
  const auto suggestions = std::ranges::count_if(model.error(), [](const Error& e) {
    return e.message.find("did you mean") != std::string::npos;
  });
  EXPECT_EQ(suggestions, 20);
}

// So many that comparing each with each other would not come to an end in the time of a test run.
// `build` makes a model with so many of something.
template <typename Build>
void expect_problems(Build build, std::size_t problems) {
  EXPECT_EQ(find_problems(build(80'000)).size(), problems);
}

// Distinct addresses 10.x.y.z, four apart.
IpAddress numbered_address(std::uint32_t i) {
  return IpAddress::v4((10u << 24) + 4 * i + 1);
}

Model next_hops(std::uint32_t count) {
  Model model{.region = "r", .ports = {{"p", "net_null0"}}};
  const InterfaceAddress own{numbered_address(0), 8};
  VpcStaticRoute route{IpPrefix::around(IpAddress::v4(0), 0), {}};
  for (std::uint32_t i = 1; i <= count; ++i) route.via.push_back(ViaAddress{numbered_address(i)});
  model.vpcs.push_back({.name = "v",
                        .region = "r",
                        .cidrs = {own.on_link()},
                        .interface = Interface{PortBinding{"p"}, {own}},
                        .route_tables = {{"main", {route}, {}}}});
  return model;
}
TEST(Hostile, very_many_next_hops) {
  expect_problems(next_hops, 1);
}

Model addresses_cidrs_and_neighbours(std::uint32_t count) {
  Model model{.region = "r", .ports = {{"p", "net_null0"}}};
  Vpc vpc{.name = "v", .region = "r", .interface = Interface{PortBinding{"p"}}};
  RouteTable main{"main", {}, {}};
  for (std::uint32_t i = 0; i < count; ++i) {
    const IpAddress own = numbered_address(i);
    vpc.cidrs.push_back(IpPrefix::around(own, 30));
    vpc.interface->addresses.push_back({own, 30});
    const IpAddress neighbour = IpAddress::v4(own.v4_host_order() + 1);
    main.static_routes.push_back({IpPrefix::around(own, 32), {ViaAddress{neighbour}}});
  }
  vpc.route_tables.push_back(main);
  model.vpcs.push_back(vpc);
  return model;
}
TEST(Hostile, very_many_addresses_cidrs_and_neighbours) {
  expect_problems(addresses_cidrs_and_neighbours, 0);
}

Model remotes_and_underlay_addresses(std::uint32_t count) {
  Model model{.region = "r", .ports = {{"p", "net_null0"}}};
  Underlay underlay{.name = "u", .binding = PortBinding{"p"}};
  VxlanBinding vxlan{.vni = 1, .underlay = "u"};
  for (std::uint32_t i = 0; i < count; ++i) {
    underlay.addresses.push_back({numbered_address(i), 30});
    vxlan.remotes.push_back(IpAddress::v4(numbered_address(i).v4_host_order() + 1));
  }
  model.underlays.push_back(underlay);
  const InterfaceAddress own{numbered_address(0), 30};
  model.vpcs.push_back({.name = "v",
                        .region = "r",
                        .cidrs = {own.on_link()},
                        .interface = Interface{vxlan, {own}},
                        .route_tables = {{"main", {}, {}}}});
  return model;
}
TEST(Hostile, very_many_remotes_and_underlay_addresses) {
  expect_problems(remotes_and_underlay_addresses, 1);  // that they are too many
}

Model attachments_that_advertise_one_of_very_many_subnets(std::uint32_t count) {
  Model model{.region = "r"};
  Vpc vpc{.name = "v", .region = "r", .route_tables = {{"main", {}, {}}}};
  vpc.cidrs.push_back(IpPrefix::around(numbered_address(0), 8));
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::string number = std::to_string(i);
    vpc.subnets.push_back({"s" + number, IpPrefix::around(numbered_address(i), 30)});
    model.gateways.push_back({.name = "g" + number, .region = "r"});
    model.attachments.push_back(
        {"a" + number, "g" + number, "v", std::vector<std::string>{"s" + number}});
  }
  model.vpcs.push_back(vpc);
  return model;
}
TEST(Hostile, very_many_attachments_that_advertise_one_of_very_many_subnets) {
  expect_problems(attachments_that_advertise_one_of_very_many_subnets, 1);  // likewise
}

}  // namespace
}  // namespace bgw::config
