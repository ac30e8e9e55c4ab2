// What breaks assertions, held against every packet walked.
#include "control/routes/assertions.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connected_model.h"
#include "control/routes/assertion_pairs.h"
#include "control/routes/plan_changes.h"
#include "control/routes/walk.h"
#include "control/routes/warnings.h"
#include "model_builder.h"
#include "next_state.h"

namespace bgw::test {
namespace {

using namespace control;  // NOLINT: walks, plans and reachability
using config::Assertion;
using config::Expectation;
using config::IpAddress;
using config::IpPrefix;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

AssertedState asserted(const State& state) {
  return {state.model, state.routes, state.reach};
}

// The oracle: each packet between two VPCs, walked there and back.
class Packets {
 public:
  using Packet = std::tuple<std::string, IpAddress, std::string, IpAddress>;

  Packets(const State& state, const std::vector<IpAddress>& addresses) : model_(state.model) {
    for (const auto& vpc : model_.vpcs()) {
      for (const auto& source : addresses) {
        if (!is_host_of_subnet(vpc, source)) continue;
        for (const auto& destination : addresses) {
          auto& ends = ends_[{vpc.name, source, destination}];
          for (const auto& way : walk(model_, state.routes.rib, vpc.name, source, destination)) {
            ends.insert(way.verdict == Verdict::deliver ? way.vpc : "nowhere");
          }
        }
      }
    }
    addresses_ = addresses;
  }

  std::set<Packet> breaking(const Assertion& assertion) const {
    std::set<Packet> broken;
    for (const auto& from : model_.vpcs()) {
      for (const auto& to : model_.vpcs()) {
        if (from.name == to.name || !is_named(assertion.from.vpcs, from.name) ||
            !is_named(assertion.to.vpcs, to.name)) {
          continue;
        }
        for (const auto& source : addresses_) {
          for (const auto& destination : addresses_) {
            if (is_host_of_subnet(from, source) && is_asserted(assertion, destination) &&
                breaks(assertion, from, source, to, destination)) {
              broken.emplace(from.name, source, to.name, destination);
            }
          }
        }
      }
    }
    return broken;
  }

  bool reply_is_missing(const Packet& packet) const {
    const auto& [from, source, to, destination] = packet;
    return ends_.at({to, destination, source}) != std::set{from};
  }

 private:
  // `*` only at the end, as this test has it.
  static bool is_named(const std::vector<std::string>& patterns, const std::string& name) {
    return std::ranges::any_of(patterns, [&](const std::string& pattern) {
      if (!pattern.ends_with('*')) return pattern == name;
      return name.compare(0, pattern.size() - 1, pattern, 0, pattern.size() - 1) == 0;
    });
  }

  static bool is_asserted(const Assertion& assertion, const IpAddress& destination) {
    const auto& prefixes = assertion.to.prefixes;
    return prefixes.empty() || std::ranges::any_of(prefixes, [&](const IpPrefix& prefix) {
             return prefix.contains(destination);
           });
  }

  static bool is_host(const config::Vpc& vpc, const IpAddress& address) {
    if (!vpc.interface) return true;
    for (const auto& own : vpc.interface->addresses) {
      const auto link = own.on_link();
      if (own.address == address) return false;
      const bool is_last = !link.contains(address)  ? false
                           : address_after(address) ? !link.contains(*address_after(address))
                                                    : true;
      const bool has_reserved = address.is_v4() ? own.length < 31 : own.length < 127;
      if (own.address.family != address.family || !has_reserved) continue;
      if (link.address == address || (address.is_v4() && is_last)) return false;
    }
    return true;
  }

  static bool is_host_of_subnet(const config::Vpc& vpc, const IpAddress& address) {
    return is_host(vpc, address) && std::ranges::any_of(vpc.subnets, [&](const auto& subnet) {
             return subnet.cidr.contains(address);
           });
  }

