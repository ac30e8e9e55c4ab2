// Explanations of configurations that are broken in a known way: the rule is the right one, and
// what is advised mends it.
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "connected_model.h"
#include "control/routes/explain.h"
#include "model_builder.h"

namespace bgw::test {
namespace {

using namespace control;  // NOLINT: explanations, walks and routes
using config::Model;
using testing::HasSubstr;
using testing::IsEmpty;

// VPCs vpc-0, vpc-1 … on bgw-1, some on bgw-2 too. All reach all.
Model random_working_model(std::mt19937& random) {
  Model model;
  model.gateways = {gateway("bgw-1"), gateway("bgw-2")};
  const int vpcs = 2 + static_cast<int>(random() % 4);
  for (int i = 0; i < vpcs; ++i) {
    const auto name = fmt::format("vpc-{}", i);
    auto& one = model.vpcs.emplace_back(vpc(name, {fmt::format("10.{}.0.0/16", 10 + i)}));
    one.interface->router = address(fmt::format("10.{}.0.254", 10 + i));
    add_subnet(one, fmt::format("10.{}.0.0/24", 10 + i));
    add_subnet(one, fmt::format("10.{}.1.0/24", 10 + i));
    import(one, "bgw-1", {"10.0.0.0/8"});
    if (random() % 2 == 0) {
      table(one, "other");
      one.route_tables.back().propagations.push_back({"bgw-1", {prefix("10.0.0.0/8")}});
      one.subnets[1].route_table = "other";
    }
    model.attachments.push_back(attachment("att-" + std::to_string(i), "bgw-1", name));
  }
  return model;
}

struct Broken {
  Model model;
  Endpoint from, to;
  std::string there, back;  // rules that are expected to say no; empty: none does
  bool has_advice = true;
};

config::RouteTable& table_of(config::Vpc& vpc, const config::IpAddress& source) {
  for (const auto& subnet : vpc.subnets) {
    if (subnet.cidr.contains(source)) return table(vpc, subnet.route_table);
  }
  return table(vpc);
}

config::Attachment& attachment_of(Model& model, const std::string& vpc) {
  return *std::ranges::find(model.attachments, vpc, &config::Attachment::vpc);
}

using Break = void (*)(Broken&);
struct NamedBreak {
  const char* name;
  Break apply;
};

config::Vpc& from(Broken& broken) {
  return find_vpc(broken.model, broken.from.vpc);
}
config::Vpc& to(Broken& broken) {
  return find_vpc(broken.model, broken.to.vpc);
}
config::RouteTable& table_from(Broken& broken) {
  return table_of(from(broken), broken.from.address);
}
config::RouteTable& table_to(Broken& broken) {
  return table_of(to(broken), broken.to.address);
}
const config::IpPrefix& subnet_of(const config::Vpc& vpc, const config::IpAddress& address) {
  return std::ranges::find_if(vpc.subnets,
                              [&](const auto& each) { return each.cidr.contains(address); })
      ->cidr;
}

// One VPC more that has the target's addresses, and came first.
void add_rival(Broken& broken, const std::string& subnet) {
  auto rival = vpc("rival", {to(broken).cidrs.front().to_string()});
  add_subnet(rival, subnet);
  broken.model.vpcs.push_back(rival);
  broken.model.attachments.insert(broken.model.attachments.begin(),
                                  attachment("att-rival", "bgw-1", "rival"));
}

const std::vector<NamedBreak> breaks{
    {"missing propagation",
     [](Broken& b) {
       table_from(b).propagations.clear();
       b.there = "V3";
     }},
    {"range too small",
     [](Broken& b) {
       table_from(b).propagations[0].ranges = {prefix("10.0.0.0/16")};
       b.there = "V3";
     }},
    {"advertised is another subnet",
     [](Broken& b) {
       std::vector<std::string> others;
       for (const auto& subnet : to(b).subnets) {
         if (!subnet.cidr.contains(b.to.address)) others.push_back(subnet.name);
       }
       attachment_of(b.model, b.to.vpc).advertise = others;
       b.there = "advertise";
     }},
    {"in no subnet",
     [](Broken& b) {
       std::erase_if(to(b).subnets,
                     [&](const auto& subnet) { return subnet.cidr.contains(b.to.address); });
       b.there = "advertise";
       // Packets from there go by main, which imports.
     }},
    {"overlap, the same prefix",
     [](Broken& b) {
       add_rival(b, subnet_of(to(b), b.to.address).to_string());
       b.there = "G2";
     }},
    {"overlap, around",
     [](Broken& b) {
       add_rival(b, to(b).cidrs.front().to_string());
       b.there = "G2";
     }},
    {"interface of the target down",
     [](Broken& b) {
       to(b).interface->enabled = false;
       b.there = "G1";
       b.back = "F1";
     }},
    {"interface of the source down",
     [](Broken& b) {
       from(b).interface->enabled = false;
       b.there = "F1";
       b.back = "G1";
     }},
    {"target without interface",
     [](Broken& b) {
       to(b).interface.reset();
       b.there = "G1";
       b.back = "F1";
       b.has_advice = false;
     }},
    {"blackhole in the table",
     [](Broken& b) {
       const auto& subnet = subnet_of(to(b), b.to.address);
       table_from(b).static_routes.push_back({subnet, {}});
       b.there = "V2";
     }},
    {"another next hop in the table",
     [](Broken& b) {
       const auto hop = from(b).interface->router->to_string();
       const auto subnet = subnet_of(to(b), b.to.address).to_string();
       table_from(b).static_routes.push_back(to_address(subnet, hop));
       b.there = "V2";
     }},
    {"blackhole at the gateway",
     [](Broken& b) {
       const auto& subnet = subnet_of(to(b), b.to.address);
       b.model.gateways[0].static_routes.push_back({subnet, {}});
       b.there = "G4";
     }},
    {"longer blackhole at the gateway",
     [](Broken& b) {
       b.model.gateways[0].static_routes.push_back(
           {config::IpPrefix::around(b.to.address, 30), {}});
       b.there = "F3";
     }},
    {"static to another VPC",
     [](Broken& b) {
       add_rival(b, "10.99.0.0/24");
       b.model.vpcs.back().cidrs = {prefix("10.99.0.0/16")};
       b.model.vpcs.back().interface->addresses = {{address("10.99.0.1"), 24}};
       b.model.gateways[0].static_routes.push_back(
           to_attachments(subnet_of(to(b), b.to.address).to_string(), {"att-rival"}));
       b.there = "G3";
     }},
    {"shadowed",
     [](Broken& b) {
       from(b).cidrs.push_back(to(b).cidrs.front());
       b.there = "V1";
       b.has_advice = false;
     }},
    {"quota",
     [](Broken& b) {
       // The target's batch comes last, and doesn't fit.
       auto& all = b.model.attachments;
       const auto own = attachment_of(b.model, b.to.vpc);
       std::erase(all, own);
       all.push_back(own);
       b.model.gateways[0].quotas.dynamic_routes = static_cast<std::uint32_t>(2 * all.size() - 1);
       b.there = "G5";
     }},
    {"not attached",
     [](Broken& b) {
       remove_attachment(b.model, attachment_of(b.model, b.to.vpc).name);
       for (auto& each : to(b).route_tables) each.propagations.clear();
       b.there = b.back = "attachment";
     }},
    {"on another gateway",
     [](Broken& b) {
       attachment_of(b.model, b.to.vpc).gateway = "bgw-2";
       for (auto& each : to(b).route_tables) {
         for (auto& one : each.propagations) one.gateway = "bgw-2";
       }
       b.there = b.back = "attachment";
     }},
    {"missing way back",
     [](Broken& b) {
       table_to(b).propagations.clear();
       b.back = "V3";
     }},
    {"blackhole on the way back",
     [](Broken& b) {
       const auto& subnet = subnet_of(from(b), b.from.address);
       table_to(b).static_routes.push_back({subnet, {}});
       b.back = "V2";
     }},
    {"spoofed",
     [](Broken& b) {
       b.from.address = address("172.16.0.9");
       b.there = "F1";
       b.back = "advertise";
       b.has_advice = false;
     }},
    {"nothing", [](Broken&) {}},
};

Situation situation_of(const Model& model) {
  auto checked = valid(model);
  auto routes = compute_state(checked, {});
  return {std::move(checked), std::move(routes)};
}

Situation advised(Situation situation, const BothWays& both) {
  for (const auto* explanation : {&both.there, &both.back}) {
    for (const auto& advice : explanation->advice) {
      auto next = applied(situation, advice);
      EXPECT_TRUE(next) << advice.command << ": " << next.error();
      if (next) situation = std::move(*next);
    }
  }
  return situation;
}

TEST(Explain, names_the_rule_and_mends_what_is_broken) {
  constexpr std::uint32_t rounds = 20;  // 22 ways to break it: 440 configurations
  std::size_t mended = 0;
  for (std::uint32_t seed = 0; seed < rounds; ++seed) {
    for (const auto& [name, apply] : breaks) {
      SCOPED_TRACE(fmt::format("seed {}: {}", seed, name));
      std::mt19937 random(seed);
      Broken broken{random_working_model(random), {}, {}, {}, {}};
      const auto vpcs = static_cast<std::uint32_t>(broken.model.vpcs.size());
      const auto a = static_cast<std::uint32_t>(random() % vpcs);
      const auto b = (a + 1 + static_cast<std::uint32_t>(random() % (vpcs - 1))) % vpcs;
      const auto host = [&](std::uint32_t vpc) {
        return address(fmt::format("10.{}.{}.{}", 10 + vpc, random() % 2, 20 + random() % 100));
      };
      broken.from = {fmt::format("vpc-{}", a), host(a)};
      broken.to = {fmt::format("vpc-{}", b), host(b)};
      apply(broken);
      const auto situation = situation_of(broken.model);
      const auto both = explain_both_ways(situation, broken.from, broken.to);
      ASSERT_EQ(both.there.rule, broken.there) << both.there.reason;
      ASSERT_EQ(both.back.rule, broken.back) << both.back.reason;
      EXPECT_EQ(both.there.arrives, broken.there.empty());
      EXPECT_EQ(both.there.reason.empty(), broken.there.empty());
      const bool is_broken = !both.there.arrives || !both.back.arrives;
      const bool has_advice = !both.there.advice.empty() || !both.back.advice.empty();
      ASSERT_EQ(has_advice, is_broken && broken.has_advice) << both.there.reason;
      if (!has_advice) continue;
      const auto after = explain_both_ways(advised(situation, both), broken.from, broken.to);
      EXPECT_TRUE(after.there.arrives) << after.there.reason;
      EXPECT_TRUE(after.back.arrives) << after.back.reason;
      ++mended;
    }
  }
  EXPECT_EQ(mended, rounds * (breaks.size() - 4));
}

TEST(Explain, says_what_to_do_as_the_api_and_bgwctl_do_it) {
  std::mt19937 random(1);
  auto model = random_working_model(random);
  table(model.vpcs[0]).propagations[0].ranges = {prefix("10.0.0.0/16")};
  const auto there = explain(situation_of(model), {"vpc-0", address("10.10.0.20")},
                             {"vpc-1", address("10.11.1.20")});
  EXPECT_EQ(there.reason, "no range of vpc-0/main from bgw-1 contains 10.11.1.0/24");
  ASSERT_EQ(there.advice.size(), 1U);
  EXPECT_EQ(there.advice[0].verb, Advice::Verb::patch);
  EXPECT_EQ(there.advice[0].path, "vpcs/vpc-0/route-tables/main/propagations/bgw-1");
  EXPECT_EQ(there.advice[0].value.dump(), R"({"ranges":["10.0.0.0/16","10.11.1.0/24"]})");
  EXPECT_EQ(there.advice[0].command,
            "bgwctl propagation set vpc-0/main/bgw-1 --ranges 10.0.0.0/16,10.11.1.0/24");
}

// Two rules say no, one after the other.
TEST(Explain, advises_all_that_it_takes) {
  std::mt19937 random(1);
  auto model = random_working_model(random);
  remove_attachment(model, "att-1");
  for (auto& each : find_vpc(model, "vpc-1").route_tables) each.propagations.clear();
  find_vpc(model, "vpc-1").interface->enabled = false;
  table(model.vpcs[0]).static_routes = {to_address("10.11.0.0/16", "10.10.0.254")};
  const auto situation = situation_of(model);
  const Endpoint a{"vpc-0", address("10.10.0.20")}, b{"vpc-1", address("10.11.0.20")};
  const auto both = explain_both_ways(situation, a, b);
  EXPECT_EQ(both.there.rule, "V2");
  EXPECT_EQ(both.back.rule, "F1");
  EXPECT_EQ(both.there.advice.size(), 3U);  // static route, attachment, interface
  EXPECT_EQ(both.back.advice.size(), 1U);   // propagation
  const auto after = explain_both_ways(advised(situation, both), a, b);
  EXPECT_TRUE(after.there.arrives && after.back.arrives);
}

TEST(Explain, finds_an_address_that_a_host_could_have) {
  std::mt19937 random(1);
  auto model = random_working_model(random);
  EXPECT_EQ(any_host(situation_of(model), "vpc-0"), address("10.10.0.2"));
  EXPECT_EQ(any_host(situation_of(model), "vpc-0", config::Family::ipv6), std::nullopt);
  model.vpcs[0].interface.reset();
  EXPECT_EQ(any_host(situation_of(model), "vpc-0"), address("10.10.0.1"));
}

// Whatever a model has, there is a reason; what leaves by an interface has that one.
TEST(Explain, has_a_reason_in_any_model) {
  std::size_t outside = 0;
  for (std::uint32_t seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE(seed);
    ConnectedModel world(seed, Outside::with);
    const auto situation = situation_of(world.model());
    const auto& vpcs = situation.model.vpcs();
    for (const auto& a : vpcs) {
      for (const auto& b : vpcs) {
        const auto source = any_host(situation, a.name), destination = any_host(situation, b.name);
        if (a.name == b.name || !source || !destination) continue;
        const auto there = explain(situation, {a.name, *source}, {b.name, *destination});
        EXPECT_EQ(there.arrives, there.reason.empty());
        const auto wrong = std::ranges::find_if(there.outcomes, [&](const WalkOutcome& outcome) {
          return outcome.verdict == Verdict::drop || outcome.vpc != b.name;
        });
        if (wrong == there.outcomes.end() || !wrong->is_outside()) continue;
        ++outside;
        EXPECT_THAT(there.reason, HasSubstr("it goes outside by interface " + wrong->interface));
      }
    }
  }
  EXPECT_GT(outside, 10u);
}

// A static route to a router outside takes what a VPC would get.
TEST(Explain, says_that_a_packet_goes_outside) {
  std::mt19937 random(1);
  auto model = random_working_model(random);
  model.gateways[0].interfaces = {outside("edge-a", {"192.0.2.1/30"})};
  model.gateways[0].static_routes = {to_outside("10.11.1.0/25", {"192.0.2.2"})};
  const auto situation = situation_of(model);
  const Endpoint from{"vpc-0", address("10.10.0.20")}, to{"vpc-1", address("10.11.1.20")};
  const auto there = explain(situation, from, to);
  EXPECT_FALSE(there.arrives);
  EXPECT_EQ(there.rule, "F3");
  EXPECT_EQ(there.reason,
            "it goes outside by interface edge-a of bgw-1, to 192.0.2.2: static 10.11.1.0/25 via "
            "192.0.2.2 (edge-a) of bgw-1 is more specific than propagated 10.11.1.0/24 via att-1");
  ASSERT_EQ(there.advice.size(), 1U);
  EXPECT_EQ(there.advice[0].command, "bgwctl route delete bgw-1/10.11.1.0/25");
  const auto after = applied(situation, there.advice[0]);
  ASSERT_TRUE(after);
  EXPECT_TRUE(explain(*after, from, to).arrives);
}

}  // namespace
}  // namespace bgw::test