  bool breaks(const Assertion& assertion, const config::Vpc& from, const IpAddress& source,
              const config::Vpc& to, const IpAddress& destination) const {
    const auto& there = ends_.at({from.name, source, destination});
    if (assertion.expect == Expectation::unreachable) return there.contains(to.name);
    if (!is_host_of_subnet(to, destination)) return false;
    return there != std::set{to.name} ||
           ends_.at({to.name, destination, source}) != std::set{from.name};
  }

  config::ValidModel model_;
  std::vector<IpAddress> addresses_;
  std::map<std::tuple<std::string, IpAddress, IpAddress>, std::set<std::string>> ends_;
};

std::set<std::pair<std::string, std::string>> pairs_of(const std::set<Packets::Packet>& packets) {
  std::set<std::pair<std::string, std::string>> pairs;
  for (const auto& [from, source, to, destination] : packets) pairs.emplace(from, to);
  return pairs;
}

// What a violation says is so.
void expect_right(const Violation& violation, const Assertion& assertion,
                  const std::set<Packets::Packet>& broken, const Packets& packets) {
  const Packets::Packet witness{violation.pair.from, violation.witness.source, violation.pair.to,
                                violation.witness.destination};
  EXPECT_TRUE(broken.contains(witness)) << violation.message;
  EXPECT_EQ(violation.pairs, pairs_of(broken).size()) << violation.message;
  if (violation.is_way_back) {
    EXPECT_TRUE(packets.reply_is_missing(witness)) << violation.message;
  }
  EXPECT_FALSE(violation.rule.empty()) << violation.message;
  EXPECT_FALSE(violation.reason.empty()) << violation.message;
  EXPECT_EQ(violation.on_violation, assertion.on_violation);
}

// Random assertions over the names that random models have.
class RandomAssertions {
 public:
  explicit RandomAssertions(std::uint32_t seed) : random_(seed) {}

  void change(const config::Model& model, const std::vector<IpAddress>& addresses) {
    if (assertions_.size() < 4 || chance(20)) add(model, addresses);
    if (assertions_.size() > 4 && chance(30)) assertions_.erase(assertions_.begin());
    if (chance(15)) {
      auto& one = assertions_[below(assertions_.size())];
      one.expect =
          one.expect == Expectation::reachable ? Expectation::unreachable : Expectation::reachable;
    }
  }
  const std::vector<Assertion>& all() const { return assertions_; }

 private:
  void add(const config::Model& model, const std::vector<IpAddress>& addresses) {
    Assertion one{fmt::format("a-{}", next_++), {names(model)}, {names(model), {}}, {}, {}};
    one.expect = chance(50) ? Expectation::reachable : Expectation::unreachable;
    if (chance(20)) one.on_violation = config::OnViolation::warn;
    if (chance(40)) {
      const auto& address = addresses[1 + below(32)];
      const auto bits = config::address_bits(address.family);
      one.to.prefixes = {IpPrefix::around(address, static_cast<std::uint8_t>(bits - below(4)))};
    }
    assertions_.push_back(std::move(one));
  }
  std::vector<std::string> names(const config::Model& model) {
    if (model.vpcs.empty() || chance(15)) return {"*"};
    std::vector<std::string> names{model.vpcs[below(model.vpcs.size())].name};
    if (chance(30)) names.front() = names.front().substr(0, names.front().size() - 1) + "*";
    const auto& other = model.vpcs[below(model.vpcs.size())].name;
    if (chance(30) && other != names.front()) names.push_back(other);
    return names;
  }
  std::size_t below(std::size_t bound) { return random_() % bound; }
  bool chance(unsigned percent) { return below(100) < percent; }

  std::mt19937 random_;
  std::vector<Assertion> assertions_;
  unsigned next_ = 0;
};

struct Met {
  std::size_t broken = 0, ways_back = 0, still = 0, mended = 0, held = 0;
};

class Trial {
 public:
  explicit Trial(std::uint32_t seed)
      : world_(seed), random_(seed), addresses_(world_.addresses()) {}

  void begin(Met& met) { step({}, {}, met); }
  void change(Met& met) {
    world_.change();
    step(state_, broken_, met);
  }

 private:
  using Broken = std::map<std::string, std::set<Packets::Packet>>;

  void step(const State& before, const Broken& old_broken, Met& met) {
    auto model = world_.model();
    random_.change(model, addresses_);
    model.assertions = random_.all();
    State after = next_state(before, index_, model);
    const Packets packets(after, addresses_);
    const auto check = check_assertions(asserted(before), asserted(after), known_);
    Broken broken;
    std::map<std::string, const Violation*> found, still;
    for (const auto& each : check.broken) found[each.pair.assertion] = &each;
    for (const auto& each : check.still) still[each.pair.assertion] = &each;
    known_.clear();
    for (const auto& assertion : after.model.assertions()) {
      auto& now = broken[assertion.name] = packets.breaking(assertion);
      expect_whole(after, assertion, now, packets);
      const auto* same = before.model.assertions().find(assertion.name);
      auto fresh = now;
      const bool is_same = same != nullptr && *same == assertion;
      if (is_same) {
        for (const auto& packet : old_broken.at(assertion.name)) fresh.erase(packet);
      }
      const auto* one = found[assertion.name];
      ASSERT_EQ(one != nullptr, !fresh.empty()) << assertion.name;
      if (one != nullptr) {
        expect_right(*one, assertion, fresh, packets);
        met.ways_back += one->is_way_back;
      }
      const auto* other = still[assertion.name];
      ASSERT_EQ(other != nullptr, fresh.empty() && !now.empty()) << assertion.name;
      if (other != nullptr) {
        EXPECT_TRUE(pairs_of(now).contains({other->pair.from, other->pair.to}));
      }
      if (one != nullptr || other != nullptr) known_.push_back((one ? one : other)->pair);
      met.broken += one != nullptr;
      met.still += other != nullptr;
      met.held += now.empty();
      met.mended += now.empty() && is_same && !old_broken.at(assertion.name).empty();
    }
    state_ = std::move(after);
    broken_ = std::move(broken);
  }

  static void expect_whole(const State& state, const Assertion& assertion,
                           const std::set<Packets::Packet>& broken, const Packets& packets) {
    const auto found = check_assertion(asserted(state), assertion);
    EXPECT_EQ(found.has_value(), !broken.empty()) << assertion.name;
    if (found) expect_right(*found, assertion, broken, packets);
  }

  ConnectedModel world_;
  RandomAssertions random_;
  std::vector<IpAddress> addresses_;
  PlanIndex index_;
  State state_;
  std::vector<BrokenPair> known_;
  Broken broken_;
};

TEST(Assertions, are_broken_by_a_change_where_packets_walked_say_so) {
  const bool quick = std::getenv("BGW_TEST_QUICK") != nullptr;
  const std::uint32_t seeds = quick ? 30 : 250;
  Met met;
  for (std::uint32_t seed = 0; seed < seeds; ++seed) {
    SCOPED_TRACE(seed);
    Trial trial(seed);
    trial.begin(met);
    for (int step = 0; step < 5 && !testing::Test::HasFailure(); ++step) {
      SCOPED_TRACE(step);
      trial.change(met);
    }
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(met.broken, seeds / 2);
  EXPECT_GT(met.ways_back, seeds / 40);
  EXPECT_GT(met.still, seeds);
  EXPECT_GT(met.mended, seeds / 20);
  EXPECT_GT(met.held, seeds);
}

TEST(Assertions, names_fit_patterns) {
  const auto one = [](const char* pattern, const char* name) {
    return fits(std::vector<std::string>{pattern}, name);
  };
  EXPECT_TRUE(one("*", "a"));
  EXPECT_TRUE(one("prod-*", "prod-"));
  EXPECT_TRUE(one("prod-*", "prod-web-1"));
  EXPECT_FALSE(one("prod-*", "prod"));
  EXPECT_FALSE(one("prod-*", "preprod-1"));
  EXPECT_TRUE(one("*-db", "a-b-db"));
  EXPECT_FALSE(one("*-db", "a-db-1"));
  EXPECT_TRUE(one("*a*b*", "xxaxxbaab"));
  EXPECT_FALSE(one("*a*b", "xxaxxba"));
  EXPECT_TRUE(one("a**", "a"));
  EXPECT_FALSE(one("a", "ab"));
  EXPECT_FALSE(one("ab", "a"));
  EXPECT_TRUE(fits({"x", "b*"}, "bb"));
}

// As in the README: a and b reach each other, c is by itself.
config::Model tutorial() {
  config::Model model;
  model.gateways = {gateway("bgw-1")};
  for (const char letter : {'a', 'b', 'c'}) {
    const auto name = fmt::format("vpc-{}", letter);
    const auto net = letter - 'a' + 1;
    model.vpcs.push_back(vpc(name, {fmt::format("10.{}.0.0/16", net)}));
    add_subnet(model.vpcs.back(), fmt::format("10.{}.0.0/24", net));
    model.attachments.push_back(attachment(fmt::format("att-{}", letter), "bgw-1", name));
  }
  import(model.vpcs[0], "bgw-1", {"10.0.0.0/8"});
  import(model.vpcs[1], "bgw-1", {"10.0.0.0/8"});
  return model;
}

std::vector<std::string> messages(const std::vector<Violation>& violations) {
  std::vector<std::string> texts;
  for (const auto& each : violations) texts.push_back(each.pair.assertion + " " + each.message);
  return texts;
}

TEST(Assertions, say_which_packet_and_which_step) {
  PlanIndex index;
  auto model = tutorial();
  const State first = next_state({}, index, model);
  model.assertions = {
      {"apart", {{"vpc-a"}}, {{"vpc-b"}, {}}, Expectation::unreachable, {}},
      {"both", {{"vpc-a"}}, {{"vpc-b"}, {}}, Expectation::reachable, {}},
      {"back", {{"vpc-a"}}, {{"vpc-c"}, {}}, Expectation::reachable, {}},
      {"there", {{"vpc-c"}}, {{"vpc-a"}, {prefix("10.1.0.0/25")}}, {}, {}},
  };
  model.assertions[3].to.vpcs = {"vpc-a", "vpc-b*"};
  const State second = next_state(first, index, model);
  EXPECT_THAT(
      messages(check_assertions(asserted(first), asserted(second), {}).broken),
      ElementsAre(
          AllOf(HasSubstr("apart expects vpc-a not to reach vpc-b, but a packet from 10.1.0.2 in "
                          "vpc-a to 10.2.0.2 in vpc-b arrives (F2 vpc-a/main: "),
                HasSubstr("; F3 bgw-1: "), HasSubstr("; F4 vpc-b/main: ")),
          AllOf(HasSubstr("back expects vpc-a to reach vpc-c, but the reply from 10.3.0.2 in vpc-c "
                          "to 10.1.0.2 in vpc-a does not arrive (V3: "),
                HasSubstr("vpc-c/main has no propagation from bgw-1")),
          AllOf(HasSubstr("there expects vpc-c to reach vpc-a, vpc-b* at 10.1.0.0/25, but a packet "
                          "from 10.3.0.2 in vpc-c to 10.1.0.2 in vpc-a does not arrive (V3: "))));
}

TEST(Assertions, what_is_broken_already_breaks_no_more) {
  PlanIndex index;
  auto model = tutorial();
  model.assertions = {{"apart", {{"*"}}, {{"*"}, {}}, Expectation::unreachable, {}}};
  const State first = next_state({}, index, model);
  const auto begun = check_assertions(asserted(State{}), asserted(first), {});
  ASSERT_EQ(begun.broken.size(), 1U);
  // a and b reach each other, and c.
  EXPECT_EQ(begun.broken[0].pairs, 4U);
  EXPECT_THAT(begun.broken[0].message, HasSubstr("; 3 more pairs of VPCs likewise"));
  const std::vector<BrokenPair> known{begun.broken[0].pair};

  model.vpcs.back().account = "default";
  model.gateways[0].asn = 65001;
  const State unrelated = next_state(first, index, model);
  const auto same = check_assertions(asserted(first), asserted(unrelated), known);
  EXPECT_TRUE(same.broken.empty());
  ASSERT_EQ(same.still.size(), 1U);
  EXPECT_EQ(same.still[0].pair, known[0]);

  // One pair more, and a subnet more in one that is broken.
  import(model.vpcs[2], "bgw-1", {"10.1.0.0/16"});
  const State more = next_state(unrelated, index, model);
  const auto broken = check_assertions(asserted(unrelated), asserted(more), known).broken;
  ASSERT_EQ(broken.size(), 1U);
  EXPECT_EQ(broken[0].pair, (BrokenPair{"apart", "vpc-c", "vpc-a"}));
  EXPECT_EQ(broken[0].pairs, 1U);

  // Mended where it was known, and still broken elsewhere.
  model.vpcs[0].route_tables[0].propagations.clear();
  const State less = next_state(more, index, model);
  const auto left = check_assertions(asserted(more), asserted(less), known);
  EXPECT_TRUE(left.broken.empty());
  ASSERT_EQ(left.still.size(), 1U);
  EXPECT_NE(left.still[0].pair.from, "vpc-a");
}

TEST(Assertions, without_one_nothing_is_found) {
  PlanIndex index;
  const State first = next_state({}, index, tutorial());
  const auto check = check_assertions(asserted(State{}), asserted(first), {});
  EXPECT_TRUE(check.broken.empty() && check.still.empty());
}

TEST(Assertions, those_that_say_nothing_are_warned_of) {
  auto model = tutorial();
  model.assertions = {
      {"names", {{"prod-*", "vpc-a"}}, {{"vpc-z"}, {}}, Expectation::unreachable, {}},
      {"prefix", {{"vpc-a"}}, {{"vpc-b"}, {prefix("10.9.0.0/16"), prefix("10.2.0.0/16")}}, {}, {}},
      {"itself", {{"vpc-a"}}, {{"vpc-a*"}, {}}, {}, {}},
      {"fine", {{"*"}}, {{"vpc-b"}, {}}, {}, {}},
  };
  const auto only = [](std::vector<std::string> warnings) {
    std::erase_if(warnings, [](const auto& each) { return !each.starts_with("assertion "); });
    return warnings;
  };
  const auto all = valid(model);
  EXPECT_THAT(only(find_warnings(all)),
              ElementsAre(HasSubstr("names: from.vpcs: no vpc is named prod-*"),
                          HasSubstr("names: to.vpcs: no vpc is named vpc-z"),
                          HasSubstr("prefix: to.prefixes: no subnet of these VPCs has addresses of "
                                    "10.9.0.0/16"),
                          HasSubstr("itself: vpc-a alone is on both sides")));
  // Once only, and again when a VPC goes that they were about.
  model.gateways[0].asn = 65001;
  EXPECT_THAT(only(find_warnings(all, valid(model).shared_with(all))), ElementsAre());
  const auto before = valid(model);
  remove_attachment(model, "att-b");
  std::erase_if(model.vpcs, [](const auto& each) { return each.name == "vpc-b"; });
  EXPECT_THAT(only(find_warnings(before, valid(model).shared_with(before))),
              testing::Contains(HasSubstr("fine: to.vpcs: no vpc is named vpc-b")));
}

}  // namespace
}  // namespace bgw::test
